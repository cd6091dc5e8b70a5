// Package diag defines a message with a place in a file.
//
// Everything that wfpsync says about a user's input is a [Diagnostic]: what is
// wrong, where, by which rule, and what to do. Parsers and checks collect them
// in a [List] and go on, so that one run reports everything it can. The package
// does not know how a diagnostic is shown; internal/report renders it.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a diagnostic stops the run.
type Severity string

const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Range is a place in a file. Lines and columns count from 1; columns count
// characters, not bytes. EndColumn is the column after the last character; a
// zero end means only the position. The zero Range means no place.
type Range struct {
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
}

// IsZero reports whether the range is no place.
func (r Range) IsZero() bool { return r == Range{} }

// String returns path:line:col, or as much of it as is known.
func (r Range) String() string {
	switch {
	case r.Line == 0:
		return r.File
	case r.Column == 0:
		return fmt.Sprintf("%s:%d", r.File, r.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", r.File, r.Line, r.Column)
	}
}

// Related is a second place that explains the first one, such as the earlier
// definition of a duplicate key.
type Related struct {
	Range   Range  `json:"range"`
	Message string `json:"message"`
}

// Diagnostic is one complaint. Message says what is wrong, with the offending
// value quoted, in lower case and without a final period. Hint says what to do.
// Rule is the stable identifier under which the complaint is documented.
type Diagnostic struct {
	Severity Severity  `json:"severity"`
	Rule     string    `json:"rule,omitempty"`
	Message  string    `json:"message"`
	Hint     string    `json:"hint,omitempty"`
	Range    Range     `json:"range"`
	Related  []Related `json:"related,omitempty"`

	// Snippet is the source line that the range starts on, so that a diagnostic
	// can be shown without the file.
	Snippet string `json:"snippet,omitempty"`
}

// List collects diagnostics in any order; see [List.Sorted].
type List []Diagnostic

// HasErrors reports whether any diagnostic is an error.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Sorted returns the list sorted by file and place, without duplicates, so that
// output does not depend on the order of checks.
func (l List) Sorted() List {
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, compare)
	return slices.CompactFunc(sorted, func(a, b Diagnostic) bool { return compare(a, b) == 0 })
}

func compare(a, b Diagnostic) int {
	return cmp.Or(
		cmp.Compare(a.Range.File, b.Range.File),
		cmp.Compare(a.Range.Line, b.Range.Line),
		cmp.Compare(a.Range.Column, b.Range.Column),
		cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Message, b.Message),
		cmp.Compare(a.Severity, b.Severity),
	)
}

// Err returns the whole list as an error; nil if it has no errors.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return &Failure{Diagnostics: l.Sorted()}
}

// Failure is a list of diagnostics as an error.
type Failure struct{ Diagnostics List }

func (f *Failure) Error() string {
	lines := make([]string, 0, len(f.Diagnostics))
	for _, d := range f.Diagnostics {
		if d.Severity == Error {
			lines = append(lines, strings.TrimPrefix(d.Range.String()+": "+d.Message, ": "))
		}
	}
	return strings.Join(lines, "\n")
}
