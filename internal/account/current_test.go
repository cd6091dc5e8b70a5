package account

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/internal/cloudflare/cloudflaretest"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
)

// unreliable is a local account that loses the answers to the next writes: the
// server has acted, or has not, and the connection breaks.
type unreliable struct {
	*local
	lose   atomic.Int32 // how many writes to come
	acting bool         // does what it was asked to, nevertheless
	before func()       // called when an answer is lost
}

func openUnreliable(t *testing.T) *unreliable {
	u := &unreliable{local: openLocal(t)}
	u.connect(t, cloudflare.Options{Transport: cloudflaretest.RoundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodGet || u.lose.Add(-1) < 0 {
			return http.DefaultTransport.RoundTrip(r)
		}
		if u.acting {
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			resp.Body.Close()
		}
		if u.before != nil {
			u.before()
		}
		return nil, errors.New("connection reset by peer")
	})})
	return u
}

func (u *unreliable) next(lose int, acting bool) {
	u.Asked()
	u.lose.Store(int32(lose))
	u.acting = acting
}

// writes are the requests since the last call that are no reads.
func (u *unreliable) writes() []string {
	return slices.DeleteFunc(u.Asked(), func(r string) bool { return strings.HasPrefix(r, "GET ") })
}

// What is lost is looked for, and repeated only when it was not done.
func TestLostAnswersToScripts(t *testing.T) {
	for _, resource := range []spec.Resource{userWorker("customers", "u"), worker("w")} {
		u := openUnreliable(t)
		put(t, u.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
		changed := resource.(spec.Scripted).WithDefinition(testScript([]func(*spec.Script){func(s *spec.Script) { s.Code = codeOf("export default {}") }}))
		var prior *spec.Revision
		for step, write := range []spec.Resource{resource, changed} {
			u.next(1, true)
			first := put(t, u.Account, write, prior)
			if got := u.writes(); len(got) != 1 {
				t.Errorf("step %d, done before the answer was lost: sent %v", step, got)
			}
			prior = &first
		}
		u.next(2, false)
		second := put(t, u.Account, resource, prior)
		if got := u.writes(); len(got) != 1 || second.Owner != "platform" {
			t.Errorf("not done: %v reached the account, which has %+v", got, second)
		}
		u.next(1, true)
		if err := u.Delete(t.Context(), resource.Address(), second); err != nil || len(u.writes()) != 1 {
			t.Errorf("deleted before the answer was lost: %v", err)
		}
		third := put(t, u.Account, resource, nil)
		u.next(1, false)
		if err := u.Delete(t.Context(), resource.Address(), third); err != nil || len(u.writes()) != 1 {
			t.Errorf("not deleted: %v", err)
		}
	}
}

// Who wrote a Worker between a write whose answer was lost and the look at what
// became of it, is not overwritten.
func TestLostAnswerAndSomebodyElse(t *testing.T) {
	u := openUnreliable(t)
	put(t, u.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	resource := userWorker("customers", "u")
	first := put(t, u.Account, resource, nil)
	u.before = func() {
		tampering := api.Tampering{ModifiedOn: time.Now().Add(time.Hour), Modules: []api.Module{{Name: "index.js", Content: []byte("theirs")}}}
		if err := u.Emulator.ForTests().Tamper(testAccount, "customers", "u", tampering); err != nil {
			t.Error(err)
		}
	}
	u.next(1, false)
	_, err := u.Put(t.Context(), spec.Write{Stack: "platform", Resource: userWorker("customers", "u", func(s *spec.Script) { s.Tags = []string{"new"} }), Prior: &first})
	if !IsMoved(err) || len(u.writes()) > 0 {
		t.Errorf("got %v", err)
	}
	u.next(1, false)
	if err := u.Delete(t.Context(), resource.Address(), first); !IsMoved(err) || len(u.writes()) > 0 {
		t.Errorf("got %v", err)
	}
}

// The platform refuses to change what is just being changed, and what comes too
// fast: before such a write is sent again, it is looked at, too.
func TestRefusedForNowAndSomebodyElse(t *testing.T) {
	for name, refusal := range map[string]http.HandlerFunc{
		"concurrent change": failure(409, codeConcurrentChange, "conflict"),
		"throttled":         failure(429, 10429, "too many", "Retry-After", "300"),
	} {
		for _, somebody := range []bool{false, true} {
			l := openLocal(t)
			put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
			first := put(t, l.Account, userWorker("customers", "u"), nil)
			refuse := true
			l.connect(t, cloudflare.Options{Transport: cloudflaretest.NoBody(cloudflaretest.RoundTrip(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodGet || !refuse {
					return http.DefaultTransport.RoundTrip(r)
				}
				refuse = false
				if somebody {
					tampering := api.Tampering{ModifiedOn: time.Now().Add(time.Hour), Modules: []api.Module{{Name: "index.js", Content: []byte("theirs")}}}
					if err := l.Emulator.ForTests().Tamper(testAccount, "customers", "u", tampering); err != nil {
						t.Error(err)
					}
				}
				recorder := httptest.NewRecorder()
				refusal(recorder, r)
				return recorder.Result(), nil
			}))})
			changed := userWorker("customers", "u", newTag("new"))
			_, err := l.Put(t.Context(), spec.Write{Stack: "platform", Resource: changed, Prior: &first})
			if IsMoved(err) != somebody || err != nil && !somebody {
				t.Errorf("%s, and somebody has written it (%v): %v", name, somebody, err)
			}
			now := l.read(t, usersOf("customers")).Resources[changed.Address()].Revision
			refuse = true
			if err := l.Delete(t.Context(), changed.Address(), now); IsMoved(err) != somebody || err != nil && !somebody {
				t.Errorf("%s, and somebody has written it (%v): deleting: %v", name, somebody, err)
			}
		}
	}
}

// A create that loses a race finds what the winner made.
func TestLostRaceToCreate(t *testing.T) {
	l := openLocal(t)
	l.ensureZone(t, "example.com")
	put(t, l.Account, worker("w"), nil)
	for _, r := range []spec.Resource{
		&spec.DispatchNamespace{Name: "n"}, &spec.KVNamespace{Title: "t"}, &spec.D1Database{Name: "d"}, &spec.R2Bucket{Name: "bucket"},
		&spec.Queue{Name: "q", DeliveryDelay: number(5)}, &spec.Route{Zone: "example.com", Pattern: "example.com/*", Worker: "w"},
	} {
		first := put(t, l.Account, r, nil)
		if second := put(t, l.Account, r, nil); second.ID != first.ID {
			t.Errorf("%s is %+v for the winner, and %+v for the loser", r.Address(), first, second)
		}
	}
	elsewhere := &spec.Route{Zone: "example.com", Pattern: "example.com/*"}
	if _, err := l.Put(t.Context(), spec.Write{Resource: elsewhere}); !IsExists(err) {
		t.Errorf("a route that leads elsewhere was taken for ours: %v", err)
	}
}

// A cautious account leaves alone what somebody else has written since.
func TestCautious(t *testing.T) {
	for _, scarce := range []bool{false, true} {
		for _, shape := range []api.ListShape{{}, {Nested: true}, {WithoutTags: true}} {
			l := openLocal(t)
			l.Emulator.ForTests().SetListShape(shape)
			l.ensureZone(t, "example.com")
			if scarce {
				l.limited(t, cloudflare.Limit{Requests: 1, Window: time.Hour})
			}
			c := NewCautious(l.Account)
			c.Expect(1000)
			checkCautious(t, l, c)
		}
	}
}

func checkCautious(t *testing.T, l *local, c *Cautious) {
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	put(t, l.Account, worker("w"), nil)
	put(t, l.Account, worker("y"), nil)
	for _, tt := range []struct {
		resource, changed, theirs spec.Resource
	}{
		{userWorker("customers", "u"), userWorker("customers", "u", newTag("new")), userWorker("customers", "u", newTag("theirs"))},
		{worker("x"), worker("x", newTag("new")), worker("x", newTag("theirs"))},
		{&spec.Route{Zone: "example.com", Pattern: "example.com/*", Worker: "w"}, &spec.Route{Zone: "example.com", Pattern: "example.com/*"}, &spec.Route{Zone: "example.com", Pattern: "example.com/*", Worker: "y"}},
		{&spec.Queue{Name: "q"}, &spec.Queue{Name: "q", DeliveryDelay: number(5)}, &spec.Queue{Name: "q", DeliveryDelay: number(7)}},
	} {
		address := tt.resource.Address()
		fresh := func() { clear(c.listings) }
		write := func(r spec.Resource, prior *spec.Revision) (spec.Revision, error) {
			fresh()
			return c.Put(t.Context(), spec.Write{Stack: "platform", Resource: r, Prior: prior})
		}
		first, err := write(tt.resource, nil)
		if err != nil {
			t.Fatal(err)
		}
		collection := address.Collection()
		live := l.read(t, collection).Resources[address].Revision
		second, err := write(tt.changed, &live)
		if err != nil {
			t.Fatalf("%s, which nobody changed: %v", address, err)
		}
		_, scripted := tt.resource.(spec.Scripted)
		if again, err := write(tt.changed, &first); scripted && (err != nil || !again.Same(second)) {
			t.Errorf("%s, which another run has brought there: %+v, %v", address, again, err)
		}
		live = l.read(t, collection).Resources[address].Revision
		put(t, l.Account, tt.theirs, &live)
		var moved *MovedError
		if _, err := write(tt.resource, &live); !errors.As(err, &moved) || moved.Now == nil {
			t.Errorf("%s, which somebody changed, was written: %v", address, err)
		}
		if _, err := write(tt.resource, nil); scripted && !IsMoved(err) {
			t.Errorf("%s, which somebody created, was written: %v", address, err)
		}
		fresh()
		if err := c.Delete(t.Context(), address, live); !IsMoved(err) {
			t.Errorf("%s, which somebody changed, was deleted: %v", address, err)
		}
		live = l.read(t, collection).Resources[address].Revision
		for range 2 {
			fresh()
			if err := c.Delete(t.Context(), address, live); err != nil {
				t.Errorf("deleting %s: %v", address, err)
			}
		}
		if _, err := write(tt.resource, &live); !IsMoved(err) {
			t.Errorf("%s, which somebody deleted, was written: %v", address, err)
		}
	}
}

// A list is no look, however young: a whole run of somebody else may have passed
// since it was read.
func TestYoungListsAreNoLooks(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	address := userWorker("customers", "u").Address()
	put(t, l.Account, userWorker("customers", "u"), nil)
	ours, theirs := NewCautious(l.Account), NewCautious(l.Account)
	write := func(c *Cautious, tag string, prior *spec.Revision) error {
		_, err := c.Put(t.Context(), spec.Write{Stack: "platform", Resource: userWorker("customers", "u", newTag(tag)), Prior: prior})
		return err
	}
	prior := func(c *Cautious) *spec.Revision {
		t.Helper()
		snap, err := c.Read(t.Context(), "platform", []spec.Collection{address.Collection()})
		if err != nil {
			t.Fatal(err)
		}
		return &snap.Resources[address].Revision
	}
	before := prior(ours)
	if err := write(theirs, "theirs", prior(theirs)); err != nil {
		t.Fatal(err)
	}
	if err := write(ours, "ours", before); !IsMoved(err) {
		t.Errorf("somebody else's write was overwritten: %v", err)
	}
	if err := ours.Delete(t.Context(), address, *before); !IsMoved(err) {
		t.Errorf("somebody else's write was deleted: %v", err)
	}
}

// When the server tells everybody to wait, nobody writes before the wait is over who
// has looked before it began.
func TestWaitAfterALook(t *testing.T) {
	begin := make(chan struct{}, 1)
	l := openLocal(t)
	l.connect(t, cloudflare.Options{RetryMax: -1, Transport: cloudflaretest.NoBody(cloudflaretest.RoundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/accounts") {
			recorder := httptest.NewRecorder()
			failure(429, 0, "", "Retry-After", "60")(recorder, r)
			return recorder.Result(), nil
		}
		if r.Method == http.MethodGet {
			select {
			case <-begin: // another request is refused while this one is under way
				_, _ = l.client.Accounts(t.Context())
			default:
			}
		}
		return http.DefaultTransport.RoundTrip(r)
	}))})
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	prior := put(t, l.Account, userWorker("customers", "u"), nil)
	l.Asked()
	begin <- struct{}{}
	if _, err := NewCautious(l.Account).Put(t.Context(), spec.Write{Stack: "platform", Resource: userWorker("customers", "u", newTag("new")), Prior: &prior}); err != nil {
		t.Fatal(err)
	}
	asked := l.Asked()
	if len(asked) != 3 || !strings.HasPrefix(asked[0], "GET ") || !strings.HasPrefix(asked[1], "GET ") || !strings.HasPrefix(asked[2], "PUT ") {
		t.Errorf("asked %v: want a look, another one after the wait, and the upload", asked)
	}
	if l.waits.Longest() < 50*time.Second {
		t.Errorf("waited for %v", l.waits.Longest())
	}
}

