package cloudflare

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/wfpsync/wfpsync/internal/cloudflare/cloudflaretest"
)

func TestRatelimitHeaders(t *testing.T) {
	header := http.Header{
		"Ratelimit":        {`"default";r=50;t=30, "burst";t=1;r=0`},
		"Ratelimit-Policy": {`"default";q=1200;w=300`, `"burst";q=100;w=60;x=y`},
	}
	want := map[string]remaining{"default": {50, 30 * time.Second}, "burst": {0, time.Second}}
	if diff := cmp.Diff(want, parseRemaining(header), cmp.AllowUnexported(remaining{})); diff != "" {
		t.Error(diff)
	}
	policy := map[string]Limit{"default": {1200, 5 * time.Minute}, "burst": {100, time.Minute}}
	if diff := cmp.Diff(policy, parsePolicy(header)); diff != "" {
		t.Error(diff)
	}
	for _, value := range []string{"", ";", "default;r=;t=1", "default;r=-1;t=1", "default;r=1", "r=1;t=1;,,;=", `"a";r=99999999999;t=1`} {
		odd := http.Header{"Ratelimit": {value}, "Ratelimit-Policy": {value, `"z";q=0;w=1`, `"z";q=1;w=0`, `"z";q=9999999;w=1`}}
		if said, policy := parseRemaining(odd), parsePolicy(odd); len(said) > 0 || len(policy) > 0 {
			t.Errorf("%q was read as %v and %v", value, said, policy)
		}
	}
}

// platform counts requests as Cloudflare does, by those that it has seen within
// its window, and announces its limit or does not.
type platform struct {
	limit  Limit
	silent bool

	mu      sync.Mutex
	seen    []time.Time
	refused int
}

func (p *platform) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(20 * time.Millisecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for len(p.seen) > 0 && now.Sub(p.seen[0]) >= p.limit.Window {
		p.seen = p.seen[1:]
	}
	recorder := httptest.NewRecorder()
	if len(p.seen) >= p.limit.Requests {
		p.refused++
		failure(429, 10429, "", "Retry-After", fmt.Sprint(int(p.limit.Window.Seconds())))(recorder, r)
		return recorder.Result(), nil
	}
	p.seen = append(p.seen, now)
	if !p.silent {
		reset := p.limit.Window - now.Sub(p.seen[0])
		recorder.Header().Set("Ratelimit", fmt.Sprintf(`"default";r=%d;t=%d`, p.limit.Requests-len(p.seen), int(reset.Seconds())+1))
		recorder.Header().Set("Ratelimit-Policy", fmt.Sprintf(`"default";q=%d;w=%d`, p.limit.Requests, int(p.limit.Window.Seconds())))
	}
	success(`{}`)(recorder, r)
	return recorder.Result(), nil
}

// send makes requests, some concurrently, and returns how long that took.
func send(t *testing.T, client *Client, requests, parallel int) time.Duration {
	began := time.Now()
	var wg sync.WaitGroup
	for range parallel {
		wg.Go(func() {
			for range requests / parallel {
				if err := get(client); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(began)
}

// A known limit is never broken, and used to the full.
func TestLimitIsUsedWhole(t *testing.T) {
	for _, silent := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := &platform{limit: Limit{100, time.Minute}, silent: silent}
			client, err := New(Options{Limits: []Limit{p.limit}, Transport: cloudflaretest.NoBody(p)}, testProducts)
			if err != nil {
				t.Fatal(err)
			}
			took := send(t, client, 320, 8)
			if p.refused > 0 || took < 3*time.Minute || took > 3*time.Minute+10*time.Second {
				t.Errorf("silent: %v: 320 requests at 100 a minute took %v, and %d were refused", silent, took, p.refused)
			}
		})
	}
}

// An unknown limit is learned from the server's headers, before it refuses a
// request.
func TestLimitIsLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{limit: Limit{100, time.Minute}}
		client, err := New(Options{Transport: cloudflaretest.NoBody(p)}, testProducts)
		if err != nil {
			t.Fatal(err)
		}
		if err := get(client); err != nil {
			t.Fatal(err)
		}
		// Meanwhile the dashboard uses half of it.
		p.mu.Lock()
		for range 50 {
			p.seen = append(p.seen, time.Now())
		}
		p.mu.Unlock()
		took := send(t, client, 160, 8)
		if p.refused > 0 || took > 3*time.Minute {
			t.Errorf("160 requests took %v, and %d were refused", took, p.refused)
		}
	})
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{limit: Limit{100, time.Minute}, silent: true}
		client, err := New(Options{Limits: []Limit{p.limit}, Transport: cloudflaretest.NoBody(p)}, testProducts)
		if err != nil {
			t.Fatal(err)
		}
		for requests, want := range map[int]time.Duration{0: 0, 1: 0, 100: 0, 101: time.Minute, 250: 2 * time.Minute} {
			if got := client.Pace(requests); got != want {
				t.Errorf("%d requests are said to take %v, want %v", requests, got, want)
			}
		}
		said := client.Pace(320)
		if took := send(t, client, 320, 8); took < said || took > said+10*time.Second {
			t.Errorf("took %v, said %v", took, said)
		}
		unlimited, err := New(Options{}, testProducts)
		if err != nil || unlimited.Pace(1e6) != 0 {
			t.Errorf("without a limit, it takes %v (%v)", unlimited.Pace(1e6), err)
		}
		unlimited.limiter.pause(time.Minute)
		if got := unlimited.Pace(1); got != time.Minute {
			t.Errorf("requests are paused for %v", got)
		}
	})
}

func TestLimitsThatLetNothingThrough(t *testing.T) {
	for _, limit := range []Limit{{}, {0, time.Second}, {-1, time.Second}, {1, 0}} {
		if _, err := New(Options{Limits: []Limit{limit}}, testProducts); err == nil {
			t.Errorf("%+v was taken", limit)
		}
	}
}
