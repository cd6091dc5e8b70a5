package report

import (
	"errors"
	"io"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Whatever a file or an account contains, no report fails, and none holds a
// character that a terminal obeys.
func TestAnythingIsShownSafely(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(anyDiagnostic), 0, 4).Draw(t, "diagnostics")
		plan := anyPlan(t)
		plan.Diagnostics = list
		result := anyResult(t)
		moved := rapid.SliceOfN(rapid.Custom(anyMoved), 0, 3).Draw(t, "moved")
		style := Style{Width: rapid.IntRange(-1, 200).Draw(t, "width")}
		for name, write := range map[string]func(w io.Writer) error{
			"Diagnostics":     func(w io.Writer) error { return Diagnostics(w, style, list) },
			"DiagnosticsJSON": func(w io.Writer) error { return DiagnosticsJSON(w, list) },
			"ErrorJSON":       func(w io.Writer) error { return ErrorJSON(w, list) },
			"GitHub":          func(w io.Writer) error { return DiagnosticsGitHub(w, list) },
			"SARIF":           func(w io.Writer) error { return DiagnosticsSARIF(w, Tool{}, list) },
			"PlanText":        func(w io.Writer) error { return PlanText(w, style, plan) },
			"PlanJSON":        func(w io.Writer) error { return PlanJSON(w, plan) },
			"ResultText":      func(w io.Writer) error { return ResultText(w, style, plan, result) },
			"ResultJSON":      func(w io.Writer) error { return ResultJSON(w, plan, result) },
			"MovedText":       func(w io.Writer) error { return MovedText(w, style, moved) },
			"PlanMarkdown":    func(w io.Writer) error { return PlanMarkdown(w, plan, MarkdownBudget) },
			"PlanHTML":        func(w io.Writer) error { return PlanHTML(w, plan) },
			"PlanGitHub":      func(w io.Writer) error { return PlanGitHub(w, style, plan) },
			"PlanOutputs":     func(w io.Writer) error { return PlanOutputs(w, plan) },
			"PlanDOT":         func(w io.Writer) error { return PlanDOT(w, style, plan) },
			"PlanMermaid":     func(w io.Writer) error { return PlanMermaid(w, style, plan) },
			"Events": func(w io.Writer) error {
				e := NewEvents(w, func() time.Time { return applied })
				return errors.Join(e.Plan(plan), e.Applied(anyEvent(t)), e.Result(plan, result), e.Stale(moved, plan), e.Refused(plan), e.Error(list))
			},
			"StaleJSON": func(w io.Writer) error { return StaleJSON(w, moved, plan) },
			"EventLine": func(w io.Writer) error { _, err := io.WriteString(w, EventLine(style, anyEvent(t))); return err },
		} {
			var report text
			if err := write(&report); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if r, found := disobedient(string(report)); found {
				t.Errorf("%s: %q in\n%s", name, r, report)
			}
			if !utf8.Valid(report) {
				t.Errorf("%s: not UTF-8: %q", name, report)
			}
		}
	})
}

// The mark stands below the place that is meant, however the line is cut.
func TestMarkIsInSight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := anyText(t, "line")
		r := anyRange(t)
		width := rapid.IntRange(narrowest, 150).Draw(t, "width")
		source, indent, length := cut(line, r, width)
		if w := displayWidth(source); w > width {
			t.Errorf("%d columns of %d: %q", w, width, source)
		}
		if indent < 0 || length < 0 || (r.Column > 0) != (length > 0) {
			t.Errorf("indent %d, length %d of %q", indent, length, source)
		}
		if indent > displayWidth(source) {
			t.Errorf("mark at %d, behind %q", indent, source)
		}
	})
}

type text []byte

func (t *text) Write(p []byte) (int, error) { *t = append(*t, p...); return len(p), nil }

