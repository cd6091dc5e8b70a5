package main

import (
	"testing"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
)

// TestRateIsThePlatforms: only Cloudflare's own API is held to its limit unless
// somebody asks for one.
func TestRateIsThePlatforms(t *testing.T) {
	for _, test := range []struct {
		flag    int
		baseURL string
		want    int // 0: no limit
	}{
		{-1, cloudflare.DefaultBaseURL, 1000},
		{-1, "http://127.0.0.1:8788/client/v4", 0},
		{0, cloudflare.DefaultBaseURL, 0},
		{600, "http://127.0.0.1:8788/client/v4", 600},
		{1, cloudflare.DefaultBaseURL, 1},
	} {
		limits := (&app{flags: globalFlags{rate: test.flag}}).limits(test.baseURL)
		got := 0
		if len(limits) > 0 {
			got = limits[0].Requests
		}
		if got != test.want {
			t.Errorf("--rate %d allows %d requests in five minutes, want %d", test.flag, got, test.want)
		}
	}
}
