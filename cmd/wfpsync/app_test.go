package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// What keeps a document from being written is said, whatever the run ends with:
// a pipeline that reads half of one must not take the exit code for its reason.
func TestUnwrittenDocumentIsTold(t *testing.T) {
	full := errors.New("write /dev/stdout: no space left on device")
	for _, test := range []struct {
		name   string
		err    error
		format string
		code   int
		stdout bool
		want   string
	}{
		{"stale", errors.Join(full, told(exitStale)), "text", exitStale, false, "no space left"},
		{"stale, for a program", errors.Join(full, told(exitStale)), "json", exitStale, false, "no space left"},
		{"two", errors.Join(full, errors.New("another"), told(exitRefused)), "jsonl", exitRefused, false, "another"},
		{"nested", errors.Join(errors.Join(full, nil), told(exitPartial)), "github", exitPartial, false, "no space left"},
		{"told", errors.Join(nil, told(exitStale)), "text", exitStale, false, ""},
		{"nothing was written yet", full, "json", exitError, true, "no space left"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			a := &app{stdout: &stdout, stderr: &stderr, flags: globalFlags{format: test.format}}
			a.tell(test.err)
			got, other := stderr.String(), stdout.String()
			if test.stdout {
				got, other = other, got
			}
			if other != "" {
				t.Errorf("said elsewhere: %q", other)
			}
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("said %q, want %q in it", got, test.want)
			}
			if code := exitCode(test.err); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
		})
	}
	if rest, _ := unreported(fmt.Errorf("wrapped: %w", full)); rest == nil {
		t.Error("an error that was not printed is lost")
	}
}

// The program reports a bug of its own as one, in a line before the trace, with
// an exit code that means nothing about the account.
func TestBugIsTold(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var stdout, stderr bytes.Buffer
		a := &app{stdout: &stdout, stderr: &stderr, lookupEnv: func(string) (string, bool) { panic("a mistake") }}
		if code := a.run(t.Context(), []string{"doctor", "--format", format}); code != 70 {
			t.Errorf("the exit code is %d", code)
		}
		told := stderr.String()
		if format == "json" {
			told = stdout.String()
		}
		if line, _, _ := strings.Cut(told, "\n\n"); !strings.Contains(told, "has a bug; please report it at https://") || !strings.Contains(told, ": a mistake") {
			t.Errorf("got %q", line)
		}
		if !strings.Contains(stderr.String(), "app_test.go:") {
			t.Errorf("there is no trace in %s", stderr.String())
		}
	}
}

// What the account on this machine has confirmed survives a power cut, but in tests.
func TestLocalAccountWaitsForTheDisk(t *testing.T) {
	if newApp().noSync {
		t.Error("it does not")
	}
}

// TestEveryCommandHasHelp: a person finds out from its help what a command does, and how it is called.
func TestEveryCommandHasHelp(t *testing.T) {
	root := newApp().rootCommand()
	root.InitDefaultHelpCmd()
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		if cmd.IsAvailableCommand() && cmd.Name() != "help" && cmd.Name() != "completion" && cmd.Parent() != nil {
			if cmd.Short == "" || cmd.Long == "" || !strings.Contains(cmd.Example, cmd.CommandPath()) {
				t.Errorf("`%s` has no long text, or no example of itself: %q", cmd.CommandPath(), cmd.Example)
			}
			for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
				if len(strings.TrimRight(line, "\n")) > 80 {
					t.Errorf("`%s --help` is wider than a terminal: %s", cmd.CommandPath(), line)
				}
			}
		}
		for _, sub := range cmd.Commands() {
			check(sub)
		}
	}
	check(root)
}
