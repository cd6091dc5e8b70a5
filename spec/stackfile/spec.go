package stackfile

import (
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

func sortReferences(references []spec.Reference) {
	slices.SortFunc(references, func(a, b spec.Reference) int { return a.To.Compare(b.To) })
}
