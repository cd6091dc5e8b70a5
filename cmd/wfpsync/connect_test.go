package main

import (
	"testing"

	"github.com/wfpsync/wfpsync"
)

// TestRateFlag: without the flag the rate is the usual one, and with 0 there is no limit, even at Cloudflare.
func TestRateFlag(t *testing.T) {
	for flag, want := range map[int]int{-1: 0, 0: wfpsync.NoRate, 600: 600} {
		a := &app{flags: globalFlags{rate: flag}, lookupEnv: func(name string) (string, bool) { return "t", name == "CLOUDFLARE_API_TOKEN" }}
		options, done, err := a.connectOptions()
		if err != nil {
			t.Fatal(err)
		}
		done()
		if options.Rate != want {
			t.Errorf("--rate %d: the rate is %d, want %d", flag, options.Rate, want)
		}
	}
}
