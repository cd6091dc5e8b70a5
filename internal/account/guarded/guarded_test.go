package guarded

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/internal/cloudflare/cloudflaretest"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
)

// A guarded account leaves unchanged what another program has written since.
func TestGuarded(t *testing.T) {
	for _, scarce := range []bool{false, true} {
		for _, shape := range []api.ListShape{{}, {Nested: true}, {WithoutTags: true}} {
			l := openLocal(t)
			l.Emulator.ForTests().SetListShape(shape)
			l.ensureZone(t, "example.com")
			if scarce {
				l.limited(t, cloudflare.Limit{Requests: 1, Window: time.Hour})
			}
			c := New(l.account)
			c.Expect(1000)
			checkGuarded(t, l, c)
		}
	}
}
func checkGuarded(t *testing.T, l *local, c *Account) {
	put(t, l.account, &spec.DispatchNamespace{Name: "customers"}, nil)
	put(t, l.account, worker("w"), nil)
	put(t, l.account, worker("y"), nil)
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
			t.Fatalf("%s, which has not changed: %v", address, err)
		}
		_, scripted := tt.resource.(spec.Scripted)
		if again, err := write(tt.changed, &first); scripted && (err != nil || !again.Same(second)) {
			t.Errorf("%s, which another run has brought there: %+v, %v", address, again, err)
		}
		live = l.read(t, collection).Resources[address].Revision
		put(t, l.account, tt.theirs, &live)
		var moved *account.MovedError
		if _, err := write(tt.resource, &live); !errors.As(err, &moved) || moved.Now == nil {
			t.Errorf("%s, which another program changed, was written: %v", address, err)
		}
		if _, err := write(tt.resource, nil); scripted && !account.IsMoved(err) {
			t.Errorf("%s, which another program created, was written: %v", address, err)
		}
		fresh()
		if err := c.Delete(t.Context(), address, live); !account.IsMoved(err) {
			t.Errorf("%s, which another program changed, was deleted: %v", address, err)
		}
		live = l.read(t, collection).Resources[address].Revision
		for range 2 {
			fresh()
			if err := c.Delete(t.Context(), address, live); err != nil {
				t.Errorf("deleting %s: %v", address, err)
			}
		}
		if _, err := write(tt.resource, &live); !account.IsMoved(err) {
			t.Errorf("%s, which another program deleted, was written: %v", address, err)
		}
	}
}

