package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// rivals returns a stack whose Workers all say a word, in code and in a
// variable.
func rivals(stack, word string, names ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nname: %s\ndefaults: { compatibility_date: 1999-10-01 }\ndispatch_namespaces: { customers: {} }\nkv_namespaces: { shared: {} }\nuser_workers:\n", stack)
	for _, name := range names {
		fmt.Fprintf(&b, "  %s: { dispatch_namespace: customers, script: \"export default { word: '%s' }\", vars: { WORD: %s }, kv_namespaces: [{ binding: KV, ref: shared }] }\n", name, word, word)
	}
	return b.String()
}

var rivalNames = []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}

// words returns what each Worker of the account says, in its code and in its
// settings; they are never two words.
func words(t *testing.T, account http.Handler) map[string]string {
	t.Helper()
	said := map[string]string{}
	inCode, inSettings := regexp.MustCompile(`word: '(\w+)'`), regexp.MustCompile(`"WORD","text":"(\w+)"|"text":"(\w+)"`)
	for _, name := range rivalNames {
		path := "/workers/dispatch/namespaces/customers/scripts/" + name
		_, code := request(account, http.MethodGet, path+"/content")
		_, settings := request(account, http.MethodGet, path+"/settings")
		word := inCode.FindSubmatch(code)
		if word == nil {
			continue
		}
		said[name] = string(word[1])
		if m := inSettings.FindSubmatch(settings); m == nil || string(m[1])+string(m[2]) != said[name] {
			t.Errorf("%s has the code of %q, and other settings: %s", name, said[name], settings)
		}
	}
	return said
}

// beside returns the same account with the stack file of another folder.
func (s *simulation) beside(name string) *simulation {
	s.t.Helper()
	other := *s
	other.dir = filepath.Join(s.dir, name)
	if err := os.MkdirAll(other.dir, 0o755); err != nil {
		s.t.Fatal(err)
	}
	return &other
}

// race lets two stacks be applied at once to an account with an unsteady
// network, and returns how each ended.
func race(t *testing.T, s *simulation, seed int, first, second string) [2]outcome {
	random := rand.New(rand.NewPCG(uint64(seed), 1))
	var mu sync.Mutex
	draw := func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(random.IntN(100)) * time.Millisecond
	}
	s.handler.set(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(draw())
		s.account.ServeHTTP(w, r)
		time.Sleep(draw())
	}))
	defer func() { s.handler.set(s.account) }()
	var outcomes [2]outcome
	var wg sync.WaitGroup
	for i, stack := range []string{first, second} {
		rival := s.beside(fmt.Sprint(i))
		rival.write(stack)
		delay := draw()
		wg.Go(func() {
			time.Sleep(delay)
			outcomes[i] = rival.run(t.Context(), "apply", "--auto-approve", "--concurrency", "3")
		})
	}
	wg.Wait()
	return outcomes
}

// TestAnApplyWithinAnother lets a whole run pass after another one has made its
// plan and before it writes: all that the first to write has done stays, and the
// other one says what it met.
func TestAnApplyWithinAnother(t *testing.T) {
	listenForSignals()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		s := startSimulation(t, dir, emulator.Options{})
		defer s.stop()
		s.write(rivals("s", "old", rivalNames...))
		s.must(exitOK, "apply", "--auto-approve")
		within := s.beside("within")
		within.write(rivals("s", "second", rivalNames...))
		ofOne := regexp.MustCompile(`/scripts/[a-j]$`) // no plan asks for these
		var met atomic.Bool
		s.handler.set(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if ofOne.MatchString(r.URL.Path) && met.CompareAndSwap(false, true) {
				within.must(exitOK, "apply", "--auto-approve")
			}
			s.account.ServeHTTP(w, r)
		}))
		s.write(rivals("s", "first", rivalNames...))
		o := s.run(t.Context(), "apply", "--auto-approve", "--concurrency", "1")
		if o.code != exitStale || !strings.Contains(o.stderr, "it was changed by a run for the stack \"s\"") {
			t.Errorf("exit code %d, want %d\n%s%s", o.code, exitStale, o.stdout, o.stderr)
		}
		for name, word := range words(t, s.account) {
			if word != "second" {
				t.Errorf("%s says %q", name, word)
			}
		}
	})
}

// TestAnApplyWithinAPause lets a whole run pass while another one waits for the rate
// limit, be it with a look, a list or a write. What that one writes when it may go on
// is looked at then, and not before.
func TestAnApplyWithinAPause(t *testing.T) {
	t.Parallel()
	listenForSignals()
	for rate := 12; rate <= 26; rate++ { // 27 are enough for all
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			s := startSimulation(t, dir, emulator.Options{})
			defer s.stop()
			s.write(rivals("s", "old", rivalNames...))
			s.must(exitOK, "apply", "--auto-approve")
			within := s.beside("within")
			within.write(rivals("s", "second", rivalNames...))
			var wg sync.WaitGroup
			wg.Go(func() {
				time.Sleep(rateWindow / 2)
				within.must(exitOK, "apply", "--auto-approve", "--rate", "0")
			})
			s.write(rivals("s", "first", rivalNames...))
			o := s.run(t.Context(), "apply", "--auto-approve", "--concurrency", "3", "--rate", fmt.Sprint(rate))
			wg.Wait()
			said := strings.Contains(o.stderr, "it was changed by a run for the stack \"s\"") || strings.Contains(o.stderr, "right after this one")
			if o.took < rateWindow || o.code != exitStale && o.code != exitPartial || !said {
				t.Errorf("rate %d: exit code %d after %v\n%s%s", rate, o.code, o.took, o.stdout, o.stderr)
			}
			for name, word := range words(t, s.account) {
				if word != "second" {
					t.Errorf("rate %d: %s says %q", rate, name, word)
				}
			}
		})
	}
}

