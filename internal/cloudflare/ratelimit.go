package cloudflare

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The API tells its limits, and what is left of them, in every response:
//
//	Ratelimit-Policy: "default";q=1200;w=300
//	Ratelimit: "default";r=50;t=30
//
// q requests in w seconds are allowed; r are left for the next t seconds.
// Source: https://developers.cloudflare.com/fundamentals/api/reference/limits/

// remaining is what a Ratelimit header says of one limit.
type remaining struct {
	requests int
	reset    time.Duration
}

func parseRemaining(h http.Header) map[string]remaining {
	said := map[string]remaining{}
	eachLimit(h.Values("Ratelimit"), "r", "t", func(name string, requests, seconds int) {
		said[name] = remaining{requests, time.Duration(seconds) * time.Second}
	})
	return said
}

func parsePolicy(h http.Header) map[string]Limit {
	said := map[string]Limit{}
	eachLimit(h.Values("Ratelimit-Policy"), "q", "w", func(name string, requests, seconds int) {
		if requests > 0 && requests <= maxTracked && seconds > 0 {
			said[name] = Limit{requests, time.Duration(seconds) * time.Second}
		}
	})
	return said
}

// maxTracked limits the memory that a header can make us use.
const maxTracked = 1 << 16

// eachLimit reads a list of quoted names with two parameters each, and skips
// anything else.
func eachLimit(values []string, first, second string, f func(name string, a, b int)) {
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, rest, _ := strings.Cut(strings.TrimSpace(item), ";")
		parameters := map[string]int{}
		for parameter := range strings.SplitSeq(rest, ";") {
			key, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
			if n, err := strconv.Atoi(value); err == nil && n >= 0 && n <= 1<<30 {
				parameters[key] = n
			}
		}
		a, hasA := parameters[first]
		b, hasB := parameters[second]
		if hasA && hasB {
			f(strings.Trim(name, `"`), a, b)
		}
	}
}
