package applier

import (
	"time"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Result is what became of every change of a plan, in the plan's order.
type Result struct {
	Outcomes []Outcome `json:"changes"`
	Applied  int       `json:"applied"`
	Failed   int       `json:"failed"`
	Skipped  int       `json:"skipped"`

	// Vanished counts changes with nothing left to change: their owner deleted
	// the Workers that a template was to write.
	Vanished int `json:"vanished,omitempty"`
	// RolledBack counts the changes that were made and rolled back.
	RolledBack int `json:"rolled_back,omitempty"`

	// Rollouts are what became of each rollout, in the plan's order.
	Rollouts []RolloutOutcome `json:"rollouts,omitempty"`

	// Continue is the command that makes the remaining changes, for people who
	// read the result; "" if the caller did not set one.
	Continue string `json:"continue,omitempty"`
}

// Outcome is what became of one change.
type Outcome struct {
	Address spec.Address   `json:"address"`
	Action  planner.Action `json:"action"`
	Status  Status         `json:"status"`

	// Error says why it failed or was not needed any more.
	Error string `json:"error,omitempty"`

	// Because is the failed change that a skipped one depends on. Rollout is
	// the stopped rollout that it belonged to or came after. Both are empty if
	// the run was stopped.
	Because spec.Address `json:"because,omitzero"`
	Rollout string       `json:"rollout,omitempty"`

	// Lost names the secrets that a rollback could not restore.
	Lost []string `json:"lost_secrets,omitempty"`

	Took time.Duration `json:"took_ns,omitempty"`
}

// Status is an outcome in one word.
type Status string

const (
	StatusApplied Status = "applied"
	StatusFailed  Status = "failed"
	StatusSkipped Status = "skipped"

	// StatusVanished: nothing is left that could be changed.
	StatusVanished Status = "vanished"

	// StatusRolledBack: it was made, and rolled back because its wave failed.
	StatusRolledBack Status = "rolled_back"
)

// RolloutOutcome is what became of one rollout.
type RolloutOutcome struct {
	Name   string        `json:"name"`
	Status RolloutStatus `json:"status"`

	// Wave is the last wave that was begun, out of Waves.
	Wave  int `json:"wave"`
	Waves int `json:"waves"`

	// Failures is how many changes of that wave failed if the rollout stopped
	// in it, and MaxFailures how many may.
	Failures    int `json:"failures,omitempty"`
	MaxFailures int `json:"max_failures,omitempty"`
}

// RolloutStatus is the outcome of a rollout in one word.
type RolloutStatus string

const (
	RolloutComplete      RolloutStatus = "complete"
	RolloutInterrupted   RolloutStatus = "interrupted" // with the run
	RolloutStopped       RolloutStatus = "stopped"
	RolloutRolledBack    RolloutStatus = "rolled_back" // only its last wave
	RolloutNotRolledBack RolloutStatus = "rollback_failed"
)

// Complete reports whether nothing failed, was skipped or was rolled back.
func (r *Result) Complete() bool { return r.Failed == 0 && r.Skipped == 0 && r.RolledBack == 0 }