// What is switched off, or on, of a Worker moves the time of its last write, too: that
// was ourselves, unless more of it has moved.
func TestOwnAdjustmentsAreNobodyElses(t *testing.T) {
	for _, somebody := range []bool{false, true} {
		l := openLocal(t)
		put(t, l.Account, worker("w"), nil)
		yes := true
		put(t, l.Account, &spec.WorkerSubdomain{Worker: "w", Enabled: &yes}, nil)
		prior := l.read(t, allWorkers).Resources[worker("w").Address()].Revision
		c := NewCautious(l.Account)
		if err := c.Delete(t.Context(), spec.Address{Kind: spec.KindWorkerSubdomain, Name: "w"}, spec.Revision{}); err != nil {
			t.Fatal(err)
		}
		if somebody {
			now := l.read(t, allWorkers).Resources[worker("w").Address()].Revision
			put(t, l.Account, worker("w", newTag("theirs"), func(s *spec.Script) { s.Code = codeOf("export default {}") }), &now)
		}
		if err := c.Delete(t.Context(), worker("w").Address(), prior); IsMoved(err) != somebody || err != nil && !somebody {
			t.Errorf("somebody else has written it: %v: %v", somebody, err)
		}
	}
}

// A Worker may be looked at while what belongs to it is written, and moved already.
func TestOwnAdjustmentsUnderWay(t *testing.T) {
	var c *Cautious
	address := worker("w").Address()
	early := false
	l := openLocal(t, func(o *emulator.Options) {
		observe := o.Observe
		o.Observe = func(r api.Request) {
			observe(r)
			if c != nil && r.Method == http.MethodPost {
				moved := &spec.Revision{ModifiedOn: time.Unix(2, 0)}
				early = c.asAdjusted(address, &spec.Revision{ModifiedOn: time.Unix(1, 0)}, moved).ModifiedOn.Equal(moved.ModifiedOn)
			}
		}
	})
	put(t, l.Account, worker("w"), nil)
	c = NewCautious(l.Account)
	yes := true
	if _, err := c.Put(t.Context(), spec.Write{Stack: "platform", Resource: &spec.WorkerSubdomain{Worker: "w", Enabled: &yes}}); err != nil {
		t.Fatal(err)
	}
	if !early {
		t.Error("a look in this moment would take our own write for somebody else's")
	}
}

