package spec_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

func snapshotOf(resources ...spec.Resource) *spec.Snapshot {
	s := spec.NewSnapshot(spec.Account{ID: "a"})
	for _, r := range resources {
		s.Resources[r.Address()] = &spec.Live{Resource: r}
	}
	return s
}

// The part of a namespace has what dispatches to it, what those need, and
// nothing of other namespaces.
func TestAbout(t *testing.T) {
	binding := func(name, kind, property, value string) spec.Binding {
		return spec.Binding{Name: name, Type: kind, Properties: spec.Properties{{Name: property, Value: value}}}
	}
	s := snapshotOf(
		&spec.DispatchNamespace{Name: "ours"}, &spec.DispatchNamespace{Name: "theirs"},
		&spec.UserWorker{DispatchNamespace: "ours", Name: "acme", Script: spec.Script{Bindings: []spec.Binding{binding("DB", spec.BindingD1, "id", "db-1")}}},
		&spec.UserWorker{DispatchNamespace: "theirs", Name: "globex", Script: spec.Script{Bindings: []spec.Binding{binding("DB", spec.BindingD1, "id", "db-2")}}},
		&spec.Worker{Name: "router", Script: spec.Script{Bindings: []spec.Binding{
			binding("A", spec.BindingDispatchNamespace, "namespace", "ours"), binding("B", spec.BindingDispatchNamespace, "namespace", "theirs"),
			binding("S", spec.BindingService, "service", "auth"),
		}}},
		&spec.Worker{Name: "auth"}, &spec.Worker{Name: "unrelated"},
		&spec.Route{Zone: "example.com", Pattern: "*.example.com/*", Worker: "router"},
		&spec.Route{Zone: "example.com", Pattern: "other.example.com/*", Worker: "unrelated"},
		&spec.D1Database{Name: "one"}, &spec.D1Database{Name: "two"},
	)
	s.Resources[address("d1_database/one")].Revision.ID = "db-1"
	s.Resources[address("d1_database/two")].Revision.ID = "db-2"
	var got []string
	for _, a := range s.ForNamespace("ours").Addresses() {
		got = append(got, a.String())
	}
	want := []string{"d1_database/one", "dispatch_namespace/ours", "route/example.com/*.example.com/*", "user_worker/ours/acme", "worker/auth", "worker/router"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// The questions that callers ask of a snapshot.
func TestSelections(t *testing.T) {
	bucket := spec.Binding{Name: "FILES", Type: spec.BindingR2Bucket, Properties: spec.PropertiesOf(spec.Object{"bucket_name": "files", "jurisdiction": "eu"})}
	s := snapshotOf(
		&spec.Queue{Name: "q"}, &spec.Worker{Name: "router", Script: spec.Script{Bindings: []spec.Binding{bucket}}}, &spec.UserWorker{DispatchNamespace: "n", Name: "acme"},
	)
	s.Resources[address("worker/router")].Revision.Owner = "shop"
	s.Resources[address("queue/q")].Revision = spec.Revision{Owner: "api", ID: "q-1"}
	var workers []string
	for _, a := range s.Workers() {
		workers = append(workers, a.String())
	}
	if d := cmp.Diff([]string{"user_worker/n/acme", "worker/router"}, workers); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"api", "shop"}, s.Owners()); d != "" {
		t.Error(d)
	}
	eu := collection(spec.KindR2Bucket, "eu")
	if d := cmp.Diff([]spec.Collection{eu}, s.Jurisdictions()); d != "" {
		t.Error(d)
	}
	other := snapshotOf(&spec.R2Bucket{Name: "files", Jurisdiction: "eu"})
	other.Collections = []spec.Collection{eu}
	s.Collections = []spec.Collection{collection(spec.KindWorker, "")}
	s.Add(other)
	if !s.Read(eu) || !s.Read(collection(spec.KindWorker, "")) || s.Read(collection(spec.KindQueue, "")) || len(s.Resources) != 4 {
		t.Errorf("%v, %v", s.Collections, s.Addresses())
	}
	if len(s.Jurisdictions()) > 0 {
		t.Error("a jurisdiction is to be read again")
	}
	if id, known := s.ID(address("queue/q")); id != "q-1" || !known {
		t.Error(id, known)
	}
	for _, unknown := range []string{"worker/router", "queue/none"} {
		if _, known := s.ID(address(unknown)); known {
			t.Errorf("%s has an id", unknown)
		}
	}
}

