package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/report"
)

// app is the program and everything of the outside world it touches.
type app struct {
	stdin      *os.File
	stdout     io.Writer // the requested document, and nothing else
	stderr     io.Writer // logs, progress, prompts, warnings
	lookupEnv  func(string) (string, bool)
	environ    func() []string
	now        func() time.Time
	isTerminal func(*os.File) bool

	// middleware is put before the account on this machine; nil outside of tests.
	middleware func(http.Handler) http.Handler

	// noSync lets the account on this machine go without waiting for the disk; false
	// outside of tests.
	noSync bool

	// transport sends the requests to an account that is not on this machine;
	// nil, outside of tests, for the network.
	transport http.RoundTripper

	args    []string // the command line, without the program
	command string   // such as "wfpsync apply"
	flags   globalFlags
}

// globalFlags are the flags that more than one command has.
type globalFlags struct {
	file          string
	environment   string
	variables     []string
	variableFiles []string
	format        string
	noColor       bool
	local         localFlag
	rate          int
	debugHTTP     string
	refresh       string
}

// run runs one command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) (code int) {
	defer func() {
		if reason := recover(); reason != nil {
			a.tell(fmt.Errorf("wfpsync %s has a bug; please report it at %s, with what follows on stderr: %v", version, issuesPage, reason))
			_, _ = a.stderr.Write(debug.Stack())
			code = exitBug
		}
	}()
	a.args = args
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	if err != nil {
		a.tell(err)
	}
	return exitCode(err)
}

// tell says what went wrong: to a person on stderr, and to a program in the
// format it asked for on stdout, where it gets a document in any case.
func (a *app) tell(err error) {
	rest, document := unreported(err)
	if rest == nil {
		return
	}
	format := a.flags.format
	if document { // a second one would be none that a program can read
		format = report.Text
	}
	failure := report.Findings{List: diagnostics(rest)}
	if exitCode(err) == exitUsage {
		failure.Then = "Run 'wfpsync help' for usage."
	}
	_ = report.Failures.In(format)(a.output(), failure)
}

// show writes a document in the wanted format.
func show[T any](a *app, document report.Document[T], value T) error {
	return document.In(a.flags.format)(a.output(), value)
}

// output returns where documents go.
func (a *app) output() report.Output {
	return report.Output{Out: a.stream(a.stdout), Err: a.stream(a.stderr), Now: a.now, Tool: tool, TellGitHub: a.tellGitHub}
}

func (a *app) stream(w io.Writer) report.Stream { return report.Stream{Writer: w, Style: a.style(w)} }

// unreported returns the part of err that the user has not seen, nil if there is
// none, and whether the rest was shown: the document is out then, or could not
// be written.
func unreported(err error) (rest error, document bool) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, one := range joined.Unwrap() {
			left, told := unreported(one)
			list, document = append(list, left), document || told
		}
		return errors.Join(list...), document
	}
	if e, ok := err.(*exit); ok && e.silent {
		return nil, true
	}
	return err, false
}

// diagnostics returns an error as a list of them.
func diagnostics(err error) diag.List {
	var failure *diag.Failure
	if errors.As(err, &failure) {
		return failure.Diagnostics
	}
	var list diag.List
	for _, one := range unjoin(err) {
		d := diag.Diagnostic{Severity: diag.Error, Message: one.Error()}
		var hinted interface{ Hint() string }
		if errors.As(one, &hinted) {
			d.Hint = hinted.Hint()
		}
		list = append(list, d)
	}
	return list
}

// unjoin takes apart what errors.Join put together.
func unjoin(err error) []error {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []error{err}
	}
	return joined.Unwrap()
}

// style returns how to write to a stream: in colour on a terminal, unless told
// not to.
func (a *app) style(w io.Writer) report.Style {
	f, ok := w.(*os.File)
	if !ok || a.flags.noColor || !a.isTerminal(f) {
		return report.Style{}
	}
	if value, set := a.lookupEnv("NO_COLOR"); set && value != "" {
		return report.Style{}
	}
	if value, _ := a.lookupEnv("TERM"); value == "dumb" {
		return report.Style{}
	}
	width, _, _ := term.GetSize(int(f.Fd())) // 0 when it cannot be told
	return report.Style{Color: true, Width: width}
}

// canRedraw reports whether a stream shows what moves.
func (a *app) canRedraw(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && a.isTerminal(f) && a.env("TERM") != "dumb"
}

// env returns an environment variable, "" when unset.
func (a *app) env(name string) string {
	value, _ := a.lookupEnv(name)
	return value
}

// formatsAnnotation is what the flag of a command says of the formats that it
// takes.
const formatsAnnotation = "formats"

// checkFormat refuses a format that the command does not know.
func (a *app) checkFormat(cmd *cobra.Command, _ []string) error {
	flag := cmd.Flags().Lookup("format")
	if flag == nil || slices.Contains(flag.Annotations[formatsAnnotation], a.flags.format) {
		return nil
	}
	unknown := a.flags.format
	a.flags.format = report.Text
	return usage(fmt.Errorf("--format %q is unknown to `%s`; it is %s", unknown, cmd.CommandPath(), alternatives(flag.Annotations[formatsAnnotation])))
}

// alternatives is like "text, json or sarif".
func alternatives(list []string) string {
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " or " + list[last]
}
