package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// maxAnnotations is how many annotations of one kind GitHub shows for a step.
// Source: actions/toolkit, docs/problem-matchers.md, "Limitations".
const maxAnnotations = 10

// DiagnosticsGitHub writes diagnostics as workflow commands, which GitHub
// Actions turns into annotations of the changed files: errors, then warnings,
// each in the order of their places. What would not be shown for their number
// is counted in a last one. An empty list is nothing.
func DiagnosticsGitHub(w io.Writer, list diag.List) error {
	return render(w, Style{}, func(p *printer) {
		sorted := list.Sorted()
		failed, warned := countDiagnostics(sorted)
		p.annotations(sorted, diag.Error, count(failed-maxAnnotations+1, "more error", "more errors"))
		p.annotations(sorted, diag.Warning, count(warned-maxAnnotations+1, "more warning", "more warnings"))
	})
}

// annotations writes those of one kind; more says how many are left out when
// they are too many.
func (p *printer) annotations(list diag.List, kind diag.Severity, more string) {
	var lines []string
	for _, d := range list {
		if (d.Severity == diag.Warning) == (kind == diag.Warning) {
			lines = append(lines, annotation(d, kind))
		}
	}
	if len(lines) > maxAnnotations {
		lines = append(lines[:maxAnnotations-1], fmt.Sprintf("::%s::%s; another format shows them all", kind, more))
	}
	for _, line := range lines {
		p.line("%s", line)
	}
}

// annotation returns a diagnostic as a workflow command. Source:
// actions/toolkit, packages/core/src/command.ts, which also says what must be
// escaped.
func annotation(d diag.Diagnostic, kind diag.Severity) string {
	var properties []string
	set := func(name, value string) {
		if value != "" && value != "0" {
			properties = append(properties, name+"="+escapeProperty.Replace(safe(value)))
		}
	}
	r := d.Range
	set("file", r.File)
	set("line", fmt.Sprint(r.Line))
	set("col", fmt.Sprint(r.Column))
	set("endLine", fmt.Sprint(r.EndLine))
	set("endColumn", fmt.Sprint(r.EndColumn))
	set("title", d.Rule)
	command := string(kind)
	if len(properties) > 0 {
		command += " " + strings.Join(properties, ",")
	}
	return "::" + command + "::" + escapeCommand.Replace(strings.Join(annotationLines(d), "\n"))
}

// annotationLines returns what is wrong, what to do, and the places that
// explain it.
func annotationLines(d diag.Diagnostic) []string {
	lines := []string{safe(d.Message)}
	if d.Hint != "" {
		for line := range strings.SplitSeq(d.Hint, "\n") {
			lines = append(lines, safe(line))
		}
	}
	for _, r := range d.Related {
		lines = append(lines, safe(strings.TrimPrefix(r.Range.String()+": "+r.Message, ": ")))
	}
	return lines
}

var (
	escapeCommand  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
