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

	// Because is the failed change a skipped one depends on; absent when the
	// run was stopped.
	Because spec.Address `json:"because,omitzero"`

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
)

// Complete reports whether every change was made that could be.
func (r *Result) Complete() bool { return r.Failed == 0 && r.Skipped == 0 }
