package spec

import (
	"fmt"
	"strconv"
	"time"

	"github.com/wfpsync/wfpsync/diag"
)

// Rollout says how new code and settings reach the user Workers of a fleet:
// wave by wave, each after the one before has succeeded.
type Rollout struct {
	// Name is the fleet's.
	Name string `json:"name"`

	// Waves contain every user Worker of the fleet once. None of them is empty.
	Waves []Wave `json:"waves"`

	// Pause is the time between two waves.
	Pause time.Duration `json:"pause_ns,omitempty"`

	// MaxFailures is how many of the changed user Workers of a wave may fail.
	MaxFailures Limit `json:"max_failures"`

	OnFailure OnFailure `json:"on_failure"`

	// At is where the file first defines it.
	At diag.Range `json:"-"`
}

// Wave is one step of a rollout.
type Wave struct {
	// Of says which user Workers are in it, as the file spells it: a share, a
	// number, or a condition; "" for the rest, which the file does not mention.
	Of string `json:"of,omitempty"`

	// Members is how many user Workers of the fleet are in it, changed or not.
	Members int `json:"members"`
}

// OnFailure says what happens to a wave that has failed.
type OnFailure string

const (
	// StopRollout leaves the wave as it is.
	StopRollout OnFailure = "stop"

	// RollBack restores the wave's user Workers.
	RollBack OnFailure = "rollback"
)

// RolloutMember is the place of one user Worker in a rollout.
type RolloutMember struct {
	// Name is the rollout's.
	Name string `json:"name"`

	// Wave counts from 1.
	Wave int `json:"wave"`

	// Probe is what the user Worker must answer; nil for none.
	Probe *Probe `json:"probe,omitempty"`
}

// Probe is a request to a user Worker, and the expected answer.
type Probe struct {
	URL    string `json:"url"`
	Method string `json:"method"`

	// Headers are sorted by name.
	Headers []ProbeHeader `json:"headers,omitempty"`

	// ConnectTo is the HOST:PORT that the request goes to; "" for the URL's
	// own.
	ConnectTo string `json:"connect_to,omitempty"`

	// Status are the accepted statuses; none means any from 200 to 299.
	Status []int `json:"status,omitempty"`

	// BodyContains is text that the answer must contain; "" for any answer.
	BodyContains string `json:"body_contains,omitempty"`

	// Timeout limits one attempt, and Interval is the time between two.
	Timeout  time.Duration `json:"timeout_ns"`
	Attempts int           `json:"attempts"`
	Interval time.Duration `json:"interval_ns"`
}

// ProbeHeader is a header of a probe. Secret says where a confidential value
// comes from; it is nil for any other.
type ProbeHeader struct {
	Name   string        `json:"name"`
	Value  string        `json:"value,omitempty"`
	Secret *SecretSource `json:"secret,omitempty"`
}

// Accepts reports whether a status is an accepted one.
func (p *Probe) Accepts(status int) bool {
	for _, s := range p.Status {
		if s == status {
			return true
		}
	}
	return len(p.Status) == 0 && status >= 200 && status <= 299
}

// MarshalText returns the limit as [Limit.String] does.
func (l Limit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what [Limit.MarshalText] writes.
func (l *Limit) UnmarshalText(text []byte) error {
	if percent, ok := ParseShare(string(text)); ok {
		*l = Limit{Percent: percent}
		return nil
	}
	count, err := strconv.Atoi(string(text))
	if err != nil || count < 0 {
		return fmt.Errorf("%q is not a limit", text)
	}
	*l = Limit{Count: count}
	return nil
}
