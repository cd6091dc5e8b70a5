package spec

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
)

// DeclaredTwice complains of an address that was first declared at a place.
func DeclaredTwice(a Address, first diag.Range) diag.Diagnostic {
	return diag.Diagnostic{
		Rule: RuleDuplicateResource, Message: fmt.Sprintf("%s is declared twice", a), Hint: "give one of the two another name",
		Related: []diag.Related{{Range: first, Message: "first declared here"}},
	}
}