// payloads are texts that mean something to a format, or to a reader of one.
var payloads = []string{
	"```", "````````\n# pwned", "~~~", "</code></pre><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</script>", "<!--", "-->",
	"a | b || c", "\\|", "| - |", "\n\n# pwned\n\n", "</details>", "</table>", "<b>", "&lt;b&gt;", "&#60;", "@everyone", "#1", "[x](javascript:alert(1))",
	"https://example.com/?a=b&c=d", "www.example.com", "{{.}}", "${x}", "`x`", "'\"", "::error::pwned", "##[error]pwned", "%0A::error::pwned", "%%",
	"\r\n\r\n", "\u2028\u2029", "\u202egnp.exe", "\u200f\u2066", "🚀👩‍👩‍👧", "Plan: 9 to add, 9 to change, 9 to destroy.", "No changes.", "Error: pwned",
	"]]>", "\\u003c", "\\", "\"]-->x", "#quot;",
}

// anyText has a liking for what causes trouble.
func anyText(t *rapid.T, label string) string {
	return rapid.OneOf(
		rapid.String(),
		rapid.StringOfN(rapid.SampledFrom([]rune("ab \t\n\r\x00\x1b\x7f\u009b\u202e\u2066\u200d\u0301日🚀")), 0, 300, -1),
		rapid.SampledFrom(payloads),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	).Draw(t, label)
}

func anyRange(t *rapid.T) diag.Range {
	n := rapid.IntRange(0, 400)
	return diag.Range{File: anyText(t, "file"), Line: n.Draw(t, "line"), Column: n.Draw(t, "column"), EndLine: n.Draw(t, "end line"), EndColumn: n.Draw(t, "end column")}
}

func anyDiagnostic(t *rapid.T) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: rapid.SampledFrom([]diag.Severity{diag.Error, diag.Warning}).Draw(t, "severity"),
		Rule:     anyText(t, "rule"),
		Message:  anyText(t, "message"),
		Hint:     anyText(t, "hint"),
		Range:    anyRange(t),
		Related:  []diag.Related{{Range: anyRange(t), Message: anyText(t, "related")}},
		Snippet:  anyText(t, "snippet"),
	}
}

func anyAddress(t *rapid.T) spec.Address {
	return spec.Address{Kind: spec.Kind(anyText(t, "kind")), Parent: anyText(t, "parent"), Name: anyText(t, "name")}
}

func anyAction(t *rapid.T) planner.Action {
	return rapid.SampledFrom([]planner.Action{planner.Create, planner.Update, planner.Delete, planner.Adopt, planner.Replace, planner.WriteSecrets, "\x1b"}).Draw(t, "action")
}

func anyValue(t *rapid.T) any {
	text := anyText(t, "value")
	return rapid.SampledFrom([]any{nil, true, 1.5, text, []any{text, 1.0}, spec.Object{text: text, "type": "x"}, planner.KnownAfterApply}).Draw(t, "kind of value")
}

func anyField(t *rapid.T) planner.FieldChange {
	if rapid.IntRange(0, 3).Draw(t, "shows code") == 0 {
		return replaced("/code", digestOfLiveCode, spec.ShortDigest(digestOfCode))
	}
	return planner.FieldChange{
		Path:        rapid.SampledFrom([]string{"/code", anyText(t, "path")}).Draw(t, "path"),
		Op:          rapid.SampledFrom([]planner.FieldOp{planner.FieldAdd, planner.FieldRemove, planner.FieldReplace, planner.FieldWrite}).Draw(t, "op"),
		Before:      anyValue(t),
		After:       anyValue(t),
		Sensitive:   rapid.Bool().Draw(t, "sensitive"),
		Unknown:     rapid.Bool().Draw(t, "unknown"),
		WriteReason: rapid.SampledFrom([]planner.SecretReason{"", planner.SecretDiffers, planner.SecretAsked, planner.SecretReason(anyText(t, "why"))}).Draw(t, "written"),

		ForcesReplacement: rapid.Bool().Draw(t, "forces replacement"),
	}
}

