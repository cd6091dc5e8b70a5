package account

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

func number(n float64) *float64 { return &n }

// Stores are written, read back as written, changed as far as they can be,
// bound to, deleted, and deleted again.
func TestStores(t *testing.T) {
	l := openLocal(t)
	database := &spec.D1Database{Name: "tenants", Jurisdiction: "eu"}
	bucket := &spec.R2Bucket{Name: "uploads", Jurisdiction: "eu", Location: "weur", StorageClass: "InfrequentAccess"}
	plain := &spec.R2Bucket{Name: "uploads"}
	events := &spec.Queue{Name: "events", DeliveryDelay: number(5), MessageRetentionPeriod: number(60)}
	jobs := &spec.Queue{Name: "jobs"}
	databaseID := put(t, l.Account, database, nil).ID
	for _, r := range []spec.Resource{bucket, plain, jobs} {
		put(t, l.Account, r, nil)
	}
	if asked, want := len(l.Asked()), 4; asked != want {
		t.Errorf("four creations took %d requests", asked)
	}
	written := put(t, l.Account, events, nil)
	if asked := len(l.Asked()); asked != 2 {
		t.Errorf("creating a queue with settings took %d requests, want 2", asked)
	}

	collections := []spec.Collection{allDatabases, allQueues, bucketsIn(""), bucketsIn("eu"), bucketsIn("us")}
	snap := l.read(t, collections...)
	if asked := len(l.Asked()); asked != len(collections) {
		t.Errorf("reading %d collections took %d requests", len(collections), asked)
	}
	if got := snap.Resources[database.Address()].Revision.ID; got != databaseID || got == "" {
		t.Errorf("the database's id is %q, was %q", got, databaseID)
	}
	if got := snap.Resources[events.Address()].Revision; !got.Same(written) {
		t.Errorf("Put answered the revision %+v, Read %+v", written, got)
	}
	// What the file does not name is the platform's choice.
	defaulted := map[spec.Address]spec.Resource{
		plain.Address(): &spec.R2Bucket{Name: "uploads", Location: "enam", StorageClass: "Standard"},
		jobs.Address():  &spec.Queue{Name: "jobs", DeliveryDelay: number(0), MessageRetentionPeriod: number(345600)},
	}
	for _, r := range []spec.Resource{database, bucket, plain, events, jobs} {
		want := r
		if d := defaulted[r.Address()]; d != nil {
			want = d
		}
		live := snap.Resources[r.Address()]
		if live == nil || !live.Detailed {
			t.Fatalf("%s: %+v", r.Address(), live)
		}
		if diff := cmp.Diff(want, live.Resource); diff != "" {
			t.Errorf("%s: %s", r.Address(), diff)
		}
	}
	if len(snap.Resources) != 5 {
		t.Errorf("read %v", snap.Addresses())
	}

	// The storage class and the settings can be changed. Settings that are not
	// named stay.
	prior := snap.Resources[bucket.Address()].Revision
	put(t, l.Account, &spec.R2Bucket{Name: "uploads", Jurisdiction: "eu", StorageClass: "Standard"}, &prior)
	prior = snap.Resources[events.Address()].Revision
	changed := put(t, l.Account, &spec.Queue{Name: "events", DeliveryDelay: number(0)}, &prior)
	if changed.Same(prior) || changed.ID != prior.ID {
		t.Errorf("the queue was %+v and is %+v", prior, changed)
	}
	again := l.read(t, collections...)
	if got := again.Resources[bucket.Address()].Resource.(*spec.R2Bucket); got.StorageClass != "Standard" || got.Location != "weur" {
		t.Errorf("the bucket is %+v", got)
	}
	if got := again.Resources[events.Address()].Resource.(*spec.Queue); *got.DeliveryDelay != 0 || *got.MessageRetentionPeriod != 60 {
		t.Errorf("the queue keeps messages for %v and delays them by %v", *got.MessageRetentionPeriod, *got.DeliveryDelay)
	}

	router := worker("router", func(s *spec.Script) {
		s.Bindings = []spec.Binding{
			{Name: "DB", Type: spec.BindingD1, Properties: spec.PropertiesOf(spec.Object{"id": databaseID})},
			{Name: "EVENTS", Type: spec.BindingQueue, Properties: spec.PropertiesOf(spec.Object{"queue_name": "events", "delivery_delay": 5.0})},
			{Name: "UPLOADS", Type: spec.BindingR2Bucket, Properties: spec.PropertiesOf(spec.Object{"bucket_name": "uploads", "jurisdiction": "eu"})},
		}
	})
	put(t, l.Account, router, nil)
	workers := l.read(t, allWorkers)
	l.inspect(t, workers, router.Address())
	if diff := cmp.Diff(router.Canonical(), workers.Resources[router.Address()].Resource.Canonical()); diff != "" {
		t.Error(diff)
	}

	// A queue that a Worker is bound to is not deleted, and the API says why.
	err := l.Delete(t.Context(), events.Address(), changed)
	if err == nil || !strings.Contains(err.Error(), `still in use by a binding of the Worker 'router'`) {
		t.Errorf("got %v", err)
	}
	if err := l.Delete(t.Context(), router.Address(), spec.Revision{}); err != nil {
		t.Error(err)
	}
	for range 2 {
		for _, a := range snap.Addresses() {
			if err := l.Delete(t.Context(), a, snap.Resources[a].Revision); err != nil {
				t.Errorf("deleting %s: %v", a, err)
			}
		}
	}
	if left := l.read(t, collections...); len(left.Resources) > 0 {
		t.Errorf("left: %v", left.Addresses())
	}
}

