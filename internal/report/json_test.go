package report

import (
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiagnosticsJSON(t *testing.T) {
	for _, name := range []string{"none", "order", "warning", "control-characters", "duplicate-key"} {
		golden(t, "diagnostics/"+name+".json", func(w io.Writer) error { return DiagnosticsJSON(w, diagnosticCases[name]) })
	}
}

func TestErrorJSON(t *testing.T) {
	golden(t, "error.json", func(w io.Writer) error { return ErrorJSON(w, diagnosticCases["without-place"][:1]) })
	golden(t, "error-and-warning.json", func(w io.Writer) error { return ErrorJSON(w, diagnosticCases["without-place"]) })
}

func TestEscapedJSONMeansTheSame(t *testing.T) {
	value := map[string]any{"a\u202e": "\x1b \u009b \U000e0041 🚀 \u200f é <&> \ufffd", "b": []any{"\x7f", nil, 1.5}}
	encoded := written(t, func(w io.Writer) error { return writeJSON(w, value) })
	if diff := cmp.Diff(any(value), decoded(t, encoded)); diff != "" {
		t.Errorf("(-want +got):\n%s\nin %s", diff, encoded)
	}
	if r, found := disobedient(encoded); found {
		t.Errorf("%q in %s", r, encoded)
	}
	if !json.Valid([]byte(encoded)) {
		t.Errorf("not JSON: %s", encoded)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

var errBroken = errors.New("broken pipe")

func TestWriteErrorsComeBack(t *testing.T) {
	plan, result := planCases()["first-deployment"], sampleRuns()["partial"].result
	for name, err := range map[string]error{
		"Diagnostics":     Diagnostics(broken{}, Style{}, diagnosticCases["order"]),
		"DiagnosticsJSON": DiagnosticsJSON(broken{}, nil),
		"ErrorJSON":       ErrorJSON(broken{}, nil),
		"GitHub":          DiagnosticsGitHub(broken{}, diagnosticCases["order"]),
		"SARIF":           DiagnosticsSARIF(broken{}, Tool{}, nil),
		"PlanText":        PlanText(broken{}, Style{}, plan),
		"PlanJSON":        PlanJSON(broken{}, plan),
		"ResultText":      ResultText(broken{}, Style{}, plan, result),
		"ResultJSON":      ResultJSON(broken{}, plan, result),
		"MovedText":       MovedText(broken{}, Style{}, nil),
		"StaleJSON":       StaleJSON(broken{}, nil, nil),
	} {
		if !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
