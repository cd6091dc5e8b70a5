package account

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wfpsync/wfpsync/internal/account/accounttest"
	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
)

var markedAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func ours(rest ...string) []string {
	return spec.MarkedTags(rest, "platform", spec.NewMark(strings.Repeat("c", 64), strings.Repeat("5", 64), markedAt))
}

// mixed returns the tags of a namespace with several uploaders: every fifth
// Worker is ours, every fifth another stack's, and every fifth has tags without
// an owner.
func mixed(i int) []string {
	switch i % 5 {
	case 0:
		return ours("plan-pro")
	case 1:
		return spec.MarkedTags(nil, "other", spec.NewMark(strings.Repeat("d", 64), strings.Repeat("6", 64), markedAt))
	case 2:
		return []string{"customer-42"}
	default:
		return nil
	}
}

func TestListOf1500(t *testing.T) {
	l := openLocal(t)
	l.seed(t, "customers", 1500, mixed)
	l.Asked()
	snap := l.read(t, usersOf("customers"))
	want := []string{
		"GET /workers/dispatch/namespaces/customers/scripts?cursor=",
		"GET /workers/dispatch/namespaces/customers/scripts?limit=1000",
	}
	asked := l.Asked()
	if len(asked) != len(want) || !strings.HasPrefix(asked[0], want[0]) || asked[1] != want[1] {
		t.Errorf("asked %q, want %q", asked, want)
	}
	if len(snap.Resources) != 1500 {
		t.Errorf("read %d of 1500", len(snap.Resources))
	}
	owned := 0
	for _, live := range snap.Resources {
		if live.Revision.Owner == "platform" {
			owned++
			if live.Revision.Mark == nil || !live.Revision.Mark.Uploaded.Equal(markedAt) {
				t.Fatalf("mark %+v", live.Revision.Mark)
			}
		}
	}
	if owned != 300 {
		t.Errorf("%d are ours, want 300", owned)
	}
}

// The shape of lists is documented in several ways. The result is the same for
// each.
func TestListShapes(t *testing.T) {
	l := openLocal(t)
	l.seed(t, "customers", 40, mixed)
	want := l.read(t, usersOf("customers"))

	for _, shape := range []api.ListShape{
		{Nested: true},
		{MaxPage: 7},
		{Nested: true, MaxPage: 40},
		{WithoutETag: true},
		{WithoutTags: true},
		{WithoutTags: true, Nested: true, WithoutETag: true, MaxPage: 3},
	} {
		t.Run(fmt.Sprintf("%+v", shape), func(t *testing.T) {
			l.Emulator.ForTests().SetListShape(shape)
			l.tags = NewTagCache("")
			l.Asked()
			got := l.read(t, usersOf("customers"))
			settings := 0
			for _, request := range l.Asked() {
				if strings.HasSuffix(request, "/settings") {
					settings++
				}
			}
			options := cmp.Options{}
			if shape.WithoutETag {
				options = append(options, cmpopts.IgnoreFields(spec.Revision{}, "ETag"))
			}
			if diff := cmp.Diff(want, got, options); diff != "" {
				t.Error(diff)
			}
			wantSettings := 0
			if shape.WithoutTags {
				wantSettings = 40
			}
			if settings != wantSettings {
				t.Errorf("asked for the settings of %d Workers, want %d", settings, wantSettings)
			}
		})
	}
}

func TestListsThatCannotBeRight(t *testing.T) {
	page := func(n int, info string) http.HandlerFunc {
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(`{"id":"w%04d","tags":[]}`, i)
		}
		return reply(200, jsonType, `{"success":true,"result":[`+strings.Join(items, ",")+`]`+info+`}`)
	}
	for name, tt := range map[string]struct {
		handlers []http.HandlerFunc
		want     string // an error, or nothing
	}{
		"the same cursor again":              {[]http.HandlerFunc{page(2, `,"result_info":{"cursor":"c"}`)}, "the same cursor again"},
		"a full page, no cursor, more there": {[]http.HandlerFunc{page(1000, ``), success(`{"script_count":1500}`)}, "lists 1000 of 1500 scripts"},
		"a full page, no cursor, all there":  {[]http.HandlerFunc{page(1000, ``), success(`{"script_count":1000}`)}, ""},
		"a cursor in another place":          {[]http.HandlerFunc{page(2, `,"result_info":{"cursors":{"after":"c"}}`), page(1, ``)}, ""},
		"an item without a time":             {[]http.HandlerFunc{success(`[{"id":"w","modified_on":"yesterday"}]`)}, "is not a time"},
	} {
		t.Run(name, func(t *testing.T) {
			handler, n := answers(tt.handlers...)
			_, err := craft(t, handler).Account(testAccount).Read(t.Context(), "platform", []spec.Collection{usersOf("ns")})
			if tt.want == "" && (err != nil || *n != len(tt.handlers)) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v after %d requests, want %q", err, *n, tt.want)
			}
		})
	}
}

// A namespace that is yet to be created is empty. The API's other failures are
// failures.
func TestMissingNamespaceIsEmpty(t *testing.T) {
	l := openLocal(t)
	snap := l.read(t, usersOf("not-yet"), usersOf("not-yet"))
	if len(snap.Resources) != 0 || !snap.Read(usersOf("not-yet")) || len(snap.Collections) != 1 {
		t.Errorf("%+v", snap)
	}
	a := craft(t, failure(403, 10000, "no")).Account(testAccount)
	if _, err := a.Read(t.Context(), "platform", []spec.Collection{usersOf("ns")}); !cloudflare.IsDenied(err) {
		t.Errorf("got %v", err)
	}
}