// digestOfLiveCode is the digest of code that another program has written.
const digestOfLiveCode = "5555555555555555"

func anyChange(t *rapid.T) planner.Change {
	c := planner.Change{
		Address: anyAddress(t), Action: anyAction(t), Fields: rapid.SliceOfN(rapid.Custom(anyField), 0, 4).Draw(t, "fields"),
		Reason: rapid.SampledFrom([]planner.Reason{planner.ReasonMissing, planner.ReasonDrifted, planner.ReasonUnmanaged, planner.ReasonRemoved, planner.ReasonUnmarked}).Draw(t, "reason"),
		Prior:  anyRevision(t), At: anyRange(t),
	}
	if rapid.Bool().Draw(t, "is blocked") {
		c.Blocked = &planner.Block{By: "ownership", Message: anyText(t, "blocked"), Hint: anyText(t, "hint")}
	}
	if rapid.Bool().Draw(t, "has desired") {
		c.Desired = userWorker(c.Address)
	}
	return c
}

func anyPlan(t *rapid.T) *planner.Plan {
	plan := planOf(rapid.SliceOfN(rapid.Custom(anyChange), 0, 4).Draw(t, "changes")...)
	plan.Stack, plan.Account.Name = anyText(t, "stack"), anyText(t, "account")
	plan.Unmanaged = []planner.Unmanaged{{Kind: spec.Kind(anyText(t, "kind")), Parent: anyText(t, "parent"), Unowned: 1}}
	plan.Guards = []planner.Verdict{{Guard: anyText(t, "guard"), Result: planner.Refused, Message: anyText(t, "verdict")}}
	plan.Code = codeOf(5)
	plan.LiveCode = map[string]planner.Code{digestOfLiveCode: {MainModule: anyText(t, "main"), Modules: []spec.Module{
		{Name: anyText(t, "module"), Type: spec.ESModule, Content: []byte(anyText(t, "code"))},
		{Name: "module-0.js", Type: spec.ModuleType(anyText(t, "type")), Content: []byte(anyText(t, "code"))},
	}}}
	if rapid.Bool().Draw(t, "partial") {
		plan.Partial = &planner.Partial{
			Targets: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return anyText(t, "target") }), 0, 5).Draw(t, "targets"),
			LeftOut: []planner.LeftOut{{Address: anyAddress(t), Action: anyAction(t)}},
		}
	}
	return plan
}

func anyRevision(t *rapid.T) *spec.Revision {
	r := revision(rapid.SampledFrom([]time.Time{{}, applied, drifted}).Draw(t, "modified"))
	r.ID, r.Owner = anyText(t, "id"), anyText(t, "owner")
	if rapid.Bool().Draw(t, "unmarked") {
		r.Mark = nil
	}
	return rapid.SampledFrom([]*spec.Revision{nil, r, r, r}).Draw(t, "revision")
}

func anyMoved(t *rapid.T) applier.StaleChange {
	return applier.StaleChange{Address: anyAddress(t), Before: anyRevision(t), Now: anyRevision(t)}
}

func anyResult(t *rapid.T) *applier.Result {
	return resultOf(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) applier.Outcome {
		return applier.Outcome{
			Address: anyAddress(t), Action: anyAction(t), Error: anyText(t, "error"), Because: anyAddress(t),
			Status: rapid.SampledFrom([]applier.Status{applier.StatusApplied, applier.StatusFailed, applier.StatusSkipped}).Draw(t, "status"),
		}
	}), 0, 4).Draw(t, "outcomes")...)
}

func anyEvent(t *rapid.T) applier.Event {
	a, action := anyAddress(t), anyAction(t)
	return rapid.SampledFrom([]applier.Event{
		applier.Started{Address: a, Action: action},
		applier.Succeeded{Address: a, Action: action},
		applier.Failed{Address: a, Action: action, Err: errors.New(anyText(t, "error"))},
		applier.Skipped{Address: a, Action: action, Because: anyAddress(t)},
	}).Draw(t, "event")
}
