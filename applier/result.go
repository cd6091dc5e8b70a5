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

	// Vanished is how many changes there was nothing left for: their owner has
	// deleted what a template was to write.
	Vanished int `json:"vanished,omitempty"`
	// RolledBack counts the changes that were made and taken back.
	RolledBack int `json:"rolled_back,omitempty"`

	// Rollouts are what became of each rollout, in the plan's order.
	Rollouts []RolloutOutcome `json:"rollouts,omitempty"`

	// Continue is the command that does what is left, for who reads the result;
	// "" where nobody said it.
	Continue string `json:"continue,omitempty"`
}

// Outcome is what became of one change.
type Outcome struct {
	Address spec.Address   `json:"address"`
	Action  planner.Action `json:"action"`
	Status  Status         `json:"status"`

	// Error is why it failed, or was not to be made any more.
	Error string `json:"error,omitempty"`

	// Because is the failed change a skipped one depends on, and Rollout the
	// stopped rollout that it was to come in or after; both are absent when the
	// run was stopped.
	Because spec.Address `json:"because,omitzero"`
	Rollout string       `json:"rollout,omitempty"`

	// Lost are the secrets that a rollback could not bring back.
	Lost []string `json:"lost_secrets,omitempty"`

	Took time.Duration `json:"took_ns,omitempty"`
}

// Status is an outcome in a word.
type Status string

const (
	StatusApplied Status = "applied"
	StatusFailed  Status = "failed"
	StatusSkipped Status = "skipped"

	// StatusVanished: there is nothing left that could be changed.
	StatusVanished Status = "vanished"

	// StatusRolledBack: it was made, and taken back because its wave has failed.
	StatusRolledBack Status = "rolled_back"
)

// RolloutOutcome is what became of one rollout.
type RolloutOutcome struct {
	Name   string        `json:"name"`
	Status RolloutStatus `json:"status"`

	// Wave is the one that it came to, of so many.
	Wave  int `json:"wave"`
	Waves int `json:"waves"`

	// Failures are how many changes of that wave have failed, where the rollout
	// has stopped in it, and MaxFailures how many may.
	Failures    int `json:"failures,omitempty"`
	MaxFailures int `json:"max_failures,omitempty"`
}

// RolloutStatus is the outcome of a rollout in a word.
type RolloutStatus string

const (
	RolloutComplete      RolloutStatus = "complete"
	RolloutInterrupted   RolloutStatus = "interrupted" // with the run
	RolloutStopped       RolloutStatus = "stopped"
	RolloutRolledBack    RolloutStatus = "rolled_back" // its last wave, that is
	RolloutNotRolledBack RolloutStatus = "rollback_failed"
)

// Complete reports whether every change was made that could be.
func (r *Result) Complete() bool { return r.Failed == 0 && r.Skipped == 0 && r.RolledBack == 0 }
