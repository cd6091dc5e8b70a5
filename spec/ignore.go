package spec

import (
	"slices"

	"github.com/wfpsync/wfpsync/diag"
)

// Ignored is a rule whose warnings about a line of a file are not given.
type Ignored struct {
	Rule string
	File string
	Line int
}

// Ignores reports whether a comment silences what a plan has to say.
func (s *Stack) Ignores(d diag.Diagnostic) bool {
	return d.Severity == diag.Warning && slices.Contains(s.Ignored, Ignored{d.Rule, d.Range.File, d.Range.Line})
}
