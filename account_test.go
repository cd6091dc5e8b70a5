package wfpsync

import (
	"testing"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
)

// TestRateIsThePlatforms checks that only Cloudflare's own API has a rate limit
// unless the program asks for one.
func TestRateIsThePlatforms(t *testing.T) {
	const local = "http://127.0.0.1:8788/client/v4"
	for _, test := range []struct {
		rate    int
		baseURL string
		want    int // 0: no limit
	}{
		{0, "", 1000},
		{0, cloudflare.DefaultBaseURL + "/", 1000},
		{0, local, 0},
		{NoRate, "", 0},
		{600, local, 600},
		{1, "", 1},
	} {
		limits := ConnectOptions{Rate: test.rate, BaseURL: test.baseURL}.limits()
		got := 0
		if len(limits) > 0 {
			got = limits[0].Requests
		}
		if got != test.want {
			t.Errorf("a rate of %d at %q allows %d requests in five minutes, want %d", test.rate, test.baseURL, got, test.want)
		}
	}
}
