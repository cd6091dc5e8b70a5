package account

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

func recordsOf(zone string) spec.Collection {
	return spec.Collection{Kind: spec.KindDNSRecord, Parent: zone}
}
func hostnamesOf(zone string) spec.Collection {
	return spec.Collection{Kind: spec.KindCustomHostname, Parent: zone}
}

// Records and hostnames are read back as they were written, with their owner,
// and with one request for a page of them.
func TestRecordsAndHostnames(t *testing.T) {
	l := openLocal(t)
	l.ensureZone(t, "example.com")
	for _, tt := range []struct{ first, live, next, then spec.Resource }{
		{frontDoor("Front door"), frontDoor("Front door"), frontDoor(""), frontDoor("")},
		{shop(nil), liveShop(nil), liveShop(seats(4)), liveShop(seats(4))},
	} {
		collection := tt.first.Address().Collection()
		written := put(t, l.Account, tt.first, nil)
		if asked := l.sent(t, 1, "POST "); len(asked) != 1 {
			t.Errorf("creating %s asked %v", tt.first.Address(), asked)
		}
		live := l.read(t, collection).Resources[tt.first.Address()]
		if diff := cmp.Diff(tt.live, live.Resource); diff != "" {
			t.Error(diff)
		}
		if !live.Detailed || !live.Revision.Same(written) || live.Revision.Owner != "platform" || live.Revision.ID == "" {
			t.Errorf("Put answered %+v, Read %+v", written, live.Revision)
		}
		changed := put(t, l.Account, tt.next, &written)
		if asked := l.sent(t, 1, "PATCH "); len(asked) != 1 || changed.ID != written.ID || changed.ETag == written.ETag {
			t.Errorf("changing it asked %v, and led from %+v to %+v", asked, written, changed)
		}
		if diff := cmp.Diff(tt.then, l.read(t, collection).Resources[tt.first.Address()].Resource); diff != "" {
			t.Error(diff)
		}
		for range 2 {
			if err := l.Delete(t.Context(), tt.first.Address(), changed); err != nil {
				t.Error(err)
			}
		}
		if err := l.Delete(t.Context(), tt.first.Address(), spec.Revision{}); err != nil {
			t.Error(err)
		}
		if left := l.read(t, collection); len(left.Resources) > 0 {
			t.Errorf("left: %v", left.Addresses())
		}
	}
}

// sent waits until the account has seen n requests with a prefix, because it
// reports a request after answering it. It returns all requests.
func (l *local) sent(t *testing.T, n int, prefix string) []string {
	t.Helper()
	var sent []string
	for deadline := time.Now().Add(10 * time.Second); len(sent) < n && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		for _, r := range l.Asked() {
			if strings.HasPrefix(r, prefix) {
				sent = append(sent, r)
			}
		}
	}
	return sent
}
func seats(n float64) func(*spec.CustomHostname) {
	return func(h *spec.CustomHostname) { h.CustomMetadata["seats"] = n }
}

// A lost write is looked for, and repeated only if it was not done. What
// another program has created meanwhile is not taken for ours.
func TestLostResponsesToRecordsAndHostnames(t *testing.T) {
	theirs := frontDoor("")
	for _, tt := range []struct{ first, next, theirs spec.Resource }{
		{frontDoor(""), frontDoor("changed"), theirs},
		{liveShop(nil), liveShop(seats(9)), shop(seats(1))},
	} {
		u := openUnreliable(t)
		u.ensureZone(t, "example.com")
		var prior *spec.Revision
		for step, write := range []spec.Resource{tt.first, tt.next} {
			u.next(1, true)
			revision := put(t, u.Account, write, prior)
			if got := u.sent(t, 1, []string{"POST ", "PATCH "}[step]); len(got) != 1 || revision.Owner != "platform" {
				t.Errorf("%s, step %d: sent %v for %+v", write.Address(), step, got, revision)
			}
			prior = &revision
		}
		u.next(2, false)
		last := put(t, u.Account, tt.first, prior)
		if got := u.sent(t, 1, "PATCH "); len(got) != 1 {
			t.Errorf("not done: sent %v", got)
		}
		u.next(1, true)
		if err := u.Delete(t.Context(), tt.first.Address(), last); err != nil || len(u.sent(t, 1, "DELETE ")) != 1 {
			t.Errorf("deleted before the answer was lost: %v", err)
		}

		// Another program creates it at the same moment.
		u.before = func() {
			u.before = nil
			w := spec.Write{Stack: "other", Resource: tt.theirs}
			if _, err := u.local.Put(t.Context(), w); err != nil {
				t.Error(err)
			}
		}
		u.next(1, false)
		_, err := u.Put(t.Context(), spec.Write{Stack: "platform", Resource: tt.first})
		if err == nil {
			t.Errorf("%s of another stack was taken over", tt.first.Address())
		}
		if live := u.read(t, tt.first.Address().Collection()).Resources[tt.first.Address()]; live.Revision.Owner != "other" {
			t.Errorf("it is %+v", live.Revision)
		}
	}
}

