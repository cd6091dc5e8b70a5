package spec

import "github.com/wfpsync/wfpsync/diag"

// UnmanagedPolicy says how to treat live resources of a collection that no
// stack manages.
type UnmanagedPolicy struct {
	Treatment UnmanagedTreatment
	At        diag.Range
}

// UnmanagedTreatment is a policy in one word.
type UnmanagedTreatment string

const (
	UnmanagedReport UnmanagedTreatment = "report" // plans count them
	UnmanagedIgnore UnmanagedTreatment = "ignore" // plans do not mention them
	UnmanagedError  UnmanagedTreatment = "error"  // a plan is refused while there are any
)
