package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// checkRenamed refuses former names that cannot have been: that of something the
// file has beside the renamed, and one that two claim.
func (l *loader) checkRenamed() {
	first := map[spec.Address]spec.Resource{}
	for _, r := range l.stack.Resources {
		from, renamed := spec.FormerAddress(r)
		if !renamed {
			continue
		}
		if at, declared := l.definitions[from]; declared {
			l.report(spec.RuleRenamed, r.Meta().At, fmt.Sprintf("%s is renamed from %q, which the file has as well", r.Address(), from.Name),
				"remove `renamed_from` where both are to be, or the one with the former name", diag.Related{Range: at, Message: "declared here"})
		}
		if other, claimed := first[from]; claimed {
			l.report(spec.RuleRenamed, r.Meta().At, fmt.Sprintf("%s is renamed from %q, and so is another", r.Address(), from.Name),
				"only one can have been called so", diag.Related{Range: other.Meta().At, Message: "the other"})
		} else {
			first[from] = r
		}
	}
}
