package report

import (
	"io"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/diag"
)

func at(line, column, endLine, endColumn int) diag.Range {
	return diag.Range{File: "wfpsync.yaml", Line: line, Column: column, EndLine: endLine, EndColumn: endColumn}
}

func problem(message string, r diag.Range, snippet string) diag.Diagnostic {
	return diag.Diagnostic{Severity: diag.Error, Rule: "WFP102", Message: message, Range: r, Snippet: snippet}
}

var diagnosticCases = map[string]diag.List{
	"none": {},
	"unknown-key": {{
		Severity: diag.Error, Rule: "WFP101", Message: `unknown key "compatibility_dates"`,
		Hint:  `did you mean "compatibility_date"?`,
		Range: at(12, 5, 12, 24), Snippet: "    compatibility_dates: 2026-10-01",
	}},
	"warning":         {{Severity: diag.Warning, Rule: "WFP201", Message: "this route has no DNS record", Range: at(3, 1, 3, 4), Snippet: "abc"}},
	"without-place":   {{Severity: diag.Error, Message: "cannot reach the account"}, {Severity: diag.Warning, Rule: "WFP402", Message: "left alone", Hint: "write `workers: {}`"}},
	"file-only":       {problem("is empty", diag.Range{File: "wfpsync.yaml"}, "")},
	"line-only":       {problem("looks odd", diag.Range{File: "wfpsync.yaml", Line: 7}, "  odd: line")},
	"without-snippet": {problem("is wrong", at(7, 3, 7, 9), "")},
	"position-only":   {problem("expected a list, got nothing", at(104, 11, 0, 0), "  workers: # nothing here")},
	"end-of-line":     {problem("a value is missing", at(9, 9, 9, 9), "workers:")},
	"beyond-the-line": {problem("a value is missing", at(9, 30, 9, 40), "workers:")},
	"several-lines":   {problem("this block is never used", at(2, 3, 9, 1), "  unused:   ")},
	"tabs":            {problem("tabs cannot indent", at(4, 1, 4, 3), "\t\tname:\tx"), problem("unknown key", at(5, 3, 5, 7), "\t\tname:\tx")},
	"wide-characters": {problem("unknown key", at(4, 9, 4, 11), "  日本語: {設定: 1} # ⚡ ok")},
	"combining":       {problem("unknown key", at(4, 8, 4, 11), "cafe\u0301: {xyz: 1}")},
	"emoji":           {problem("unknown key \"🚀\"", at(4, 9, 4, 10), "  👩\u200d💻: {🚀: 1}")},
	"control-characters": {{
		Severity: diag.Error, Rule: "WFP\x1b[0m", Message: "name \x1b[31mred\x07\r\x9b2J is wrong\nreally",
		Hint: "remove\x1b]0;title\x07 it", Range: diag.Range{File: "a\x1bb.yaml", Line: 1, Column: 7, EndLine: 1, EndColumn: 12},
		Snippet: "name: \x1b[31mr\x00d\xff",
		Related: []diag.Related{{Range: diag.Range{File: "c\x1b.yaml", Line: 3}, Message: "see\x1b[2J here"}},
	}},
	"right-to-left":  {problem("unknown key \"\u202eadmin\u2066\"", at(4, 3, 4, 9), "  \u202eadmin\u2066: \u05d0\u05d1\u05d2 # \u200f")},
	"no-break-space": {problem("unexpected character", at(4, 3, 4, 4), "  \u00a0name: x\u200b")},
	"long-line-start": {problem("expected text", at(1, 7, 1, 12), "main: "+strings.Repeat("0123456789", 30)),
		problem("expected text", at(2, 7, 0, 0), "日本: "+strings.Repeat("日本", 200))},
	"long-line-middle": {problem("unknown key", at(1, 1001, 1, 1007), strings.Repeat("abcdefghi ", 100)+"THIS_1"+strings.Repeat(" jklmnopqr", 100))},
	"long-line-end":    {problem("expected a closing brace", at(1, 1001, 1, 1002), strings.Repeat("abcdefghi ", 100))},
	"long-mark":        {problem("this text is too long", at(1, 3, 1, 500), "a "+strings.Repeat("x", 600))},
	"duplicate-key": {{
		Severity: diag.Error, Rule: "WFP103", Message: `duplicate key "a"`, Range: at(9, 3, 9, 4), Snippet: "  a: 2",
		Hint:    "keep one of them",
		Related: []diag.Related{{Range: at(5, 3, 5, 4), Message: "first defined here"}},
	}},
	"hint-of-lines": {{
		Severity: diag.Error, Message: "no entrypoint", Range: at(9, 3, 9, 4), Snippet: "  a: {}",
		Hint: "write one of\nmain: ./src/index.ts\nscript: …",
	}},
	"order": {
		problem("second", at(2, 1, 0, 0), "b"),
		problem("first", at(1, 1, 0, 0), "a"),
		problem("first", at(1, 1, 0, 0), "a"),
		{Severity: diag.Warning, Message: "other file", Range: diag.Range{File: "a.yaml", Line: 9, Column: 1}},
		{Severity: diag.Warning, Message: "nowhere"},
	},
}

func TestDiagnostics(t *testing.T) {
	for name, list := range diagnosticCases {
		t.Run(name, func(t *testing.T) {
			golden(t, "diagnostics/"+name, func(w io.Writer) error { return Diagnostics(w, Style{}, list) })
		})
	}
}

func TestDiagnosticsOnATerminal(t *testing.T) {
	golden(t, "diagnostics/colored", func(w io.Writer) error {
		return Diagnostics(w, Style{Color: true, Width: 80}, append(diagnosticCases["unknown-key"], diagnosticCases["warning"]...))
	})
	golden(t, "diagnostics/narrow", func(w io.Writer) error {
		return Diagnostics(w, Style{Width: 40}, append(diagnosticCases["long-line-middle"], diagnosticCases["wide-characters"]...))
	})
}

// Editors and problem matchers find the place of a message by this form.
func TestDiagnosticsBeginWithTheirPlace(t *testing.T) {
	report := written(t, func(w io.Writer) error { return Diagnostics(w, Style{}, diagnosticCases["duplicate-key"]) })
	if want := `wfpsync.yaml:9:3: duplicate key "a" [WFP103]` + "\n"; !strings.HasPrefix(report, want) {
		t.Errorf("report begins\n%s", report)
	}
}

func TestNothingTurnsATerminalAround(t *testing.T) {
	for name, list := range diagnosticCases {
		for _, write := range []func(w io.Writer) error{
			func(w io.Writer) error { return Diagnostics(w, Style{}, list) },
			func(w io.Writer) error { return DiagnosticsJSON(w, list) },
			func(w io.Writer) error { return ErrorJSON(w, list) },
			func(w io.Writer) error { return DiagnosticsGitHub(w, list) },
			func(w io.Writer) error { return DiagnosticsSARIF(w, Tool{}, list) },
		} {
			if r, found := disobedient(written(t, write)); found {
				t.Errorf("%s: %q in the report", name, r)
			}
		}
	}
}

// A line of a minified file is megabytes long, and has one diagnostic after
// the other.
func TestSnippetOfAVeryLongLineIsShort(t *testing.T) {
	line := strings.Repeat("x", 10<<20)
	report := written(t, func(w io.Writer) error {
		return Diagnostics(w, Style{}, diag.List{problem("wrong", at(1, 5<<20, 1, 6<<20), line)})
	})
	for l := range strings.Lines(report) {
		if w := displayWidth(l); w > 130 {
			t.Errorf("a line of %d columns", w)
		}
	}
}
