package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
)

// One of everything is written, read back as written, deleted, and deleted
// again.
func TestRoundTrip(t *testing.T) {
	l := openLocal(t)
	l.ensureZone(t, "example.com")

	namespace := put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	kv := put(t, l.Account, &spec.KVNamespace{Title: "Tenant Configuration"}, nil)
	user := userWorker("customers", "acme", func(s *spec.Script) {
		s.Tags = []string{"plan-pro"}
		s.CompatibilityFlags = []string{"nodejs_compat"}
		s.Options = spec.Object{"limits": spec.Object{"cpu_ms": 50.0}}
		s.Bindings = []spec.Binding{
			{Name: "CONFIG", Type: spec.BindingJSON, Properties: spec.PropertiesOf(spec.Object{"json": spec.Object{"features": []any{"a", "b"}, "n": 1.5}})},
			{Name: "KEY", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "X"}},
			{Name: "KV", Type: spec.BindingKVNamespace, Properties: spec.PropertiesOf(spec.Object{"namespace_id": kv.ID})},
			{Name: "PLAN", Type: spec.BindingText, Properties: spec.PropertiesOf(spec.Object{"text": "pro"})},
		}
	})
	userRevision := put(t, l.Account, user, nil, "KEY", "planted-secret")
	router := worker("router", func(s *spec.Script) {
		s.Bindings = []spec.Binding{{Name: "TENANTS", Type: spec.BindingDispatchNamespace, Properties: spec.PropertiesOf(spec.Object{"namespace": "customers"})}}
	})
	put(t, l.Account, router, nil)
	route := &spec.Route{Zone: "example.com", Pattern: "*.example.com/*", Worker: "router"}
	routeRevision := put(t, l.Account, route, nil)

	collections := []spec.Collection{routesOf("example.com"), allWorkers, usersOf("customers"), allKV, allNamespaces}
	snap := l.read(t, collections...)
	if !slices.IsSortedFunc(snap.Collections, spec.Collection.Compare) || len(snap.Collections) != len(collections) {
		t.Errorf("collections are %v", snap.Collections)
	}
	addresses := []spec.Address{
		{Kind: spec.KindDispatchNamespace, Name: "customers"},
		{Kind: spec.KindKVNamespace, Name: "Tenant Configuration"},
		{Kind: spec.KindRoute, Parent: "example.com", Name: "*.example.com/*"},
		{Kind: spec.KindUserWorker, Parent: "customers", Name: "acme"},
		{Kind: spec.KindWorker, Name: "router"},
	}
	if diff := cmp.Diff(addresses, snap.Addresses()); diff != "" {
		t.Fatal(diff)
	}
	if got := snap.Resources[addresses[0]].Revision; got.ID != namespace.ID || got.ScriptCount != 1 {
		t.Errorf("the namespace's revision is %+v", got)
	}
	if got := snap.Resources[addresses[2]]; got.Revision != routeRevision || !cmp.Equal(got.Resource, spec.Resource(route)) {
		t.Errorf("the route is %+v", got)
	}

	l.Asked()
	l.inspect(t, snap, addresses...)
	if got, want := len(l.Asked()), 2; got != want {
		t.Errorf("inspecting two fresh Workers took %d requests, want %d: settings, no content", got, want)
	}
	for _, address := range addresses {
		if !snap.Resources[address].Detailed {
			t.Errorf("%s is not detailed", address)
		}
	}
	live := snap.Resources[user.Address()]
	if !live.Revision.Same(userRevision) {
		t.Errorf("Put answered the revision %+v, Read %+v", userRevision, live.Revision)
	}
	if live.Revision.Owner != "platform" || !live.Revision.Mark.Describes(user.Code.Digest, user.Digest()) {
		t.Errorf("owner %q, mark %+v", live.Revision.Owner, live.Revision.Mark)
	}
	got := live.Resource.(*spec.UserWorker)
	if diff := cmp.Diff(user.Canonical(), got.Canonical()); diff != "" {
		t.Error(diff)
	}
	if got.Code.Digest != spec.ShortDigest(user.Code.Digest) || got.Digest() != user.Digest() {
		t.Errorf("digests differ: %s %s", got.Code.Digest, got.Digest())
	}
	if secret := got.Bindings[1]; secret.Name != "KEY" || secret.Properties != nil {
		t.Errorf("the secret is read as %+v", secret)
	}

	slices.Reverse(addresses) // what is referred to is deleted last
	for _, again := range []bool{false, true} {
		for _, address := range []int{2, 0, 1, 4, 3} {
			a := addresses[address]
			if err := l.Delete(t.Context(), a, snap.Resources[a].Revision); err != nil {
				t.Errorf("deleting %s (again: %v): %v", a, again, err)
			}
		}
	}
	if left := l.read(t, collections...); len(left.Resources) > 0 {
		t.Errorf("left: %v", left.Addresses())
	}
}

