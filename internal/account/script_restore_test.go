package account

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
)

var restored = spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "u"}

// whole returns a user Worker as the account has it, without the times.
func (l *local) whole(t *testing.T) *spec.Live {
	t.Helper()
	live, err := l.Capture(t.Context(), restored, spec.Revision{})
	if err != nil {
		t.Fatal(err)
	}
	live.Revision.ModifiedOn, live.Revision.ETag = time.Time{}, ""
	return live
}

func former() *spec.UserWorker {
	return userWorker("customers", "u", func(s *spec.Script) {
		code := new(spec.Code)
		code.Complete("main.js", []spec.Module{
			{Name: "data.bin", Type: spec.BinaryModule, Content: []byte{0, 1, 0xff}},
			{Name: "main.js", Type: spec.ESModule, Content: []byte("import './data.bin'; export default {}\n")},
		})
		s.Code = code
		s.CompatibilityFlags = []string{"nodejs_compat"}
		s.Tags = []string{"plan-free"}
		s.Options = spec.Object{"logpush": true, "limits": spec.Object{"cpu_ms": 10.0}}
		s.Bindings = []spec.Binding{
			{Name: "GONE", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "G"}},
			{Name: "PLAN", Type: spec.BindingText, Properties: spec.PropertiesOf(spec.Object{"text": "free"})},
			{Name: "TOKEN", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "T"}},
		}
	})
}

func later() *spec.UserWorker {
	return userWorker("customers", "u", func(s *spec.Script) {
		s.Code = codeOf("export default { broken: true }")
		s.Bindings = []spec.Binding{
			{Name: "PLAN", Type: spec.BindingText, Properties: spec.PropertiesOf(spec.Object{"text": "pro"})},
			{Name: "TOKEN", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "T"}},
		}
	})
}

// restoration undoes the second write.
func restoration(kept *spec.Live, written spec.Revision) spec.Restoration {
	back, _ := kept.RestorableOver(later().AsScript())
	return spec.Restoration{Stack: "platform", Written: later(), Revision: written, Former: back}
}

