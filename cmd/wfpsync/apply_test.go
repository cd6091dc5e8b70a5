package main

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// TestTimeout gives runs less time than they take.
func TestTimeout(t *testing.T) {
	listenForSignals()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		s := startSimulation(t, dir, emulator.Options{Options: api.Options{Latency: time.Second}})
		defer s.stop()
		s.write(storyStack)
		o := s.must(exitError, "apply", "--auto-approve", "--timeout", "500ms")
		if o.took != 500*time.Millisecond || !strings.Contains(o.stderr, "timed out; nothing was changed") {
			t.Errorf("after %v: %s", o.took, o.stderr)
		}
		o = s.must(exitPartial, "apply", "--auto-approve", "--timeout", "4500ms", "--concurrency", "2")
		if o.took > 5*time.Second || !strings.Contains(o.stdout, "was stopped before its end") {
			t.Errorf("after %v: %s", o.took, o.stdout)
		}
		s.must(exitOK, "apply", "--auto-approve", "--timeout", "10m")
		s.must(exitOK, "plan", "--detailed-exitcode")
	})
}

// TestOvertaken lets another program write while a plan is applied: what they
// wrote stays, and the run stops and says what it met.
func TestOvertaken(t *testing.T) {
	listenForSignals()
	for name, story := range map[string]struct {
		theirs    string // the Worker that they write
		code      int
		complaint string
	}{
		"the first change": {"a", exitStale, "user_worker/customers/a: Modifications failed after 2s: it was changed by another program"},
		"the last one":     {"c", exitPartial, "user_worker/customers/c: Modifications failed after 2s: it was changed by another program"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				s := startSimulation(t, dir, emulator.Options{Options: api.Options{Latency: time.Second}}) // so that no list is a moment old
				defer s.stop()
				const text = "version: 1\nname: s\ndefaults: { compatibility_date: 1999-01-01 }\ndispatch_namespaces: { customers: {} }\nuser_workers:\n" +
					"  a: { dispatch_namespace: customers, script: 'export default {}' }\n" +
					"  b: { dispatch_namespace: customers, script: 'export default {}' }\n" +
					"  c: { dispatch_namespace: customers, script: 'export default {}' }\n"
				s.write(text)
				s.must(exitOK, "apply", "--auto-approve")
				s.write(strings.ReplaceAll(text, "1999-01-01", "1999-02-02"))
				worker := story.theirs
				s.handler.set(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/scripts/"+worker) {
						tampering := api.Tampering{ModifiedOn: time.Now().Add(time.Hour), Modules: []api.Module{{Name: "index.js", Content: []byte("theirs")}}}
						if err := s.account.ForTests().Tamper(emulator.LocalAccountID, "customers", worker, tampering); err != nil {
							t.Error(err)
						}
					}
					s.account.ServeHTTP(w, r)
				}))
				o := s.must(story.code, "apply", "--auto-approve", "--concurrency", "1")
				if !strings.Contains(o.stderr, story.complaint) || !strings.Contains(o.stderr, "it was left unchanged") {
					t.Errorf("it does not say %q:\n%s", story.complaint, o.stderr)
				}
				_, code := request(s.account, http.MethodGet, "/workers/dispatch/namespaces/customers/scripts/"+worker+"/content")
				if !strings.Contains(string(code), "theirs") {
					t.Errorf("the other program's code is now\n%s", code)
				}
			})
		})
	}
}

// TestPromptEndsWithTheContext: no one answers, and the user interrupts.
func TestPromptEndsWithTheContext(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	a := &app{stdin: reader}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if line, err := a.readLine(ctx); err == nil || line != "" {
		t.Errorf("read %q, %v", line, err)
	}
	if _, err := writer.WriteString("yes\n"); err != nil {
		t.Fatal(err)
	}
}

// TestLiveDisplay runs an apply as on a terminal.
func TestLiveDisplay(t *testing.T) {
	listenForSignals()
	dir := t.TempDir()
	screen, err := os.CreateTemp(dir, "screen")
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	bubble(t, func(t *testing.T) {
		s := startSimulation(t, dir, emulator.Options{Options: api.Options{Latency: time.Second}})
		defer s.stop()
		s.write(storyStack)
		s.terminal = screen
		s.must(exitOK, "apply", "--auto-approve")
	})
	shown, err := os.ReadFile(screen.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"user Workers", "routes", "all changes", "17/17", "under way"} {
		if !strings.Contains(string(shown), want) {
			t.Errorf("there is no %q in\n%s", want, shown)
		}
	}
}

// TestSecondInterruptAbandons lets a run drain that cannot, and abandons it.
func TestSecondInterruptAbandons(t *testing.T) {
	state := &interrupts{}
	if state.beginDraining() {
		t.Error("there was nothing to drain")
	}
	var notes atomic.Int32
	drain := (&app{}).drainOnInterrupt(context.WithValue(t.Context(), interruptsKey{}, state), func(string) { notes.Add(1) })
	if !state.beginDraining() || !isClosed(drain) || notes.Load() != 1 {
		t.Errorf("the first interrupt does not drain; %d notes", notes.Load())
	}
	if state.beginDraining() {
		t.Error("the second interrupt drains again")
	}
}
