package stackfile

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// report adds an error at a place of a file.
func (l *loader) report(rule string, at diag.Range, message, hint string, related ...diag.Related) {
	l.diagnose(diag.Error, rule, at, message, hint, related...)
}

// warn adds a warning, which a comment in the file can silence: its rule is one
// of [ignorable].
func (l *loader) warn(rule string, at diag.Range, message, hint string) {
	l.diagnose(diag.Warning, rule, at, message, hint)
}

// repeat is a rule broken at a place.
type repeat struct {
	rule string
	at   diag.Range
}

// mostRepeats is how often a rule is reported at one place. A template that is
// wrong is so for every item of its list.
const mostRepeats = 5

func (l *loader) diagnose(severity diag.Severity, rule string, at diag.Range, message, hint string, related ...diag.Related) {
	if len(l.current.items) > 0 && !l.standIn {
		place := repeat{rule, at}
		if l.repeated[place]++; l.repeated[place] > mostRepeats {
			return
		}
		related = append(related, l.current.related()...)
	}
	l.diagnostics = append(l.diagnostics, diag.Diagnostic{
		Severity: severity, Rule: rule, Message: message, Hint: hint, Range: at, Related: related,
		Snippet: l.line(at),
	})
}

// withRepeats are the diagnostics, and how many of them were left out.
func (l *loader) withRepeats() diag.List {
	for i, d := range l.diagnostics {
		if n := l.repeated[repeat{d.Rule, d.Range}]; n > mostRepeats {
			l.diagnostics[i].Hint = strings.TrimPrefix(d.Hint+fmt.Sprintf("; the same is wrong for %d items in all", n), "; ")
			delete(l.repeated, repeat{d.Rule, d.Range}) // said once
		}
	}
	return l.diagnostics
}

// line is the source line that a range starts on.
func (l *loader) line(at diag.Range) string { return l.sources[at.File].Line(at.Line) }

// isBroken reports whether the schema complained about a value or a part of it.
func (l *loader) isBroken(pointer string) bool {
	return l.broken[pointer]
}

// breakAt marks a value and everything that holds it as complained about.
func (l *loader) breakAt(pointer string) {
	for i := range pointer {
		if i > 0 && pointer[i] == '/' {
			l.broken[pointer[:i]] = true
		}
	}
	l.broken[pointer] = true
}
