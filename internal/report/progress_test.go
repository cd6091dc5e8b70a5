package report

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
)

// screen is a writer that goroutines share.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// slowRun begins three changes at once, takes a minute for the first, lets the
// second fail and skips the third.
func slowRun(p *Progress) {
	p.Event(applier.Started{Address: customerA, Action: planner.Create})
	p.Event(applier.Started{Address: customerB, Action: planner.Create})
	time.Sleep(time.Minute)
	p.Event(applier.Succeeded{Address: customerA, Action: planner.Create, Took: time.Minute})
	p.Note("a note")
	p.Event(applier.Failed{Address: customerB, Action: planner.Create, Took: time.Minute, Err: errors.New("refused")})
	p.Event(applier.Skipped{Address: routerAddress, Action: planner.Create, Because: customerB})
	p.Close()
}

func threeChanges() *planner.Plan {
	return planOf(
		planner.Change{Address: customerA, Action: planner.Create},
		planner.Change{Address: customerB, Action: planner.Create},
		planner.Change{Address: routerAddress, Action: planner.Create},
	)
}

func TestProgressInALog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out screen
		slowRun(NewProgress(&out, threeChanges(), ProgressOptions{Now: time.Now, Pace: func(n int) time.Duration { return time.Duration(n) * time.Second }}))
		text := out.String()
		for _, want := range []string{
			"Creating...\n",
			"Still applying: 0 of 3 changes done, 2 under way, about 3s left\n",
			"Creation complete after 1m0s\n",
			"a note\n",
			"Creation failed after 1m0s: refused\n",
			"Creation skipped because of user_worker/customer-workers/customer-b-worker\n",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("there is no %q in\n%s", want, text)
			}
		}
		if n := strings.Count(text, "Still applying"); n < 1 || n > 2 {
			t.Errorf("%d signs of life in a minute", n)
		}
	})
}

func TestProgressOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out screen
		slowRun(NewProgress(&out, threeChanges(), ProgressOptions{Live: true, Now: time.Now, Pace: func(int) time.Duration { return 0 }}))
		text := out.String()
		for _, want := range []string{
			"\x1b[", // drawn in place
			"user Workers", "Workers ", "all changes", "3/3", "[=====", "1 failed",
			"a note\n",
			"Creation failed after 1m0s: refused\n",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("there is no %q in\n%s", want, text)
			}
		}
		if strings.Contains(text, "Creating...") {
			t.Error("changes have lines of their own")
		}
		t.Log("the last picture:\n" + text[strings.LastIndex(text, "\x1b["):])
	})
}

func TestProgressThatIsStopped(t *testing.T) {
	var out screen
	p := NewProgress(&out, threeChanges(), ProgressOptions{Live: true, Now: time.Now})
	p.Event(applier.Started{Address: customerA, Action: planner.Create})
	p.Close()
	if !strings.Contains(out.String(), "0/3") {
		t.Errorf("the last picture is missing:\n%s", out.String())
	}
}

func TestQuietProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, live := range []bool{false, true} {
			var out screen
			slowRun(NewProgress(&out, threeChanges(), ProgressOptions{Quiet: true, Live: live, Now: time.Now}))
			if out.String() != "a note\n" {
				t.Errorf("it said\n%s", out.String())
			}
		}
	})
}

// The time left follows from the last changes, and from the limit if that is
// slower.
func TestTimeLeft(t *testing.T) {
	now := time.Unix(0, 0)
	pace := time.Duration(0)
	p := NewProgress(&screen{}, planOf(), ProgressOptions{Quiet: true, Now: func() time.Time { return now }, Pace: func(n int) time.Duration { return time.Duration(n) * pace }})
	defer p.Close()
	p.total = 1000
	step := func(changes int, each time.Duration) {
		for range changes {
			p.Event(applier.Started{Address: customerA})
			now = now.Add(each)
			p.Event(applier.Succeeded{Address: customerA})
		}
	}
	expect := func(want time.Duration) {
		t.Helper()
		if got := p.left(); got < want*9/10 || got > want*11/10 {
			t.Errorf("%v are left, want about %v", got, want)
		}
	}
	expect(0)
	step(200, time.Second)
	expect(800 * time.Second)
	now = now.Add(5 * time.Minute) // a pause
	expect(800 * time.Second)
	step(maxRecent, 100*time.Millisecond)
	expect(73 * time.Second)
	pace = time.Second
	expect(736 * time.Second)
	step(736, time.Second)
	expect(0)
}
