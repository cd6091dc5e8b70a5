package cloudflare

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The API says with every answer what its limits are and what is left of them:
//
//	Ratelimit-Policy: "default";q=1200;w=300
//	Ratelimit: "default";r=50;t=30
//
// q requests in w seconds; r of them left, until t seconds from now.
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

// mostTracked bounds the memory that a header can make us use.
const maxTracked = 1 << 16

// eachLimit reads a list of quoted names with two parameters each, and passes
// over what is not of this form.
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