// Two revisions are the same if the resource itself was not written in between,
// whatever was written into it.
func TestSame(t *testing.T) {
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	mark := spec.NewMark("c", "s", now)
	r := func(change func(*spec.Revision)) spec.Revision {
		copied := mark
		r := spec.Revision{ID: "1", ETag: "e", ModifiedOn: now, Owner: "shop", Mark: &copied, ScriptCount: 1}
		change(&r)
		return r
	}
	same := r(func(*spec.Revision) {})
	for name, test := range map[string]struct {
		change func(*spec.Revision)
		want   bool
	}{
		"nothing":             {func(*spec.Revision) {}, true},
		"scripts inside":      {func(r *spec.Revision) { r.ScriptCount = 9 }, true},
		"another time zone":   {func(r *spec.Revision) { r.ModifiedOn = now.In(time.FixedZone("", 3600)) }, true},
		"a write":             {func(r *spec.Revision) { r.ModifiedOn = now.Add(time.Second) }, false},
		"another mark":        {func(r *spec.Revision) { r.Mark.Code = "d" }, false},
		"no mark":             {func(r *spec.Revision) { r.Mark = nil }, false},
		"an owner who is new": {func(r *spec.Revision) { r.Owner = "other" }, false},
		"other code":          {func(r *spec.Revision) { r.ETag = "f" }, false},
	} {
		if got := same.Same(r(test.change)); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
		if got := r(test.change).Same(same); got != test.want {
			t.Errorf("%s, the other way round: %v", name, got)
		}
	}
}

// A rollback uploads the former script: it inherits the secrets that still
// exist, and names those that are lost.
func TestTakenBack(t *testing.T) {
	secret := func(name string) spec.Binding { return spec.Binding{Name: name, Type: spec.BindingSecret} }
	former := &spec.Live{Detailed: true, Resource: &spec.UserWorker{DispatchNamespace: "n", Name: "acme", Script: spec.Script{
		Bindings: []spec.Binding{secret("GONE"), secret("KEPT"), {Name: "PLAN", Type: spec.BindingText}, secret("CARRIED"), secret("VACANT")},
		Options:  spec.Object{"placement": spec.Object{"mode": "smart", "status": "SUCCESS"}, "logpush": true},
	}}}
	over := &spec.Script{Bindings: []spec.Binding{
		secret("KEPT"), {Name: "CARRIED", Type: spec.BindingInherit}, {Name: "VACANT", Type: spec.BindingInherit, Vacant: true}, {Name: "GONE", Type: spec.BindingText},
	}}
	back, lost := former.RestorableOver(over)
	if d := cmp.Diff([]string{"GONE", "VACANT"}, lost); d != "" {
		t.Error(d)
	}
	script := back.Resource.(spec.Scripted).AsScript()
	want := []spec.Binding{{Name: "KEPT", Type: spec.BindingInherit}, {Name: "PLAN", Type: spec.BindingText}, {Name: "CARRIED", Type: spec.BindingInherit}}
	if d := cmp.Diff(want, script.Bindings); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(spec.Object{"placement": spec.Object{"mode": "smart"}, "logpush": true}, script.Options); d != "" {
		t.Error(d)
	}
	if before := former.Resource.(*spec.UserWorker); len(before.Bindings) != 5 || before.Options["placement"].(spec.Object)["status"] == nil {
		t.Error("what was captured has changed")
	}
}
