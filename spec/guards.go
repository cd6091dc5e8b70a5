package spec

import (
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// Guards are limits on what one plan may do to the stack's user Workers in one
// dispatch namespace, and to its custom hostnames and DNS records in one zone.
// A list that is empty by mistake must not disconnect every customer.
type Guards struct {
	MaxDelete Limit
	MaxUpdate Limit

	// MinExisting is how many of them must exist before shares of them are
	// meaningful.
	MinExisting int
}

// DefaultGuards apply if the file does not set any.
var DefaultGuards = Guards{MaxDelete: Limit{Percent: 30}, MaxUpdate: Limit{Percent: 100}, MinExisting: 10}

// Limit is a number, or a share of what exists.
type Limit struct {
	Count   int
	Percent float64 // used if it is not zero
	At      diag.Range
}

// Of returns the limit as a number, given how many exist.
func (l Limit) Of(existing int) int {
	if l.Percent != 0 {
		return int(float64(existing) * l.Percent / 100)
	}
	return l.Count
}

// String returns the limit as a stack file spells it.
func (l Limit) String() string {
	if l.Percent != 0 {
		return strconv.FormatFloat(l.Percent, 'g', -1, 64) + "%"
	}
	return strconv.Itoa(l.Count)
}

// ParseShare parses a share from 0% to 100% and returns the percentage.
func ParseShare(text string) (percent float64, ok bool) {
	number, ok := strings.CutSuffix(text, "%")
	percent, err := strconv.ParseFloat(number, 64)
	return percent, ok && err == nil && percent >= 0 && percent <= 100 // false for NaN
}