// Without the id of a prior revision, deleting looks it up.
func TestDeleteByName(t *testing.T) {
	l := openLocal(t)
	l.ensureZone(t, "example.com")
	put(t, l.Account, worker("router"), nil)
	for _, r := range []spec.Resource{
		&spec.KVNamespace{Title: "t"},
		&spec.D1Database{Name: "t"},
		&spec.R2Bucket{Name: "bucket"},
		&spec.R2Bucket{Name: "bucket", Jurisdiction: "eu"},
		&spec.Queue{Name: "q"},
		&spec.Route{Zone: "example.com", Pattern: "example.com/*", Worker: "router"},
	} {
		put(t, l.Account, r, nil)
		for range 2 {
			if err := l.Delete(t.Context(), r.Address(), spec.Revision{}); err != nil {
				t.Errorf("deleting %s: %v", r.Address(), err)
			}
		}
	}
	if left := l.read(t, allKV, allDatabases, bucketsIn(""), bucketsIn("eu"), allQueues, routesOf("example.com")); len(left.Resources) > 0 {
		t.Errorf("left: %v", left.Addresses())
	}
}

// No customer's Worker is deleted together with a namespace, although the API
// allows it.
func TestNamespaceThatIsNotEmptyStays(t *testing.T) {
	l := openLocal(t, func(o *emulator.Options) { o.NonEmptyNamespaceDelete = api.Cascade })
	l.seed(t, "customers", 1, func(int) []string { return nil })
	address := spec.Address{Kind: spec.KindDispatchNamespace, Name: "customers"}
	err := l.Delete(t.Context(), address, spec.Revision{})
	var notEmpty *NotEmptyError
	if !errors.As(err, &notEmpty) || notEmpty.Script != "w0000" {
		t.Errorf("got %v", err)
	}
	if len(l.read(t, usersOf("customers")).Resources) != 1 {
		t.Error("the Worker is gone")
	}
}

func TestUpdates(t *testing.T) {
	l := openLocal(t)
	l.ensureZone(t, "example.com")
	first := put(t, l.Account, worker("a", func(s *spec.Script) {
		s.Options = spec.Object{
			"logpush":        true,
			"observability":  spec.Object{"enabled": true},
			"tail_consumers": []any{spec.Object{"service": "a"}},
		}
	}), nil)
	second := put(t, l.Account, worker("a", func(s *spec.Script) { s.Code = codeOf("export default {}") }), &first)
	if first.ETag == second.ETag || !second.ModifiedOn.After(first.ModifiedOn) {
		t.Errorf("the update is %+v after %+v", second, first)
	}
	// Options that the second write no longer has are off.
	snap := l.read(t, allWorkers)
	l.inspect(t, snap, spec.Address{Kind: spec.KindWorker, Name: "a"})
	got := snap.Resources[spec.Address{Kind: spec.KindWorker, Name: "a"}].Resource.Canonical()
	if diff := cmp.Diff(spec.Object{"compatibility_date": "2026-01-01"}, got); diff != "" {
		t.Error(diff)
	}

	put(t, l.Account, worker("b"), nil)
	route := &spec.Route{Zone: "example.com", Pattern: "example.com/*", Worker: "a"}
	created := put(t, l.Account, route, nil)
	for _, script := range []string{"b", ""} {
		route.Worker = script
		if updated := put(t, l.Account, route, &created); updated.ID != created.ID {
			t.Errorf("the update created %+v", updated)
		}
		live := l.read(t, routesOf("example.com")).Resources[route.Address()]
		if diff := cmp.Diff(spec.Resource(route), live.Resource); diff != "" {
			t.Error(diff)
		}
	}

	// A namespace has nothing to update, and neither has a store without
	// settings in the file.
	l.Asked()
	prior := spec.Revision{ID: "x"}
	for _, r := range []spec.Resource{&spec.KVNamespace{Title: "t"}, &spec.DispatchNamespace{Name: "n"}, &spec.D1Database{Name: "d"}, &spec.R2Bucket{Name: "b"}, &spec.Queue{Name: "q"}} {
		if got := put(t, l.Account, r, &prior); got != prior {
			t.Errorf("%s: %+v", r.Address(), got)
		}
	}
	if asked := l.Asked(); len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
}

