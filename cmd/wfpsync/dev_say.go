package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/internal/text"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// unapplied is a plan that was not made true: it is blocked or has mistakes in it, or some of it has failed.
type unapplied struct {
	plan   *planner.Plan
	result *applier.Result // nil: nothing was tried
}

func (u *unapplied) Error() string { return "nothing was applied" }

// Unwrap returns what is wrong with the plan.
func (u *unapplied) Unwrap() error { return u.plan.Diagnostics.Err() }

// complain says what is wrong; the run goes on with what was applied before. What was said is not said again: files that
// are none of the stack's are saved as well, and what dev prints may end up in one of them.
func (d *development) complain(err error) {
	was := d.complained
	d.complained = ""
	if err != nil {
		d.complained = d.complaint(err)
	}
	switch {
	case untraced(d.complained) == untraced(was):
	case err != nil:
		d.print(func() error {
			_, err := fmt.Fprint(d.stderr, d.complained, "Waiting for a file to be saved.\n")
			return err
		})
	case d.seen.result == nil: // what was put right says no more than what runs already
		d.print(func() error {
			_, err := fmt.Fprintf(d.stderr, "No changes. The account matches %s.\n", d.file)
			return err
		})
	}
}

// ray is what two tries to do the same differ in.
var ray = regexp.MustCompile(`, ray [0-9a-f]+-[A-Z]+`)

func untraced(complaint string) string { return ray.ReplaceAllString(complaint, "") }

// complaint returns the text of an error.
func (d *development) complaint(err error) string {
	var b bytes.Buffer
	style := d.style(d.stderr)
	var left *unapplied
	if errors.As(err, &left) && left.result != nil {
		_ = report.OutcomeText(&b, style, left.plan, left.result)
		_ = report.Diagnostics(&b, style, left.plan.Diagnostics) // warnings
		return b.String()
	}
	if left != nil {
		_ = report.PlanText(&b, style, left.plan)
	}
	_ = report.Diagnostics(&b, style, diagnostics(err))
	return b.String()
}

// print lets one thing print at a time. If that fails, there is no one to tell.
func (d *development) print(something func() error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = something()
}

// announce says where everything is.
func (d *development) announce(took time.Duration) {
	d.print(func() error {
		_, err := fmt.Fprintf(d.stdout, "\nReady in %.1f s at http://localhost:%d until you stop it with Ctrl-C. Its page is at %s and the API at %s.\n", took.Seconds(), d.port, d.pageURL, d.local.URL())
		return err
	})
}

// tell prints what a Worker printed, or what the runtime has to say.
func (d *development) tell(m runtime.Message) {
	if m.Worker == "" && m.Level == "debug" {
		return
	}
	d.page.Hear(m)
	who := m.Worker
	if who == "" {
		who = "runtime"
	}
	var lines strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(m.Text, "\n"), "\n") {
		fmt.Fprintf(&lines, "[%s] %s\n", who, line)
	}
	d.print(func() error {
		_, err := fmt.Fprint(d.stderr, lines.String())
		return err
	})
}

// maxShown is how many user Workers of a namespace the table names.
const maxShown = 5

// show prints which Workers there are and where they answer, if that has changed.
func (d *development) show(stack *spec.Stack) {
	var table strings.Builder
	routes := map[string][]string{}
	users := map[string][]string{}
	var namespaces []string
	var dispatchers []string
	for _, r := range stack.Resources {
		switch r := r.(type) {
		case *spec.Worker:
			if slices.ContainsFunc(r.References(), func(ref spec.Reference) bool { return ref.To.Kind == spec.KindDispatchNamespace }) {
				dispatchers = append(dispatchers, r.Name)
			}
		case *spec.Route:
			routes[r.Worker] = append(routes[r.Worker], r.Pattern)
		case *spec.CustomDomain:
			routes[r.Worker] = append(routes[r.Worker], r.Hostname)
		case *spec.UserWorker:
			if users[r.DispatchNamespace] == nil {
				namespaces = append(namespaces, r.DispatchNamespace)
			}
			users[r.DispatchNamespace] = append(users[r.DispatchNamespace], r.Name)
		}
	}
	for _, r := range stack.Resources {
		if w, ok := r.(*spec.Worker); ok {
			fmt.Fprintf(&table, "  %s  http://%s.localhost:%d", w.Name, w.Name, d.port)
			if len(dispatchers) == 1 && dispatchers[0] == w.Name {
				fmt.Fprintf(&table, "  http://*.localhost:%d", d.port)
			}
			for _, pattern := range routes[w.Name] {
				fmt.Fprintf(&table, "  %s", pattern)
			}
			table.WriteString("\n")
		}
	}
	for _, namespace := range namespaces {
		names := users[namespace]
		fmt.Fprintf(&table, "  %s  %s: %s", namespace, text.Count(len(names), "user Worker"), strings.Join(names[:min(len(names), maxShown)], ", "))
		if len(names) > maxShown {
			table.WriteString(", …")
		}
		table.WriteString("\n")
	}
	if table.String() == d.shown {
		return
	}
	d.shown = table.String()
	d.print(func() error {
		_, err := fmt.Fprint(d.stdout, "\n", d.shown, "\n")
		return err
	})
}
