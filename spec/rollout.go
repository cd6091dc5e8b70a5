package spec

import (
	"fmt"
	"strconv"
	"time"

	"github.com/wfpsync/wfpsync/diag"
)

// Rollout is how new code and settings reach the user Workers of a fleet: wave by
// wave, each after the one before it has proved itself.
type Rollout struct {
	// Name is the fleet's.
	Name string `json:"name"`

	// Waves have every user Worker of the fleet once. There is no wave without any.
	Waves []Wave `json:"waves"`

	// Pause is the time between two waves.
	Pause time.Duration `json:"pause_ns,omitempty"`

	// MaxFailures is how many user Workers of a wave may fail, of those that it
	// changes.
	MaxFailures Limit `json:"max_failures"`

	OnFailure OnFailure `json:"on_failure"`

	// At is where the file says it first.
	At diag.Range `json:"-"`
}

// Wave is one step of a rollout.
type Wave struct {
	// Of says who is in it, as the file spells it: a share, a number, or a
	// condition; "" for the rest, of which the file says nothing.
	Of string `json:"of,omitempty"`

	// Members is how many of the fleet are in it, changed or not.
	Members int `json:"members"`
}

// OnFailure is what becomes of a wave that has failed.
type OnFailure string

const (
	// StopRollout leaves the wave as it is.
	StopRollout OnFailure = "stop"

	// RollBack gives the wave's user Workers back what they were.
	RollBack OnFailure = "rollback"
)

// Turn is the place of one user Worker in a rollout.
type RolloutMember struct {
	// Rollout is its name.
	Name string `json:"name"`

	// Wave counts from 1.
	Wave int `json:"wave"`

	// Probe is what the user Worker must answer; nil where nothing is asked.
	Probe *Probe `json:"probe,omitempty"`
}

// Probe is a request to a user Worker, and what the answer must be like.
type Probe struct {
	URL    string `json:"url"`
	Method string `json:"method"`

	// Headers are sorted by name.
	Headers []ProbeHeader `json:"headers,omitempty"`

	// ConnectTo is the HOST:PORT that the request goes to; "" for that of the URL.
	ConnectTo string `json:"connect_to,omitempty"`

	// Status are those that are all right; none means any from 200 to 299.
	Status []int `json:"status,omitempty"`

	// BodyContains is a text in the answer; "" for any answer.
	BodyContains string `json:"body_contains,omitempty"`

	// Timeout is for one attempt, and Interval the time between two.
	Timeout  time.Duration `json:"timeout_ns"`
	Attempts int           `json:"attempts"`
	Interval time.Duration `json:"interval_ns"`
}

// ProbeHeader is a header of a probe. Secret says where a confidential value
// comes from, and is nil for any other.
type ProbeHeader struct {
	Name   string        `json:"name"`
	Value  string        `json:"value,omitempty"`
	Secret *SecretSource `json:"secret,omitempty"`
}

// Accepts reports whether an answer's status is one of those expected.
func (p *Probe) Accepts(status int) bool {
	for _, s := range p.Status {
		if s == status {
			return true
		}
	}
	return len(p.Status) == 0 && status >= 200 && status <= 299
}

// MarshalText is the limit as [Limit.String] has it.
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
