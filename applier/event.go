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
// failed or was skipped itself, because of a rollout that has stopped, or, where
// there is neither, because the run was stopped before its turn.
type Skipped struct {
	Address spec.Address
	Action  planner.Action
	Because spec.Address
	Rollout string
}

// WaveStarted says that a wave of a rollout begins.
type WaveStarted struct {
	Rollout     string
	Wave, Waves int
	Changes     int
}

// WaveFinished says that a wave is done, with no more failures than it may have.
type WaveFinished struct {
	Rollout     string
	Wave, Waves int
	Failures    int
}

// WaveFailed says that a rollout has stopped in a wave.
type WaveFailed struct {
	Rollout               string
	Wave, Waves           int
	Failures, MaxFailures int
}

// Paused says that a rollout rests before a wave.
type Paused struct {
	Rollout     string
	Wave, Waves int
	For         time.Duration
}

// ProbeFailed says that one attempt of a probe has failed.
type ProbeFailed struct {
	Address        spec.Address
	Attempt, Limit int
	Err            error
}

// RolledBack says that a change was taken back.
type RolledBack struct {
	Address spec.Address
	Action  planner.Action // that was taken back
	Took    time.Duration
	Lost    []string // names of the secrets that could not be brought back
}

// RollbackFailed says that a change could not be taken back.
type RollbackFailed struct {
	Address spec.Address
	Action  planner.Action
	Took    time.Duration
	Err     error
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
// or deleted the resource since: it counts as failed.
type Overwritten struct {
	Address spec.Address
	Action  planner.Action
	Err     error
}

// Unconfirmed says that nobody could see whether a resource was overwritten: the
// look failed, or shows what was there before, which is a [*NotShownError].
type Unconfirmed struct{ Err error }

func (Started) event()        {}
func (Succeeded) event()      {}
func (Failed) event()         {}
func (Skipped) event()        {}
func (Vanished) event()       {}
func (Overwritten) event()    {}
func (Unconfirmed) event()    {}
func (WaveStarted) event()    {}
func (WaveFinished) event()   {}
func (WaveFailed) event()     {}
func (Paused) event()         {}
func (ProbeFailed) event()    {}
func (RolledBack) event()     {}
func (RollbackFailed) event() {}