// TestTwoUploadsAtOnce lets two runs look at a Worker before either has uploaded it,
// which no look can prevent. The one whose upload came first finds out, although it has
// nothing else to do and the other one's takes longer.
func TestTwoUploadsAtOnce(t *testing.T) {
	listenForSignals()
	for _, shape := range []api.ListShape{{}, {WithoutTags: true}} {
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			s := startSimulation(t, dir, emulator.Options{Options: api.Options{ListShape: shape}})
			defer s.stop()
			s.write(rivals("s", "old", "a"))
			s.must(exitOK, "apply", "--auto-approve")
			s.handler.set(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
				time.Sleep(25 * time.Millisecond)
				if r.Method == http.MethodPut && bytes.Contains(body, []byte("second")) {
					time.Sleep(100 * time.Millisecond)
				}
				s.account.ServeHTTP(w, r)
				time.Sleep(25 * time.Millisecond)
			}))
			second := s.beside("second")
			s.write(rivals("s", "first", "a"))
			second.write(rivals("s", "second", "a"))
			second.must(exitOK, "plan") // reads the tags, so that neither run needs a request more than the other
			var ends [2]outcome
			var wg sync.WaitGroup
			wg.Go(func() { ends[0] = s.run(t.Context(), "apply", "--auto-approve") })
			wg.Go(func() { ends[1] = second.run(t.Context(), "apply", "--auto-approve") })
			wg.Wait()
			if ends[0].code != exitPartial || !strings.Contains(ends[0].stderr, applier.ErrOverwritten.Error()) {
				t.Errorf("%+v: exit code %d, want %d\n%s%s", shape, ends[0].code, exitPartial, ends[0].stdout, ends[0].stderr)
			}
			if said := words(t, s.account)["a"]; ends[1].code != exitOK || said != "second" {
				t.Errorf("%+v: exit code %d, and it says %q\n%s", shape, ends[1].code, said, ends[1].stderr)
			}
		})
	}
}

// TestTwoAppliesOfAStack applies two versions of a stack at once. Every Worker
// is one or the other, a run that ends well has all of its own in place, and
// the one that does not says so.
func TestTwoAppliesOfAStack(t *testing.T) {
	t.Parallel()
	listenForSignals()
	ends := map[string]int{}
	for seed := range 50 {
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			s := startSimulation(t, dir, emulator.Options{})
			defer s.stop()
			if seed%2 == 1 { // an update, else a first apply
				s.write(rivals("s", "old", rivalNames...))
				s.must(exitOK, "apply", "--auto-approve")
			}
			outcomes := race(t, s, seed, rivals("s", "first", rivalNames...), rivals("s", "second", rivalNames...))
			said := words(t, s.account)
			won := 0
			for i, word := range []string{"first", "second"} {
				o := outcomes[i]
				if o.code != exitOK && o.code != exitPartial && o.code != exitStale {
					t.Errorf("seed %d: the %s run: exit code %d\n%s%s", seed, word, o.code, o.stdout, o.stderr)
				}
				if o.code != exitOK {
					if !strings.Contains(o.stderr, "since the plan was made") && !strings.Contains(o.stderr, "right after this one") {
						t.Errorf("seed %d: the %s run does not say what it met:\n%s", seed, word, o.stderr)
					}
					continue
				}
				won++
				for _, name := range rivalNames {
					if said[name] != word {
						t.Errorf("seed %d: the %s run ended well, and %s says %q", seed, word, name, said[name])
					}
				}
			}
			ends[fmt.Sprintf("%d of 2 ended well", won)]++
			s.write(rivals("s", "last", rivalNames...))
			s.must(exitOK, "apply", "--auto-approve")
			s.must(exitOK, "plan", "--detailed-exitcode")
		})
	}
	t.Log(ends)
}

// TestTwoAppliesOfDifferentStacks applies two stacks that share a namespace and
// a store at once: neither touches what is the other's.
func TestTwoAppliesOfDifferentStacks(t *testing.T) {
	t.Parallel()
	listenForSignals()
	for seed := range 50 {
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			s := startSimulation(t, dir, emulator.Options{})
			defer s.stop()
			outcomes := race(t, s, seed, rivals("one", "first", rivalNames[:5]...), rivals("two", "second", rivalNames[5:]...))
			for i, o := range outcomes {
				if o.code != exitOK {
					t.Errorf("seed %d: run %d: exit code %d\n%s%s", seed, i, o.code, o.stdout, o.stderr)
				}
			}
			said := words(t, s.account)
			for i, name := range rivalNames {
				if want := []string{"first", "second"}[i/5]; said[name] != want {
					t.Errorf("seed %d: %s says %q, want %q", seed, name, said[name], want)
				}
			}
			// One goes on; the other stays as it is.
			s.write(rivals("one", "third", rivalNames[:4]...))
			s.must(exitOK, "apply", "--auto-approve")
			said = words(t, s.account)
			if said["a"] != "third" || said["e"] != "" || said["f"] != "second" {
				t.Errorf("seed %d: %v", seed, said)
			}
		})
	}
}