// Of several records of one name and type, a marked one counts, and the others
// are counted.
func TestRecordsOfOneName(t *testing.T) {
	response := success(`[
		{"id":"3","type":"A","name":"a.example.com","content":"192.0.2.3","proxied":true,"ttl":1,"comment":null},
		{"id":"2","type":"A","name":"a.example.com","content":"192.0.2.2","proxied":true,"ttl":1,"comment":"x [wfpsync.platform]"},
		{"id":"1","type":"A","name":"a.example.com","content":"192.0.2.1","proxied":true,"ttl":1},
		{"id":"4","type":"TXT","name":"a.example.com","content":"v=spf1","ttl":300},
		{"id":"5","type":"CNAME","name":"b.example.com","content":"Origin.Example.net.","proxied":false,"ttl":300,"comment":"wfpsync.platform"}]`)
	snap, err := craft(t, response).Account(testAccount).Read(t.Context(), "platform", []spec.Collection{recordsOf(strings.Repeat("a", 32))})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range snap.Addresses() {
		r, revision := snap.Resources[a].Resource.(*spec.DNSRecord), snap.Resources[a].Revision
		got = append(got, fmt.Sprintf("%s %s %v %q %d %q", revision.ID, a.Name, r.Canonical()["content"], *r.Comment, r.Others, revision.Owner))
	}
	want := []string{
		`2 A/a.example.com 192.0.2.2 "x" 2 "platform"`,
		`5 CNAME/b.example.com origin.example.net "wfpsync.platform" 0 ""`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// One request reads fifty hostnames of a fleet, or five thousand records.
func TestPagesOfRecordsAndHostnames(t *testing.T) {
	l := openLocal(t)
	zone := l.ensureZone(t, "example.com")
	for i := range 120 {
		put(t, l.Account, shop(func(h *spec.CustomHostname) { h.Hostname = fmt.Sprintf("shop-%03d.acme.dev", i) }), nil)
		r := frontDoor("")
		r.Name = fmt.Sprintf("shop-%03d.example.com", i)
		put(t, l.Account, r, nil)
	}
	for _, tt := range []struct {
		collection spec.Collection
		path       string
		want       int
	}{{hostnamesOf("example.com"), "GET /zones/" + zone + "/custom_hostnames?", 3}, {recordsOf("example.com"), "GET /zones/" + zone + "/dns_records?", 1}} {
		if got := len(l.read(t, tt.collection).Resources); got != 120 {
			t.Errorf("read %d of 120", got)
		}
		if asked := l.sent(t, tt.want, tt.path); len(asked) != tt.want {
			t.Errorf("asked %v", asked)
		}
	}
}

// Errors about zones say what to do.
func TestAdviceAboutZones(t *testing.T) {
	for path, tests := range map[string]map[int]string{
		"/zones/z/custom_hostnames": {1404: "Cloudflare for SaaS", 1405: "as many custom hostnames", 1406: "adopt: true", 1413: "custom metadata", 1436: "plan again", 1456: "Cloudflare for SaaS", 10000: "Zone · SSL and Certificates · Edit"},
		"/zones/z/dns_records":      {81053: "CNAME", 81057: "adopt: true", 81058: "adopt: true", 10000: "Zone · DNS · Edit"},
	} {
		for code, want := range tests {
			e := &cloudflare.Error{Product: string(endpointsOf(path).product), Code: code, Status: http.StatusForbidden, Method: http.MethodPost, Path: path}
			if got := hint(e); !strings.Contains(got, want) {
				t.Errorf("%d at %s: %q does not say %q", code, path, got, want)
			}
		}
	}
}