// Whatever is done to a user Worker, the account's own scripts are not touched.
func TestUserWorkersNeverTouchAccountScripts(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	for _, shape := range []api.ListShape{{}, {WithoutTags: true, Nested: true}} {
		l.Emulator.ForTests().SetListShape(shape)
		revision := put(t, l.Account, userWorker("customers", "scripts"), nil)
		put(t, l.Account, userWorker("customers", "scripts", func(s *spec.Script) { s.Code = codeOf("export default {}") }), &revision)
		address := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "scripts"}
		if err := l.Emulator.ForTests().Tamper(testAccount, "customers", "scripts", api.Tampering{ModifiedOn: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		snap := l.read(t, usersOf("customers"))
		l.inspect(t, snap, address)
		if !snap.Resources[address].Detailed {
			t.Error("not inspected")
		}
		if err := l.Delete(t.Context(), address, revision); err != nil {
			t.Error(err)
		}
	}
	asked := l.Asked()
	for _, request := range asked {
		if strings.Contains(request, "/workers/scripts") {
			t.Error(request)
		}
	}
	if len(asked) < 10 {
		t.Errorf("only %d requests were recorded", len(asked))
	}
}

// A write that cannot be sent fails before anything is sent.
func TestWritesThatCannotBeSent(t *testing.T) {
	handler, n := answers(success(`{}`))
	a := craft(t, handler).Account(testAccount)
	secret := spec.Binding{Name: "KEY", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "X"}}
	for want, change := range map[string]func(*spec.Script){
		`the secret "KEY" has no value`: func(s *spec.Script) { s.Bindings = []spec.Binding{secret} },
		`needs the namespace_id of kv_namespace/t`: func(s *spec.Script) {
			s.Bindings = []spec.Binding{{Name: "KV", Type: spec.BindingKVNamespace, Ref: spec.Address{Kind: spec.KindKVNamespace, Name: "t"}}}
		},
		`its code has not been built`: func(s *spec.Script) { s.Code = &spec.Code{Entrypoint: "src/index.ts"} },
		`main module "other.js"`:      func(s *spec.Script) { s.Code = codeOf("x"); s.Code.MainModule = "other.js" },
		`no option "assets"`:          func(s *spec.Script) { s.Options = spec.Object{"assets": spec.Object{}} },
		`have the name "metadata"`: func(s *spec.Script) {
			s.Code.Complete("metadata", []spec.Module{{Name: "metadata", Type: spec.ESModule}})
		},
	} {
		_, err := a.Put(t.Context(), spec.Write{Stack: "platform", Resource: userWorker("ns", "u", change)})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "user_worker/ns/u: ") {
			t.Errorf("got %v, want …%s…", err, want)
		}
	}
	if _, err := a.Put(t.Context(), spec.Write{}); err == nil {
		t.Error("an empty write was sent")
	}
	if _, err := a.Read(t.Context(), "platform", []spec.Collection{{Kind: "moon"}}); err == nil {
		t.Error("an unknown kind was read")
	}
	if err := a.Delete(t.Context(), spec.Address{Kind: "moon", Name: "x"}, spec.Revision{}); err == nil {
		t.Error("an unknown kind was deleted")
	}
	if *n != 0 {
		t.Errorf("%d requests were sent", *n)
	}
}

