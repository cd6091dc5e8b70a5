package spec

import "github.com/wfpsync/wfpsync/diag"

// UnmanagedPolicy is what to make of the live resources of a collection that no
// stack manages.
type UnmanagedPolicy struct {
	Treatment UnmanagedTreatment
	At        diag.Range
}

// UnmanagedTreatment is a policy in a word.
type UnmanagedTreatment string

const (
	UnmanagedReport UnmanagedTreatment = "report" // plans count them
	UnmanagedIgnore UnmanagedTreatment = "ignore" // plans are silent about them
	UnmanagedError  UnmanagedTreatment = "error"  // a plan is refused as long as there are any
)
