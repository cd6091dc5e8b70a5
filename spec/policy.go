package spec

import "github.com/wfpsync/wfpsync/diag"

// Policy is a condition in the stack file about what a plan would do. The
// planner evaluates it for each change.
type Policy struct {
	Name string

	// Deny blocks a change for which the condition holds. Otherwise the plan
	// warns of it.
	Deny bool

	// At is where the file has the condition.
	At diag.Range

	// Judge evaluates the condition for a change, which has the members of
	// [PolicyMembers] as plain JSON, and returns the message if it holds. It is
	// pure. A diagnostic means that the evaluation failed.
	Judge func(change Object) (holds bool, message string, fault *diag.Diagnostic) `json:"-"`
}

// PolicyMembers are the members of a change that policies can use.
var PolicyMembers = []string{
	"action", "address", "after", "before", "bindings", "fields", "is_adopt", "is_create", "is_delete", "is_update",
	"kind", "name", "namespace", "reason",
}