// The response to an upload must be about that upload.
func TestAnswerAboutAnotherUpload(t *testing.T) {
	for want, response := range map[string]string{
		`returned the script "other" for the upload of "u"`: `{"id":"other"}`,
		`returned the script "" for the upload of "u"`:      `{}`,
		"which had others":   `{"id":"u","tags":["wfpsync.platform","wfpsync-mark.1.0000000000000000.0000000000000000.20260101T000000Z"]}`,
		"[x] for the upload": `{"id":"u","tags":["x"]}`,
	} {
		a := craft(t, success(response)).Account(testAccount)
		_, err := a.Put(t.Context(), spec.Write{Stack: "platform", Resource: userWorker("ns", "u")})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want …%s…", err, want)
		}
	}
	a := craft(t, success(`{"script":{"id":"u","etag":"e"}}`)).Account(testAccount)
	if got := put(t, a, userWorker("ns", "u"), nil); got.ETag != "e" || got.Owner != "platform" || got.Mark == nil {
		t.Errorf("without tags in the answer, the revision is %+v", got)
	}
}

// If the response to a create is lost, the resource is looked up before
// anything is sent again.
func TestLostResponsesToCreates(t *testing.T) {
	zone := strings.Repeat("a", 32)
	for _, tt := range []struct {
		resource spec.Resource
		lookup   string // the response to the lookup that finds it
		want     string // its id
	}{
		{&spec.DispatchNamespace{Name: "n"}, `{"namespace_id":"n1","namespace_name":"n"}`, "n1"},
		{&spec.KVNamespace{Title: "t"}, `[{"id":"k0","title":"other"},{"id":"k1","title":"t"}]`, "k1"},
		{&spec.D1Database{Name: "t"}, `[{"uuid":"d0","name":"tt"},{"uuid":"d1","name":"t"}]`, "d1"},
		{&spec.Queue{Name: "t"}, `[{"queue_id":"q0","queue_name":"tt"},{"queue_id":"q1","queue_name":"t"}]`, "q1"},
		{&spec.R2Bucket{Name: "t"}, `{"name":"t"}`, ""},
		{&spec.Route{Zone: zone, Pattern: "x.example/*", Worker: "w"}, `[{"id":"r1","pattern":"x.example/*","script":"w"}]`, "r1"},
	} {
		for _, lost := range []http.HandlerFunc{failure(500, 0, ""), hangUp, reply(200, "", "")} {
			handler, n := answers(lost, success(tt.lookup))
			a := craft(t, handler).Account(testAccount)
			if got := put(t, a, tt.resource, nil); got.ID != tt.want || *n != 2 {
				t.Errorf("%s: %+v after %d requests", tt.resource.Address(), got, *n)
			}
		}

		// It does not exist, so it is sent again, after a look each time. In
		// the end the error is the create's own.
		empty := success(`[]`)
		switch tt.resource.Address().Kind {
		case spec.KindDispatchNamespace:
			empty = failure(404, 100119, "not found")
		case spec.KindR2Bucket:
			empty = failure(404, 10006, "not found")
		}
		var methods []string
		a := craft(t, func(w http.ResponseWriter, r *http.Request) {
			methods = append(methods, r.Method)
			if r.Method == http.MethodGet {
				empty(w, r)
				return
			}
			reply(502, "text/html", "")(w, r)
		}, func(o *Options) { o.RetryMax = 2 }).Account(testAccount)
		_, err := a.Put(t.Context(), spec.Write{Resource: tt.resource})
		if err == nil || !strings.Contains(err.Error(), "HTTP 502, after 3 attempts") {
			t.Errorf("%s: %v", tt.resource.Address(), err)
		}
		if got := strings.Join(methods, " "); got != "POST GET POST GET POST GET" {
			t.Errorf("%s: sent %s", tt.resource.Address(), got)
		}
	}

	// A route to another Worker is not the one that was to be created.
	handler, _ := answers(reply(502, "", ""), success(`[{"id":"r1","pattern":"x.example/*","script":"other"}]`))
	_, err := craft(t, handler).Account(testAccount).Put(t.Context(), spec.Write{Resource: &spec.Route{Zone: zone, Pattern: "x.example/*", Worker: "w"}})
	if err == nil {
		t.Error("another stack's route was taken for ours")
	}
}

