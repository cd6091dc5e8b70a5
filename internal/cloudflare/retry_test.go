package cloudflare

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wfpsync/wfpsync/internal/cloudflare/cloudflaretest"
)

func TestRetriesEnd(t *testing.T) {
	handler, n := answers(reply(503, "text/html", ""))
	c := craft(t, handler, func(o *Options) { o.RetryMax = 3 })
	err := get(c.Client)
	if *n != 4 || err == nil || !strings.Contains(err.Error(), "(HTTP 503, after 4 attempts)") {
		t.Errorf("%d requests, then %v", *n, err)
	}
	handler, n = answers(reply(503, "text/html", ""))
	if err := get(craft(t, handler, func(o *Options) { o.RetryMax = -1 }).Client); err == nil || *n != 1 {
		t.Errorf("%d requests without retries, then %v", *n, err)
	}
}
func TestRetryAfterIsHonoured(t *testing.T) {
	handler, _ := answers(failure(429, 10429, "slow down", "Retry-After", "287"), success(`{}`))
	c := craft(t, handler)
	if err := get(c.Client); err != nil {
		t.Fatal(err)
	}
	if got := c.waits.Longest(); got < 286*time.Second || got > 287*time.Second {
		t.Errorf("waited %v, want the 287 s that the server asked for", got)
	}
}
func TestRetryAfterAsDate(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"90":                            90 * time.Second,
		"-3":                            0,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute,
		"Fri, 02 Jan 2026 03:00:00 GMT": 0,
		"soon":                          0,
		"":                              0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("Retry-After %q is %v, want %v", value, got, want)
		}
	}
}

// A throttled request holds all others back, until the time that the server
// named.
func TestThrottleHoldsEverybodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var late []time.Duration
		start, throttle := time.Now(), true
		client, err := New(Options{Limits: []Limit{{8, 2 * time.Second}}, Transport: cloudflaretest.Answering(func(r *http.Request) *http.Response {
			mu.Lock()
			defer mu.Unlock()
			recorder := httptest.NewRecorder()
			if throttle {
				throttle = false
				failure(429, 0, "", "Retry-After", "300")(recorder, r)
			} else {
				late = append(late, time.Since(start))
				success(`{}`)(recorder, r)
			}
			return recorder.Result()
		})}, testProducts)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				if err := get(client); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, d := range late {
			if d < 300*time.Second {
				t.Errorf("a request was sent after %v", d)
			}
		}
		if len(late) != 20 {
			t.Errorf("%d requests were answered, want 20", len(late))
		}
	})
}

// The wait for a distant Retry-After ends at once when the context does.
func TestCancelDuringRetryAfter(t *testing.T) {
	waiting := make(chan struct{})
	c := craft(t, failure(429, 0, "", "Retry-After", "3600"), func(o *Options) {
		o.Sleep = func(ctx context.Context, d time.Duration) error {
			close(waiting)
			return sleep(ctx, d)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-waiting; cancel() }()
	start := time.Now()
	err := getIn(ctx, c.Client)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("returned after %v", d)
	}
	if want := "context canceled while waiting to try again after"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v does not say %q", err, want)
	}
}
func TestNoAnswerIsAnErrorWithItsCause(t *testing.T) {
	c := craft(t, hangUp, func(o *Options) { o.RetryMax = -1 })
	err := get(c.Client)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, io.EOF) || e.Status != 0 {
		t.Errorf("got %#v", err)
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		t.Errorf("%v names the request twice", err)
	}
}
