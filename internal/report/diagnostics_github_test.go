package report

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/diag"
)

func TestDiagnosticsGitHub(t *testing.T) {
	for _, name := range []string{"none", "order", "unknown-key", "warning", "without-place", "file-only", "line-only", "position-only", "several-lines", "duplicate-key", "hint-of-lines", "control-characters", "right-to-left"} {
		golden(t, "diagnostics/"+name+".github", func(w io.Writer) error { return DiagnosticsGitHub(w, diagnosticCases[name]) })
	}
}

// What a message holds must not end its command, nor begin another.
func TestDiagnosticsGitHubEscapes(t *testing.T) {
	d := diag.Diagnostic{
		Severity: diag.Error, Rule: "a:b,c%d", Message: "50% ::off\r\n::warning::x", Hint: "one\n::error::two",
		Range: diag.Range{File: "a,b: 100%.yaml", Line: 1, Column: 2, EndLine: 1, EndColumn: 3},
	}
	got := written(t, func(w io.Writer) error { return DiagnosticsGitHub(w, diag.List{d}) })
	want := `::error file=a%2Cb%3A 100%25.yaml,line=1,col=2,endLine=1,endColumn=3,title=a%3Ab%2Cc%25d::` +
		`50%25 ::off\r\n::warning::x%0Aone%0A::error::two` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// GitHub shows ten annotations of each kind, and says nothing of the others.
func TestDiagnosticsGitHubCountsWhatIsNotShown(t *testing.T) {
	for n, want := range map[int]string{10: "", 11: "2 more errors", 1009: "1,000 more errors"} {
		var list diag.List
		for i := range n {
			list = append(list, diag.Diagnostic{Severity: diag.Error, Message: fmt.Sprintf("error %04d", i)},
				diag.Diagnostic{Severity: diag.Warning, Message: fmt.Sprintf("warning %04d", i)})
		}
		got := strings.Split(strings.TrimSpace(written(t, func(w io.Writer) error { return DiagnosticsGitHub(w, list) })), "\n")
		if len(got) != 20 || !strings.HasPrefix(got[8], "::error::error 0008") || !strings.HasPrefix(got[10], "::warning::warning 0000") {
			t.Errorf("of %d:\n%s", n, strings.Join(got, "\n"))
			continue
		}
		if want == "" {
			want = "error 0009"
		}
		if !strings.HasPrefix(got[9], "::error::"+want) {
			t.Errorf("of %d: %s, want %s", n, got[9], want)
		}
	}
}