// The code is downloaded only if another program wrote after the mark.
func TestInspectReadsCodeOnlyWhenItMust(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	two := func(s *spec.Script) {
		s.Code.Complete("index.js", []spec.Module{
			{Name: "lib/answer.js", Type: spec.ESModule, Content: []byte("export default 42")},
			{Name: "index.js", Type: spec.ESModule, Content: []byte(accounttest.Source)},
			{Name: "blob.bin", Type: spec.BinaryModule, Content: []byte{0, 13, 10, 255}},
		})
	}
	for _, r := range []spec.Resource{
		userWorker("customers", "fresh"), userWorker("customers", "touched", two), userWorker("customers", "rewritten"), worker("touched", two),
		userWorker("customers", "vanished"),
	} {
		put(t, l.Account, r, nil)
	}
	later := time.Now().Add(time.Hour)
	tamper := func(namespace, name string, change api.Tampering) {
		if err := l.Emulator.ForTests().Tamper(testAccount, namespace, name, change); err != nil {
			t.Fatal(err)
		}
	}
	tamper("customers", "touched", api.Tampering{ModifiedOn: later})
	tamper("", "touched", api.Tampering{ModifiedOn: later})
	const other = "export default { fetch() { return new Response('other') } }"
	tamper("customers", "rewritten", api.Tampering{ModifiedOn: later, Modules: []api.Module{{Name: "index.js", Content: []byte(other)}}})

	snap := l.read(t, usersOf("customers"), allWorkers)
	tamper("customers", "vanished", api.Tampering{Delete: true})
	l.Asked()
	l.inspect(t, snap, append(snap.Addresses(), spec.Address{Kind: spec.KindWorker, Name: "never-was"})...)
	var contents []string
	for _, request := range l.Asked() {
		if strings.Contains(request, "/content") {
			contents = append(contents, request)
		}
	}
	want := []string{
		"GET /workers/dispatch/namespaces/customers/scripts/rewritten/content",
		"GET /workers/dispatch/namespaces/customers/scripts/touched/content",
		"GET /workers/scripts/touched/content/v2",
	}
	if diff := cmp.Diff(want, contents); diff != "" {
		t.Error(diff)
	}
	digest := func(kind spec.Kind, parent, name string) string {
		return snap.Resources[spec.Address{Kind: kind, Parent: parent, Name: name}].Resource.(spec.Scripted).AsScript().Code.Digest
	}
	want2 := userWorker("customers", "x", two).Code.Digest
	if digest(spec.KindUserWorker, "customers", "touched") != want2 || digest(spec.KindWorker, "", "touched") != want2 {
		t.Error("the code that was downloaded is not the code that was uploaded")
	}
	code := func(kind spec.Kind, parent string) *spec.Code {
		return snap.Resources[spec.Address{Kind: kind, Parent: parent, Name: "touched"}].Resource.(spec.Scripted).AsScript().Code
	}
	if code(spec.KindUserWorker, "customers") != code(spec.KindWorker, "") {
		t.Error("code that two Workers run is in memory twice")
	}
	if got := digest(spec.KindUserWorker, "customers", "rewritten"); got != codeOf(other).Digest {
		t.Error("the code is not what the other program wrote")
	}
	if _, there := snap.Resources[spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "vanished"}]; there {
		t.Error("the Worker that vanished is still in the snapshot")
	}

	// Inspecting again asks for nothing.
	l.inspect(t, snap, snap.Addresses()...)
	if asked := l.Asked(); len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
}

func TestMarkVouches(t *testing.T) {
	mark := &spec.Mark{Version: spec.MarkVersion, Uploaded: markedAt}
	for d, want := range map[time.Duration]bool{
		0: true, time.Minute: true, -time.Minute: true, time.Minute + time.Second: false, -2 * time.Minute: false,
	} {
		if got := markVouches(spec.Revision{Mark: mark, ModifiedOn: markedAt.Add(d)}); got != want {
			t.Errorf("%v after the mark: %v", d, got)
		}
	}
	old := &spec.Mark{Version: spec.MarkVersion + 1, Uploaded: markedAt}
	if markVouches(spec.Revision{ModifiedOn: markedAt}) || markVouches(spec.Revision{Mark: old, ModifiedOn: markedAt}) || markVouches(spec.Revision{Mark: mark}) {
		t.Error("no mark, another version's, or no time, prove nothing")
	}
}

// The result does not depend on the order of responses.
func TestReadIsDeterministic(t *testing.T) {
	l := openLocal(t)
	l.seed(t, "a", 30, mixed)
	l.seed(t, "b", 30, mixed)
	l.seed(t, "", 5, mixed)
	collections := []spec.Collection{usersOf("b"), allWorkers, allNamespaces, usersOf("a"), allKV}
	first := l.read(t, collections...)
	for range 5 {
		slices.Reverse(collections)
		if diff := cmp.Diff(first, l.read(t, collections...)); diff != "" {
			t.Fatal(diff)
		}
	}
}

// A reading without a stack owns nothing, and sends no further requests.
func TestReadWithoutStack(t *testing.T) {
	l := openLocal(t)
	l.seed(t, "customers", 10, mixed)
	l.seed(t, "", 2, func(int) []string { return nil })
	l.Emulator.ForTests().SetListShape(api.ListShape{WithoutTags: true})
	l.Asked()
	snap, err := l.Read(t.Context(), "", []spec.Collection{usersOf("customers"), allWorkers})
	if err != nil || len(snap.Resources) != 12 {
		t.Errorf("read %v, %v", snap, err)
	}
	if asked := l.Asked(); len(asked) != 2 {
		t.Errorf("asked %v", asked)
	}
}
