package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// Diagnostics writes diagnostics in the order of their places: for each the
// line `path:line:col: message [rule]`, which editors jump by, the source line
// with the place underlined, and what to do; at the end, how many there are.
// What has no place begins with `Error:` instead, as tools look for it. An empty
// list is nothing.
func Diagnostics(w io.Writer, style Style, list diag.List) error {
	sorted := list.Sorted()
	if len(sorted) == 0 {
		return nil
	}
	return render(w, style, func(p *printer) {
		for i, d := range sorted {
			if i > 0 {
				p.line("")
			}
			p.diagnostic(d)
		}
		if len(sorted) > 1 {
			p.line("")
			p.line("%s", diagnosticCounts(sorted))
		}
	})
}

func (p *printer) diagnostic(d diag.Diagnostic) {
	p.line("%s%s%s", p.position(d.Range), p.message(d), p.rule(d.Rule))
	for _, line := range p.snippet(d) {
		p.line("%s", line)
	}
	if d.Hint != "" {
		for i, line := range strings.Split(d.Hint, "\n") {
			label := "hint: "
			if i > 0 {
				label = "      "
			}
			p.line("  %s%s", p.paint(green, label), safe(line))
		}
	}
	for _, r := range d.Related {
		p.line("  %s%s", p.position(r.Range), safe(r.Message))
	}
}

// position returns the prefix that says where; nothing for what is nowhere.
func (p *printer) position(r diag.Range) string {
	place := r.String()
	if place == "" {
		return ""
	}
	return p.paint(bold, safe(place)+":") + " "
}

// message returns what is wrong. An error with a place needs no label: that is
// what a line that begins with a place is taken for.
func (p *printer) message(d diag.Diagnostic) string {
	nowhere := d.Range.IsZero()
	switch {
	case d.Severity == diag.Warning && nowhere:
		return p.paint(bold+yellow, "Warning:") + " " + safe(d.Message)
	case d.Severity == diag.Warning:
		return p.paint(yellow, "warning:") + " " + p.paint(bold, safe(d.Message))
	case nowhere:
		return p.paint(bold+red, "Error:") + " " + safe(d.Message)
	default:
		return p.paint(red, safe(d.Message))
	}
}

func (p *printer) rule(rule string) string {
	if rule == "" {
		return ""
	}
	return " " + p.paint(dim, "["+safe(rule)+"]")
}

// diagnosticCounts is like "3 errors, 1 warning".
func diagnosticCounts(list diag.List) string {
	errors, warnings := countDiagnostics(list)
	var counts []string
	if errors > 0 {
		counts = append(counts, count(errors, "error", "errors"))
	}
	if warnings > 0 {
		counts = append(counts, count(warnings, "warning", "warnings"))
	}
	return strings.Join(counts, ", ")
}

func countDiagnostics(list diag.List) (errors, warnings int) {
	for _, d := range list {
		if d.Severity == diag.Warning {
			warnings++
		} else {
			errors++
		}
	}
	return errors, warnings
}

// count returns a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%s %s", number(n), many)
}

// number groups a number's digits by thousands.
func number(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