// Where requests are scarce, a list takes the place of looks for so many writes and no
// more, and none that was read before the writes began does.
func TestListsStandInForFewWrites(t *testing.T) {
	const workers = 100
	l := openLocal(t)
	l.seed(t, "ns", workers, mixed)
	l.limited(t, cloudflare.Limit{Requests: 1, Window: time.Hour})
	c := NewCautious(l.Account)
	c.Expect(10_000)
	snap, err := c.Read(t.Context(), "platform", []spec.Collection{usersOf("ns")})
	if err != nil {
		t.Fatal(err)
	}
	revision := func(i int) (spec.Address, spec.Revision) {
		address := userWorker("ns", seedName(i)).Address()
		return address, snap.Resources[address].Revision
	}
	touch := func(i int) {
		t.Helper()
		tampering := api.Tampering{ModifiedOn: time.Now(), Modules: []api.Module{{Name: "index.js", Content: []byte("theirs")}}}
		if err := l.Emulator.ForTests().Tamper(testAccount, "ns", seedName(i), tampering); err != nil {
			t.Fatal(err)
		}
	}
	touch(0) // after the plan's list, before the first write
	if address, prior := revision(0); !IsMoved(c.Delete(t.Context(), address, prior)) {
		t.Error("the list that the plan was made of stood in for a look")
	}
	unnoticed := 0
	for i := 1; i < workers; i++ {
		touch(i)
		address, prior := revision(i)
		if err := c.Delete(t.Context(), address, prior); err == nil {
			unnoticed++
		} else if !IsMoved(err) {
			t.Fatal(err)
		} else {
			break
		}
	}
	if unnoticed > listWrites {
		t.Errorf("%d changes of somebody else were deleted, want at most %d", unnoticed, listWrites)
	}
}

