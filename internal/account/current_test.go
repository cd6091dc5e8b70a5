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

	"github.com/wfpsync/wfpsync/internal/account/accounttest"
	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/internal/cloudflare/cloudflaretest"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
)

// unreliable is a local account that loses the responses to the next writes:
// the server may have acted or not, and the connection breaks.
type unreliable struct {
	*local
	lose   atomic.Int32 // how many writes to come
	acting bool         // does what it was asked to, although the response is lost
	before func()       // called when a response is lost
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

// writes returns the requests since the last call that write.
func (u *unreliable) writes() []string {
	return slices.DeleteFunc(u.Asked(), func(r string) bool { return strings.HasPrefix(r, "GET ") })
}

// A lost write is looked for, and repeated only if it was not done.
func TestLostResponsesToScripts(t *testing.T) {
	for _, resource := range []spec.Resource{userWorker("customers", "u"), worker("w")} {
		u := openUnreliable(t)
		put(t, u.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
		changed := resource.(spec.Scripted).WithScript(accounttest.Script(func(s *spec.Script) { s.Code = codeOf("export default {}") }))
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

// If another program writes a Worker between a write whose response was lost
// and the look at it, it is not overwritten.
func TestLostResponseAndAnotherWriter(t *testing.T) {
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

// The platform refuses to change a resource that is being changed, and requests
// that come too fast. Such a write, too, is sent again only after a look.
func TestRefusedForNowAndAnotherWriter(t *testing.T) {
	for name, refused := range map[string]http.HandlerFunc{
		"concurrent change": failure(409, codeConcurrentChange, "conflict"),
		"throttled":         failure(429, 10429, "too many", "Retry-After", "300"),
	} {
		for _, other := range []bool{false, true} {
			l := openLocal(t)
			put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
			first := put(t, l.Account, userWorker("customers", "u"), nil)
			refusing := true
			l.connect(t, cloudflare.Options{Transport: cloudflaretest.NoBody(cloudflaretest.RoundTrip(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodGet || !refusing {
					return http.DefaultTransport.RoundTrip(r)
				}
				refusing = false
				if other {
					tampering := api.Tampering{ModifiedOn: time.Now().Add(time.Hour), Modules: []api.Module{{Name: "index.js", Content: []byte("theirs")}}}
					if err := l.Emulator.ForTests().Tamper(testAccount, "customers", "u", tampering); err != nil {
						t.Error(err)
					}
				}
				recorder := httptest.NewRecorder()
				refused(recorder, r)
				return recorder.Result(), nil
			}))})
			changed := userWorker("customers", "u", newTag("new"))
			_, err := l.Put(t.Context(), spec.Write{Stack: "platform", Resource: changed, Prior: &first})
			if IsMoved(err) != other || err != nil && !other {
				t.Errorf("%s, and another program has written it (%v): %v", name, other, err)
			}
			now := l.read(t, usersOf("customers")).Resources[changed.Address()].Revision
			refusing = true
			if err := l.Delete(t.Context(), changed.Address(), now); IsMoved(err) != other || err != nil && !other {
				t.Errorf("%s, and another program has written it (%v): deleting: %v", name, other, err)
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