// Every page is read, whether pages have numbers or cursors.
func TestStoresOnSeveralPages(t *testing.T) {
	l := openLocal(t)
	for i := range 120 {
		put(t, l.Account, &spec.Queue{Name: fmt.Sprintf("q-%03d", i)}, nil)
	}
	l.Asked()
	if got := len(l.read(t, allQueues).Resources); got != 120 {
		t.Errorf("read %d of 120 queues", got)
	}
	if asked := l.Asked(); len(asked) != 2 {
		t.Errorf("asked %v", asked)
	}

	page := func(info string, items ...string) http.HandlerFunc {
		return reply(200, jsonType, `{"success":true,"result":{"buckets":[`+strings.Join(items, ",")+`]},"result_info":`+info+`}`)
	}
	bucket := func(name string) string { return `{"name":"` + name + `","storage_class":"Standard"}` }
	handler, n := answers(page(`{"cursor":"c","per_page":1000}`, bucket("a"), bucket("b")), page(`{}`, bucket("c")))
	var cursors []string
	a := craft(t, func(w http.ResponseWriter, r *http.Request) {
		cursors = append(cursors, r.URL.Query().Get("cursor")+" "+r.Header.Get("Cf-R2-Jurisdiction"))
		handler(w, r)
	}).Account(testAccount)
	snap, err := a.Read(t.Context(), "platform", []spec.Collection{bucketsIn("eu")})
	if err != nil || len(snap.Resources) != 3 || *n != 2 {
		t.Errorf("%v after %d requests: %v", snap, *n, err)
	}
	if diff := cmp.Diff([]string{" eu", "c eu"}, cursors); diff != "" {
		t.Error(diff)
	}

	handler, _ = answers(page(`{"cursor":"c"}`, bucket("a")))
	_, err = craft(t, handler).Account(testAccount).Read(t.Context(), "platform", []spec.Collection{bucketsIn("")})
	if err == nil || !strings.Contains(err.Error(), "the same cursor again") {
		t.Errorf("got %v", err)
	}
}

// If a list of buckets shows only their names, Inspect reads the rest.
func TestBucketsThatListsDoNotShowWhole(t *testing.T) {
	handler, n := answers(
		success(`{"buckets":[{"name":"uploads","creation_date":"2026-01-01T00:00:00Z"}]}`),
		success(`{"name":"uploads","location":"WEUR","storage_class":"InfrequentAccess"}`),
	)
	a := craft(t, handler).Account(testAccount)
	snap, err := a.Read(t.Context(), "platform", []spec.Collection{bucketsIn("")})
	if err != nil {
		t.Fatal(err)
	}
	want := &spec.R2Bucket{Name: "uploads"}
	address := want.Address()
	if live := snap.Resources[address]; live.Detailed || !cmp.Equal(live.Resource, spec.Resource(want)) {
		t.Errorf("the list shows %+v", live)
	}
	if err := a.Inspect(t.Context(), snap, []spec.Address{address}); err != nil || *n != 2 {
		t.Errorf("%v after %d requests", err, *n)
	}
	want.Location, want.StorageClass = "weur", "InfrequentAccess"
	if live := snap.Resources[address]; !live.Detailed || !cmp.Equal(live.Resource, spec.Resource(want)) {
		t.Errorf("the bucket is %+v", live)
	}
}

// A bucket with objects in it is not deleted, and the error says what to do.
func TestBucketThatIsNotEmpty(t *testing.T) {
	for _, refused := range []http.HandlerFunc{
		failure(409, 10008, "The bucket you tried to delete (uploads) is not empty (account x)"),
		failure(409, 0, "Bucket uploads cannot be deleted because it isn’t empty."),
	} {
		err := craft(t, refused).Account(testAccount).Delete(t.Context(), spec.Address{Kind: spec.KindR2Bucket, Name: "uploads"}, spec.Revision{})
		if err == nil || !strings.HasPrefix(err.Error(), `R2 bucket "uploads" still holds objects, which only you can delete; empty it and run this again: DELETE …/r2/buckets/uploads: `) {
			t.Errorf("got %v", err)
		}
	}
	err := craft(t, failure(409, 10013, "locked")).Account(testAccount).Delete(t.Context(), spec.Address{Kind: spec.KindR2Bucket, Name: "uploads"}, spec.Revision{})
	if err == nil || !strings.HasPrefix(err.Error(), "DELETE …/r2/buckets/uploads: Cloudflare 10013: locked") {
		t.Errorf("got %v", err)
	}
}

// A response must be about the resource that was asked for.
func TestAnswersAboutOtherStores(t *testing.T) {
	prior := &spec.Revision{ID: "q1"}
	for want, tt := range map[string]struct {
		response string
		resource spec.Resource
		prior    *spec.Revision
	}{
		`no id for the new D1 database "t"`:             {`{}`, &spec.D1Database{Name: "t"}, nil},
		`no id for the new queue "t"`:                   {`{}`, &spec.Queue{Name: "t"}, nil},
		`the queue "q2" for a change of the queue "q1"`: {`{"queue_id":"q2"}`, &spec.Queue{Name: "t", DeliveryDelay: number(1)}, prior},
		`the R2 bucket "u" for a request about "t"`:     {`{"name":"u"}`, &spec.R2Bucket{Name: "t"}, nil},
		`the R2 bucket "" for a request about "t"`:      {`{}`, &spec.R2Bucket{Name: "t", StorageClass: "Standard"}, prior},
	} {
		_, err := craft(t, success(tt.response)).Account(testAccount).Put(t.Context(), spec.Write{Resource: tt.resource, Prior: tt.prior})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want …%s…", err, want)
		}
	}
}