func newTag(tag string) func(*spec.Script) {
	return func(s *spec.Script) { s.Tags = []string{tag} }
}

// limited makes requests count against a limit, without the waits.
func (l *local) limited(t *testing.T, limit cloudflare.Limit) {
	l.connect(t, cloudflare.Options{Limits: []cloudflare.Limit{limit}})
}

// Where there is room, each write costs a look; where there is none, a list
// serves them all.
func TestLooksLeaveRoomForWrites(t *testing.T) {
	for _, scarce := range []bool{false, true} {
		l := openLocal(t)
		put(t, l.Account, &spec.DispatchNamespace{Name: "ns"}, nil)
		limit := cloudflare.Limit{Requests: 1000, Window: time.Hour}
		if scarce {
			limit.Requests = 45
		}
		l.limited(t, limit)
		c := NewCautious(l.Account)
		c.Expect(40)
		l.Asked()
		for i := range 40 {
			if _, err := c.Put(t.Context(), spec.Write{Stack: "platform", Resource: userWorker("ns", seedName(i))}); err != nil {
				t.Fatal(err)
			}
		}
		reads := len(slices.DeleteFunc(l.Asked(), func(r string) bool { return !strings.HasPrefix(r, "GET ") }))
		if scarce && reads > 8 || !scarce && reads != 40 {
			t.Errorf("scarce: %v: %d looks and lists for 40 writes", scarce, reads)
		}
	}
}
