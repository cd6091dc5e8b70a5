package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/emulator/page"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/internal/text"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

const defaultPagePort = 8789

// listenForPage listens on the port of the page, or where that cannot be on any.
func listenForPage(port int, orAny bool) (*net.TCPListener, error) {
	listener, err := listenOn(port, "--page-port")
	if orAny && err != nil {
		return listenOn(0, "--page-port")
	}
	return listener, err
}

// servePage serves the page of the account that the stack is for, until what it returns is called.
func (d *development) servePage(listener net.Listener) (closePage func()) {
	d.account = localAccount(d.account)
	port := listener.Addr().(*net.TCPAddr).Port
	d.pageURL = fmt.Sprintf("http://localhost:%d", port)
	d.page = d.emulator.Page(page.Options{
		Account: d.account,
		Workers: net.JoinHostPort("127.0.0.1", strconv.Itoa(d.port)),
		Port:    port,
		Tokens:  report.PageTokens(),
		Compare: d.compare,
	})
	server := &http.Server{Handler: d.page, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return func() {
		d.page.Close()
		_ = server.Close()
	}
}

// compare looks at the file and the account, and changes nothing.
func (d *development) compare(ctx context.Context) page.Report {
	d.looking.Lock()
	defer d.looking.Unlock()
	seen, _, err := d.try(ctx)
	return d.report(seen, err)
}

// report returns what the page says of a snapshot.
func (d *development) report(seen attempt, err error) page.Report {
	r := page.Report{File: d.file, At: d.now(), Problems: []page.Problem{}, Changes: []page.Change{}, Notes: []string{}}
	if seen.project != nil {
		r.Stack = seen.project.Stack().Name
	}
	var list diag.List
	if seen.plan != nil {
		list = seen.plan.Diagnostics
		r.Notes = append(r.Notes, report.Unmanaged(seen.plan)...)
		r.Changes = leftToDo(seen)
	}
	if failure, left := new(diag.Failure), new(unapplied); err != nil && !errors.As(err, &left) && (seen.plan == nil || !errors.As(err, &failure)) {
		list = append(diagnostics(err), list...)
	}
	for _, one := range list.Sorted() {
		r.Problems = append(r.Problems, pageProblem(one))
	}
	if len(r.Changes) > 0 {
		outline := seen.plan.Outline()
		r.Plan = func(w io.Writer) error { return report.PlanHTML(w, outline) }
	}
	r.State, r.Sentence = verdict(seen, r, d.file)
	return r
}

// verdict returns the state of a report and its sentence.
func verdict(seen attempt, r page.Report, file string) (state, sentence string) {
	mistakes := 0
	for _, p := range r.Problems {
		if p.Severity == string(diag.Error) {
			mistakes++
		}
	}
	switch {
	case seen.plan == nil:
		return page.Broken, fmt.Sprintf("%s: what was applied before still runs", text.Count(mistakes, "error"))
	case len(r.Changes) == 0 && mistakes == 0:
		return page.Matches, "The account matches " + file
	case seen.result != nil:
		return page.Differs, text.Count(len(r.Changes), "change") + " could not be made"
	case mistakes > 0 || len(seen.plan.Blocked()) > 0:
		return page.Differs, "Nothing was applied"
	}
	return page.Differs, fmt.Sprintf("The account differs from %s", file)
}

// maxFields is how many fields of a change are named.
const maxFields = 10

// leftToDo returns the changes that were not made, with the reason where there
// is one.
func leftToDo(seen attempt) []page.Change {
	list := []page.Change{}
	if seen.result == nil {
		for _, c := range seen.plan.Changes {
			change := page.Change{Action: string(c.Action), Address: c.Address.String()}
			if c.Action != planner.Create {
				for _, f := range c.Fields[:min(len(c.Fields), maxFields)] {
					change.Fields = append(change.Fields, f.Path)
				}
			}
			if c.Blocked != nil {
				change.Error = c.Blocked.Message
			}
			list = append(list, change)
		}
		return list
	}
	for _, o := range seen.result.Outcomes {
		if o.Status == applier.StatusApplied {
			continue
		}
		change := page.Change{Action: string(o.Action), Address: o.Address.String(), Error: o.Error}
		if o.Because != (spec.Address{}) {
			change.Error = "waits for " + o.Because.String()
		}
		list = append(list, change)
	}
	return list
}

func pageProblem(d diag.Diagnostic) page.Problem {
	p := page.Problem{
		Severity: string(d.Severity), Rule: d.Rule, Message: d.Message, Hint: d.Hint,
		Place: d.Range.String(), Snippet: d.Snippet, Column: d.Range.Column, Width: 1,
	}
	if d.Range.EndLine == d.Range.Line && d.Range.EndColumn > d.Range.Column {
		p.Width = d.Range.EndColumn - d.Range.Column
	}
	return p
}
