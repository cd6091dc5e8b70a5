package applier

import (
	"time"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Event is something that happens while a plan is applied. Events come one at a
// time, in the order in which they happen.
type Event interface{ event() }

// Started says that a change begins.
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

// Failed says that a change failed. The error says whether the account was
// changed, if that is known.
type Failed struct {
	Address spec.Address
	Action  planner.Action
	Took    time.Duration
	Err     error
}

// Skipped says that a change was not tried: another change failed or was
// skipped, a rollout has stopped, or, if neither is set, the run was stopped
// first.
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

// WaveFinished says that a wave is done, with no more failures than its limit.
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

// Paused says that a rollout waits before a wave.
type Paused struct {
	Rollout     string
	Wave, Waves int
	For         time.Duration
}

// ProbeFailed says that one attempt of a probe failed.
type ProbeFailed struct {
	Address        spec.Address
	Attempt, Limit int
	Err            error
}

// RolledBack says that a change was rolled back.
type RolledBack struct {
	Address spec.Address
	Action  planner.Action // of the change that was rolled back
	Took    time.Duration
	Lost    []string // names of the secrets that could not be restored
}

// RollbackFailed says that a change could not be rolled back.
type RollbackFailed struct {
	Address spec.Address
	Action  planner.Action
	Took    time.Duration
	Err     error
}

// Vanished says that a change was not made and need not be: the Worker that a
// template was to write was deleted.
type Vanished struct {
	Address spec.Address
	Action  planner.Action
	Took    time.Duration
	Err     error
}

// Overwritten says that another run wrote or deleted the resource after the
// change was made. The change counts as failed.
type Overwritten struct {
	Address spec.Address
	Action  planner.Action
	Err     error
}

// Unconfirmed says that it could not be checked whether resources were
// overwritten: reading them failed, or still shows their former state, which is
// a [*NotShownError].
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
