package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// readGuards reads `guards`.
func (l *loader) readGuards() {
	guards := spec.DefaultGuards
	declared := l.Expand(l.file.Root.Get("guards"), l.Globals())
	l.readLimit(&guards.MaxDelete, declared.Get("max_delete"))
	l.readLimit(&guards.MaxUpdate, declared.Get("max_update"))
	if least := declared.Get("min_existing"); least != nil && least.Kind == document.Number {
		guards.MinExisting = int(least.Number)
	}
	l.stack.Guards = guards
}

func (l *loader) readLimit(limit *spec.Limit, value *document.Value) {
	switch {
	case value == nil:
	case value.Kind == document.Number:
		*limit = spec.Limit{Count: int(value.Number), At: value.Range()}
	case value.Kind == document.String:
		percent, ok := spec.ParseShare(value.Text)
		if !ok {
			l.Report(spec.RuleGuard, value.Range(), fmt.Sprintf("%q is not a limit", value.Text), "write a number, or a share from 0% to 100%")
			return
		}
		*limit = spec.Limit{Percent: percent, At: value.Range()}
	}
}
