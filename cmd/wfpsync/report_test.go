package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/planner"
)

// GitHub shows nothing of a summary that is too long, so one that is full
// already stays as it is.
func TestFullStepSummaryStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary.md")
	environment := map[string]string{"GITHUB_STEP_SUMMARY": path}
	a := &app{stdout: io.Discard, stderr: io.Discard, lookupEnv: func(name string) (string, bool) {
		value, set := environment[name]
		return value, set
	}}
	for _, size := range []int{report.StepSummaryBudget - report.LeastMarkdownBudget, report.StepSummaryBudget - report.LeastMarkdownBudget + 1} {
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := a.tellGitHub(&planner.Plan{}); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if written, room := info.Size() > int64(size), report.StepSummaryBudget-size >= report.LeastMarkdownBudget; written != room {
			t.Errorf("of %d bytes: written %v, room %v", size, written, room)
		}
		if info.Size() > report.StepSummaryBudget {
			t.Errorf("%d bytes, and GitHub takes %d", info.Size(), report.StepSummaryBudget)
		}
	}
}