// A list does not replace a look, however recent it is: another run may have
// started and finished since.
func TestYoungListsAreNoLooks(t *testing.T) {
	l := openLocal(t)
	put(t, l.account, &spec.DispatchNamespace{Name: "customers"}, nil)
	address := userWorker("customers", "u").Address()
	put(t, l.account, userWorker("customers", "u"), nil)
	ours, theirs := New(l.account), New(l.account)
	write := func(c *Account, tag string, prior *spec.Revision) error {
		_, err := c.Put(t.Context(), spec.Write{Stack: "platform", Resource: userWorker("customers", "u", newTag(tag)), Prior: prior})
		return err
	}
	prior := func(c *Account) *spec.Revision {
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
	if err := write(ours, "ours", before); !account.IsMoved(err) {
		t.Errorf("another program's write was overwritten: %v", err)
	}
	if err := ours.Delete(t.Context(), address, *before); !account.IsMoved(err) {
		t.Errorf("another program's write was deleted: %v", err)
	}
}

// When the server tells us to wait, a write whose look was before the wait is
// not sent.
func TestWaitAfterALook(t *testing.T) {
	begin := make(chan struct{}, 1)
	l := openLocal(t)
	l.connect(t, cloudflare.Options{RetryMax: -1, Transport: cloudflaretest.NoBody(cloudflaretest.RoundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/accounts") {
			recorder := httptest.NewRecorder()
			cloudflaretest.Failure(429, 0, "", "Retry-After", "60")(recorder, r)
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
	put(t, l.account, &spec.DispatchNamespace{Name: "customers"}, nil)
	prior := put(t, l.account, userWorker("customers", "u"), nil)
	l.Asked()
	begin <- struct{}{}
	if _, err := New(l.account).Put(t.Context(), spec.Write{Stack: "platform", Resource: userWorker("customers", "u", newTag("new")), Prior: &prior}); err != nil {
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

// Writing what is attached to a Worker changes the time of the Worker's last
// write. That was us, unless more of the Worker has changed.
func TestOwnAdjustmentsAreNotForeign(t *testing.T) {
	for _, other := range []bool{false, true} {
		l := openLocal(t)
		put(t, l.account, worker("w"), nil)
		yes := true
		put(t, l.account, &spec.WorkerSubdomain{Worker: "w", Enabled: &yes}, nil)
		prior := l.read(t, allWorkers).Resources[worker("w").Address()].Revision
		c := New(l.account)
		if err := c.Delete(t.Context(), spec.Address{Kind: spec.KindWorkerSubdomain, Name: "w"}, spec.Revision{}); err != nil {
			t.Fatal(err)
		}
		if other {
			now := l.read(t, allWorkers).Resources[worker("w").Address()].Revision
			put(t, l.account, worker("w", newTag("theirs"), func(s *spec.Script) { s.Code = codeOf("export default {}") }), &now)
		}
		if err := c.Delete(t.Context(), worker("w").Address(), prior); account.IsMoved(err) != other || err != nil && !other {
			t.Errorf("another program has written it: %v: %v", other, err)
		}
	}
}

// The guard may look at a Worker while something attached to it is being
// written. The Worker's time may have changed by then.
func TestOwnAdjustmentsUnderWay(t *testing.T) {
	var c *Account
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
	put(t, l.account, worker("w"), nil)
	c = New(l.account)
	yes := true
	if _, err := c.Put(t.Context(), spec.Write{Stack: "platform", Resource: &spec.WorkerSubdomain{Worker: "w", Enabled: &yes}}); err != nil {
		t.Fatal(err)
	}
	if !early {
		t.Error("a look in this moment would take our own write for another program's")
	}
}

// If requests are scarce, a list replaces a limited number of looks. A list
// that was read before the writes began replaces none.
func TestListsStandInForFewWrites(t *testing.T) {
	const workers = 100
	l := openLocal(t)
	l.seed(t, "ns", workers)
	l.limited(t, cloudflare.Limit{Requests: 1, Window: time.Hour})
	c := New(l.account)
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
		if err := l.Emulator.ForTests().Tamper(cloudflaretest.AccountID, "ns", seedName(i), tampering); err != nil {
			t.Fatal(err)
		}
	}
	touch(0) // after the plan's list, before the first write
	if address, prior := revision(0); !account.IsMoved(c.Delete(t.Context(), address, prior)) {
		t.Error("the list that the plan was made of stood in for a look")
	}
	unnoticed := 0
	for i := 1; i < workers; i++ {
		touch(i)
		address, prior := revision(i)
		if err := c.Delete(t.Context(), address, prior); err == nil {
			unnoticed++
		} else if !account.IsMoved(err) {
			t.Fatal(err)
		} else {
			break
		}
	}
	if unnoticed > listWrites {
		t.Errorf("%d changes of another program were deleted, want at most %d", unnoticed, listWrites)
	}
}

// limited makes requests count against a limit, without the waits.
func (l *local) limited(t *testing.T, limit cloudflare.Limit) {
	l.connect(t, cloudflare.Options{Limits: []cloudflare.Limit{limit}})
}

// If there are requests to spare, each write costs a look; if not, one list
// serves them all.
func TestLooksLeaveRoomForWrites(t *testing.T) {
	for _, scarce := range []bool{false, true} {
		l := openLocal(t)
		put(t, l.account, &spec.DispatchNamespace{Name: "ns"}, nil)
		limit := cloudflare.Limit{Requests: 1000, Window: time.Hour}
		if scarce {
			limit.Requests = 45
		}
		l.limited(t, limit)
		c := New(l.account)
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