func TestRestore(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	first := put(t, l.Account, former(), nil, "TOKEN", "one", "GONE", "lost")
	before := l.whole(t)
	kept, err := l.Capture(t.Context(), restored, first)
	if err != nil {
		t.Fatal(err)
	}
	written := put(t, l.Account, later(), &first, "TOKEN", "two")
	revision, err := l.Restore(t.Context(), restoration(kept, written))
	if err != nil {
		t.Fatal(err)
	}
	after := l.whole(t)
	if before.Revision.Mark.Code != after.Revision.Mark.Code || before.Revision.Mark.Settings != after.Revision.Mark.Settings || *revision.Mark != *after.Revision.Mark {
		t.Errorf("the mark was %+v and is %+v", before.Revision.Mark, after.Revision.Mark)
	}
	before.Revision, after.Revision = spec.Revision{}, spec.Revision{}
	gone := before.Resource.(*spec.UserWorker)
	gone.Bindings = gone.Bindings[1:] // it cannot be restored
	if diff := cmp.Diff(gone.Code, after.Resource.(*spec.UserWorker).Code); diff != "" {
		t.Errorf("code (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(gone.Canonical(), after.Resource.Canonical()); diff != "" {
		t.Errorf("settings (-before +after):\n%s", diff)
	}
	// The account shows no other writer.
	snap := l.read(t, usersOf("customers"))
	if live := snap.Resources[restored]; live.Revision.Drifted() || live.Revision.Owner != "platform" {
		t.Errorf("%+v", live.Revision)
	}
}

// What another program has written since is left unchanged, whatever the script
// was before.
func TestRestoreLeavesOthersAlone(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	first := put(t, l.Account, former(), nil, "TOKEN", "one", "GONE", "lost")
	kept, err := l.Capture(t.Context(), restored, first)
	if err != nil {
		t.Fatal(err)
	}
	written := put(t, l.Account, later(), &first, "TOKEN", "two")
	theirs := written
	mark := *written.Mark
	mark.Code = strings.Repeat("0", 16)
	theirs.Mark = &mark
	for _, r := range []spec.Restoration{restoration(kept, theirs), {Stack: "platform", Written: later(), Revision: theirs}} {
		if _, err := l.Restore(t.Context(), r); !IsMoved(err) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := l.MarkUnproven(t.Context(), spec.Write{Stack: "platform", Resource: later(), Prior: &theirs}, nil); !IsMoved(err) {
		t.Errorf("got %v", err)
	}
	if got := l.whole(t).Resource.(*spec.UserWorker).Bindings[0].Properties.Get("text"); got != "pro" {
		t.Errorf("it was written: %v", got)
	}
	// What the write created is deleted.
	if _, err := l.Restore(t.Context(), spec.Restoration{Stack: "platform", Written: later(), Revision: written}); err != nil {
		t.Error(err)
	}
	if _, found := l.read(t, usersOf("customers")).Resources[restored]; found {
		t.Error("it is still there")
	}
}

func TestMarkUnproven(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	written := put(t, l.Account, former(), nil, "TOKEN", "one", "GONE", "lost")
	doubted, err := l.MarkUnproven(t.Context(), spec.Write{Stack: "platform", Resource: former(), Prior: &written}, nil)
	if err != nil || !doubted.Mark.Unproven {
		t.Fatalf("%+v, %v", doubted, err)
	}
	live := l.read(t, usersOf("customers")).Resources[restored]
	if live.Revision.Mark == nil || *live.Revision.Mark != *doubted.Mark || live.Revision.Drifted() {
		t.Errorf("%+v, want %+v", live.Revision, doubted.Mark)
	}
	// It can still be undone, and the next write proves it.
	if _, err := l.Restore(t.Context(), spec.Restoration{Stack: "platform", Written: former(), Revision: doubted}); err != nil {
		t.Error(err)
	}
}

// Another program's changes come back as theirs: no mark vouches for them.
func TestRestoreOfWhatHadDrifted(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	put(t, l.Account, former(), nil, "TOKEN", "one", "GONE", "lost")
	if err := l.Emulator.ForTests().Tamper(testAccount, "customers", "u", api.Tampering{
		ModifiedOn: time.Now().Add(time.Hour), Modules: []api.Module{{Name: "theirs.js", Content: []byte("export default { theirs: 1 }")}},
	}); err != nil {
		t.Fatal(err)
	}
	prior := l.read(t, usersOf("customers")).Resources[restored].Revision
	kept, err := l.Capture(t.Context(), restored, prior)
	if err != nil {
		t.Fatal(err)
	}
	written := put(t, l.Account, later(), &prior, "TOKEN", "two")
	if _, err := l.Restore(t.Context(), restoration(kept, written)); err != nil {
		t.Fatal(err)
	}
	now := l.read(t, usersOf("customers")).Resources[restored].Revision
	if !now.Drifted() {
		t.Errorf("the mark vouches for what others have made: %+v", now)
	}
	if code := l.whole(t).Resource.(*spec.UserWorker).Code; string(code.Modules[0].Content) != "export default { theirs: 1 }" {
		t.Errorf("the code is %q", code.Modules[0].Content)
	}
}

// A fleet runs the same code, which is read once.
func TestCaptureReadsCodeOnce(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	revisions := map[string]spec.Revision{}
	for _, name := range []string{"a", "b", "c"} {
		revisions[name] = put(t, l.Account, userWorker("customers", name), nil)
	}
	l.Asked()
	for name, revision := range revisions {
		live, err := l.Capture(t.Context(), spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: name}, revision)
		if err != nil || len(live.Resource.(*spec.UserWorker).Code.Modules) != 1 {
			t.Errorf("%s: %+v, %v", name, live, err)
		}
	}
	content := 0
	for _, request := range l.Asked() {
		if strings.HasSuffix(request, "/content") {
			content++
		}
	}
	if content != 1 {
		t.Errorf("the code was read %d times", content)
	}
}

// If the response to a restoration is lost, it is looked for, and not sent
// twice.
func TestRestoreWhoseAnswerIsLost(t *testing.T) {
	for _, acting := range []bool{true, false} {
		u := openUnreliable(t)
		put(t, u.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
		first := put(t, u.Account, former(), nil, "TOKEN", "one", "GONE", "lost")
		kept, err := u.Capture(t.Context(), restored, first)
		if err != nil {
			t.Fatal(err)
		}
		written := put(t, u.Account, later(), &first, "TOKEN", "two")
		u.next(1, acting)
		if _, err := u.Restore(t.Context(), restoration(kept, written)); err != nil {
			t.Errorf("acting %v: %v", acting, err)
		}
		if got := u.writes(); len(got) != 1 {
			t.Errorf("acting %v: the server has seen %v", acting, got)
		}
	}
}

// A look that shows the state before the write is out of date. It does not mean
// another writer.
func TestStillAsWaitsForTheAccount(t *testing.T) {
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	marked := func(seconds int) spec.Revision {
		mark := spec.NewMark(strings.Repeat("a", 16), strings.Repeat("b", 16), at.Add(time.Duration(seconds)*time.Second))
		return spec.Revision{ETag: "e", Owner: "platform", ModifiedOn: mark.Uploaded, Mark: &mark}
	}
	former, written, other := marked(0), marked(60), marked(61)
	for _, test := range []struct {
		shows []*spec.Revision // one for each look, the last one repeated
		moved bool
		waits int
	}{
		{[]*spec.Revision{&written}, false, 0},
		{[]*spec.Revision{&former, &former, &written}, false, 2},
		{[]*spec.Revision{nil, &written}, false, 1},
		{[]*spec.Revision{&former, &other}, true, 1},
		{[]*spec.Revision{&other}, true, 0},
		{[]*spec.Revision{nil}, true, 5},
		{[]*spec.Revision{&former}, false, 5},
	} {
		looks := 0
		shown := func(r *spec.Revision) string {
			tags, _ := json.Marshal([]string{spec.OwnerTag(r.Owner), r.Mark.Tag()})
			return `{"id":"x","etag":"e","modified_on":"` + r.ModifiedOn.Format(time.RFC3339) + `","tags":` + string(tags) + `}`
		}
		c := craft(t, func(w http.ResponseWriter, r *http.Request) {
			now := test.shows[min(looks, len(test.shows)-1)]
			switch list := strings.HasSuffix(r.URL.Path, "/scripts"); {
			case now == nil:
				looks++
				failure(404, 10092, "not found")(w, r)
			case list:
				looks++
				success("["+shown(now)+"]")(w, r)
			default:
				success(shown(now))(w, r)
			}
		})
		address := spec.Address{Kind: spec.KindUserWorker, Parent: "n", Name: "x"}
		err := c.Account(testAccount).stillAs(t.Context(), "platform", address, written, []spec.Revision{former})
		if IsMoved(err) != test.moved || err != nil && !test.moved || len(c.waits.All) != test.waits {
			t.Errorf("%v: %v after %v", test.shows, err, c.waits.All)
		}
	}
}