// What was created moments ago may not be known everywhere yet.
func TestUploadWaitsForWhatItRefersTo(t *testing.T) {
	missing := failure(400, 10041, "KV namespace not found")
	handler, n := answers(success(`{"id":"kv1","title":"t"}`), missing, missing, echoUpload("u"))
	c := craft(t, handler)
	a := c.Account(testAccount)
	put(t, a, &spec.KVNamespace{Title: "t"}, nil)
	put(t, a, userWorker("ns", "u"), nil)
	if *n != 4 || !slices.Equal(c.waits.All, []time.Duration{settlePause, settlePause}) {
		t.Errorf("%d requests, waits %v", *n, c.waits.All)
	}

	// Nothing was created, so the reference is simply wrong.
	handler, n = answers(missing)
	_, err := craft(t, handler).Account(testAccount).Put(t.Context(), spec.Write{Stack: "platform", Resource: userWorker("ns", "u")})
	if err == nil || *n != 1 {
		t.Errorf("%d requests: %v", *n, err)
	}
}

func TestAccounts(t *testing.T) {
	pages := []string{
		`{"success":true,"result":[{"id":"a1","name":"One"},{"id":"a2","name":"Two"}],"result_info":{"page":1,"per_page":2,"total_pages":2}}`,
		`{"success":true,"result":[{"id":"a3","name":"Three"}],"result_info":{"page":2,"per_page":2,"total_pages":2}}`,
	}
	handler, n := answers(reply(200, jsonType, pages[0]), reply(200, jsonType, pages[1]))
	got, err := craft(t, handler).Accounts(t.Context())
	want := []spec.Account{{ID: "a1", Name: "One"}, {ID: "a2", Name: "Two"}, {ID: "a3", Name: "Three"}}
	if err != nil || !slices.Equal(got, want) || *n != 2 {
		t.Errorf("got %v, %v after %d requests", got, err, *n)
	}

	// A server that ignores the page number gives the same page for ever.
	handler, n = answers(reply(200, jsonType, `{"success":true,"result":[{"id":"a1"}],"result_info":{"per_page":1}}`))
	if got, err := craft(t, handler).Accounts(t.Context()); err != nil || len(got) != 1 || *n != 2 {
		t.Errorf("got %v, %v after %d requests", got, err, *n)
	}

	l := openLocal(t)
	if got, err := l.client.Accounts(t.Context()); err != nil || len(got) == 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

// A page is asked for with the caller's context.
func TestPagesEndWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	full := reply(200, jsonType, `{"success":true,"result":[{"id":"a1"}],"result_info":{"per_page":1}}`)
	pages := 0
	c := craft(t, func(w http.ResponseWriter, r *http.Request) {
		if pages++; pages == 2 {
			cancel()
			<-r.Context().Done()
		}
		full(w, r)
	})
	if _, err := c.Accounts(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestKVPages(t *testing.T) {
	l := openLocal(t)
	for i := range 205 {
		put(t, l.Account, &spec.KVNamespace{Title: fmt.Sprint("kv ", i)}, nil)
	}
	l.Asked()
	if got := len(l.read(t, allKV).Resources); got != 205 {
		t.Errorf("read %d of 205", got)
	}
	if asked := l.Asked(); len(asked) != 3 {
		t.Errorf("asked %v", asked)
	}
}
