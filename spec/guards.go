package spec

import (
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// Guards are limits on what one plan may do to the stack's user Workers in one
// dispatch namespace, and to its custom hostnames and DNS records in one zone. A
// list that came out empty by mistake must not take every customer off the net.
type Guards struct {
	MaxDelete Limit
	MaxUpdate Limit

	// MinExisting is how many of them there must be for shares of them to mean
	// anything.
	MinExisting int
}

// DefaultGuards hold where the file says nothing.
var DefaultGuards = Guards{MaxDelete: Limit{Percent: 30}, MaxUpdate: Limit{Percent: 100}, MinExisting: 10}

// Limit is a number, or a share of what there is.
type Limit struct {
	Count   int
	Percent float64 // counts when it is not zero
	At      diag.Range
}

// Of is the limit as a number, given how many there are.
func (l Limit) Of(existing int) int {
	if l.Percent != 0 {
		return int(float64(existing) * l.Percent / 100)
	}
	return l.Count
}

// String is the limit as a stack file spells it.
func (l Limit) String() string {
	if l.Percent != 0 {
		return strconv.FormatFloat(l.Percent, 'g', -1, 64) + "%"
	}
	return strconv.Itoa(l.Count)
}

// ParseShare reads a share from 0% to 100%, as a percentage.
func ParseShare(text string) (percent float64, ok bool) {
	number, ok := strings.CutSuffix(text, "%")
	percent, err := strconv.ParseFloat(number, 64)
	return percent, ok && err == nil && percent >= 0 && percent <= 100 // which no NaN is
}
