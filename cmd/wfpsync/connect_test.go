package main

import (
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/account"
)

// TestRateStaysBelowThePlatforms counts what may go out in the worst five
// minutes: everything that was saved up, and what comes in meanwhile.
func TestRateStaysBelowThePlatforms(t *testing.T) {
	for _, test := range []struct {
		flag    int
		baseURL string
		want    int // 0: no limit
	}{
		{-1, account.DefaultBaseURL, 1200},
		{-1, "http://127.0.0.1:8788/client/v4", 0},
		{0, account.DefaultBaseURL, 0},
		{600, "http://127.0.0.1:8788/client/v4", 600},
		{1, account.DefaultBaseURL, 2}, // less than one at once is not possible
	} {
		limiter := (&app{flags: globalFlags{rate: test.flag}}).limiter(test.baseURL)
		if test.want == 0 {
			if limiter != nil {
				t.Errorf("--rate %d for %s is limited", test.flag, test.baseURL)
			}
			continue
		}
		began, passed := time.Now(), 0
		for limiter.AllowN(began, 1) {
			passed++
		}
		for second := range int(rateWindow / time.Second) {
			for limiter.AllowN(began.Add(time.Duration(second+1)*time.Second), 1) {
				passed++
			}
		}
		if passed > test.want || passed < test.want/2 {
			t.Errorf("--rate %d lets %d requests through in five minutes", test.flag, passed)
		}
	}
}
