package list

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// maxReported is how many problems of one list are worth reading. A file with a
// column missing has as many as it has rows.
const maxReported = 20

func (l *loader) complain(d diag.Diagnostic) {
	if len(l.diagnostics) >= maxReported {
		l.unreported++
		return
	}
	l.diagnostics = append(l.diagnostics, d)
}

func (l *loader) report(rule string, at diag.Range, message, hint string) {
	l.complain(diag.Diagnostic{Severity: diag.Error, Rule: rule, Message: message, Hint: hint, Range: at})
}

// reportValue reports a problem with a part of the declaration.
func (l *loader) reportValue(rule string, value *document.Value, message, hint string) {
	at := value.Range()
	l.complain(diag.Diagnostic{Severity: diag.Error, Rule: rule, Message: message, Hint: hint, Range: at, Snippet: value.Line(at.Line)})
}

// closeReport says how much was left out.
func (l *loader) closeReport() {
	if l.unreported == 0 {
		return
	}
	at := l.declaration.Range()
	l.diagnostics = append(l.diagnostics, diag.Diagnostic{
		Severity: diag.Error, Rule: RuleListFile, Range: at, Snippet: l.declaration.Line(at.Line),
		Message: fmt.Sprintf("%d more problems in the list %q", l.unreported, l.list.Name),
		Hint:    "mend those that are shown, and run this again",
	})
}
