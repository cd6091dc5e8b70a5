package spec

import "github.com/wfpsync/wfpsync/diag"

// Policy is a condition of the stack file over what a plan would do. The planner
// asks it about each change.
type Policy struct {
	Name string

	// Deny says that a change for which the condition holds may not be made;
	// otherwise the plan warns of it.
	Deny bool

	// At is where the file has the condition.
	At diag.Range

	// Judge asks whether the policy's condition holds for a change, which has the
	// members of [PolicyMembers], as JSON has them, and what there is to say then. It
	// is pure. A diagnostic means that the policy cannot tell.
	Judge func(change Object) (holds bool, message string, fault *diag.Diagnostic) `json:"-"`
}

// PolicyMembers are what a policy knows of a change.
var PolicyMembers = []string{
	"action", "address", "after", "before", "bindings", "fields", "is_adopt", "is_create", "is_delete", "is_update",
	"kind", "name", "namespace", "reason",
}
