package applier

import (
	"time"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Event is something that happened while a plan is applied. Events come one at
// a time, in the order in which they happened.
type Event interface{ event() }

// Started says that a change is being made.
type Started struct {
	Address spec.Address
	Action  planner.Action
}

// Succeeded says that a change was made.
type Succeeded struct {
	Address spec.Address
	Action  planner.Action
	Took    time.Duration
}

// Failed says that a change could not be made. Whether the account was touched
// is in the error, where it is known.
type Failed struct {
	Address spec.Address
	Action  planner.Action
	Took    time.Duration
	Err     error
}

// Skipped says that a change was not tried: because of another change that
// failed or was skipped itself, or, where Because is zero, because the run was
// stopped before its turn.
type Skipped struct {
	Address spec.Address
	Action  planner.Action
	Because spec.Address
}

// Vanished says that a change was not made, and is not to be: what a template was
// to write is gone.
type Vanished struct {
	Address spec.Address
	Action  planner.Action
	Took    time.Duration
	Err     error
}

// Overwritten says that a change was made, and that somebody else has written
// the resource since: it counts as failed.
type Overwritten struct {
	Address spec.Address
	Action  planner.Action
}

// Unconfirmed says that nobody could see whether a resource was overwritten.
type Unconfirmed struct{ Err error }

func (Started) event()     {}
func (Succeeded) event()   {}
func (Failed) event()      {}
func (Skipped) event()     {}
func (Vanished) event()    {}
func (Overwritten) event() {}
func (Unconfirmed) event() {}
