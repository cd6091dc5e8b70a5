package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Fields of a change that are not shown decide whether bindings of other
// programs are kept.
func TestWhatAChangeWrites(t *testing.T) {
	secret := func(name string) spec.Binding {
		return spec.Binding{Name: name, Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: name}}
	}
	worker := &spec.UserWorker{DispatchNamespace: "n", Name: "acme", Script: spec.Script{Bindings: []spec.Binding{secret("A"), secret("B")}}}
	field := func(path string, op planner.FieldOp) planner.FieldChange {
		return planner.FieldChange{Path: path, Op: op}
	}
	for name, test := range map[string]struct {
		change  planner.Change
		leaves  bool
		takes   bool
		secrets string
	}{
		"new code":               {planner.Change{Action: planner.Update, Desired: worker, Fields: []planner.FieldChange{field("/code", planner.FieldReplace)}}, true, false, "A B"},
		"new code and files":     {planner.Change{Action: planner.Update, Desired: worker, Fields: []planner.FieldChange{field("/code", planner.FieldReplace), field("/assets", planner.FieldReplace)}}, true, false, "A B"},
		"a secret besides":       {planner.Change{Action: planner.Update, Desired: worker, Fields: []planner.FieldChange{field("/code", planner.FieldReplace), field("/bindings/A", planner.FieldWrite)}}, true, false, "A B"},
		"a setting":              {planner.Change{Action: planner.Update, Desired: worker, Fields: []planner.FieldChange{field("/code", planner.FieldReplace), field("/limits/cpu_ms", planner.FieldReplace)}}, false, false, "A B"},
		"a removed binding":      {planner.Change{Action: planner.Update, Desired: worker, Fields: []planner.FieldChange{field("/bindings/C", planner.FieldRemove)}}, false, false, "A B"},
		"nothing":                {planner.Change{Action: planner.Update, Desired: worker}, false, false, "A B"},
		"a new Worker":           {planner.Change{Action: planner.Create, Desired: worker, Fields: []planner.FieldChange{field("/code", planner.FieldAdd)}}, false, false, "A B"},
		"one secret":             {planner.Change{Action: planner.WriteSecrets, Desired: worker, Fields: []planner.FieldChange{field("/bindings/B", planner.FieldWrite)}}, false, false, "B"},
		"another owner's Worker": {planner.Change{Action: planner.Update, Reason: planner.ReasonUnmanaged, Desired: worker, Fields: []planner.FieldChange{field("/limits", planner.FieldAdd)}}, false, true, "A B"},
		"a mark alone":           {planner.Change{Action: planner.Adopt, Reason: planner.ReasonUnmanaged, Desired: worker}, false, false, "A B"},
		"a queue":                {planner.Change{Action: planner.Update, Desired: &spec.Queue{Name: "q"}, Fields: []planner.FieldChange{field("/delivery_delay", planner.FieldAdd)}}, false, false, ""},
		"a deletion":             {planner.Change{Action: planner.Delete}, false, false, ""},
	} {
		if got := test.change.LeavesBindings(); got != test.leaves {
			t.Errorf("%s leaves the bindings that it does not name: %v", name, got)
		}
		if got := test.change.TakesOver(); got != test.takes {
			t.Errorf("%s takes over: %v", name, got)
		}
		var secrets []string
		for _, b := range test.change.SecretsToWrite() {
			secrets = append(secrets, b.Name)
		}
		if got := strings.Join(secrets, " "); got != test.secrets {
			t.Errorf("%s writes the secrets %q, want %q", name, got, test.secrets)
		}
	}
	if got := (planner.Assets{Files: []spec.AssetFile{{Size: 3}, {Size: 4}}}).Size(); got != 7 {
		t.Errorf("files of 3 and 4 bytes have %d", got)
	}
}

// If a Worker is already as its template would make it, a plan writes only the
// mark, and those secrets whose values cannot be proved.
func TestTemplateMarksWhatIsInShape(t *testing.T) {
	inShape := func(world *spec.Snapshot, name string, bindings ...spec.Binding) {
		worker := world.Resources[userWorker(name)].Resource.(*spec.UserWorker)
		worker.Options, worker.Bindings = spec.Object{"limits": spec.Object{"cpu_ms": 50.0}}, bindings
	}
	world := templateWorld()
	inShape(world, "new")
	inShape(world, "known")
	p, err := planner.New(loadTemplate(t, world), world, planner.Options{Mode: planner.Apply})
	if err != nil {
		t.Fatal(err)
	}
	if got := actions(p); !slices.Equal(got, []string{"adopt known", "adopt new", "delete ours"}) {
		t.Errorf("%v", got)
	}
	for _, c := range p.Changes[:2] {
		if !c.MarkOnly || len(c.Fields) > 0 || c.Reason != planner.ReasonTemplate {
			t.Errorf("%s writes %v, because %s", c.Address, c.Fields, c.Reason)
		}
	}
	stack := loadTemplate(t, world)
	for _, r := range stack.Resources {
		if w, ok := r.(*spec.UserWorker); ok {
			w.Manage = append(w.Manage, spec.FieldSecrets)
			w.Bindings = []spec.Binding{{Name: "KEY", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "KEY"}}}
		}
	}
	inShape(world, "new", spec.Binding{Name: "KEY", Type: spec.BindingSecret})
	inShape(world, "known", spec.Binding{Name: "KEY", Type: spec.BindingSecret})
	if p, err = planner.New(stack, world, planner.Options{Mode: planner.Apply}); err != nil {
		t.Fatal(err)
	}
	if got := actions(p); !slices.Equal(got, []string{"write-secrets known", "write-secrets new", "delete ours"}) {
		t.Errorf("%v", got)
	}
}

// A template leaves a Worker alone whose own tags use up the platform's eight,
// and warns of it. It also warns if it finds no Worker.
func TestTemplateWarnings(t *testing.T) {
	world := templateWorld()
	full := world.Resources[userWorker("new")].Resource.(*spec.UserWorker)
	full.Tags = []string{"1", "2", "3", "4", "5", "6", "7"}
	p, err := planner.New(loadTemplate(t, world), world, planner.Options{Mode: planner.Apply})
	if err != nil {
		t.Fatal(err)
	}
	if got := actions(p); slices.Contains(got, "update new") {
		t.Errorf("a Worker without room for a mark is written: %v", got)
	}
	if got := rulesOf(p.Diagnostics); !slices.Contains(got, planner.RuleNoRoomForMark) {
		t.Errorf("%v", got)
	}
	for name := range world.Resources {
		if name.Kind == spec.KindUserWorker {
			delete(world.Resources, name)
		}
	}
	for mode, want := range map[planner.Mode]bool{planner.Apply: true, planner.Destroy: false} {
		if p, err = planner.New(loadTemplate(t, world), world, planner.Options{Mode: mode}); err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(rulesOf(p.Diagnostics), planner.RuleNothingDiscovered); got != want {
			t.Errorf("%s: %v", mode, rulesOf(p.Diagnostics))
		}
	}
}

func rulesOf(list diag.List) (rules []string) {
	for _, d := range list {
		rules = append(rules, d.Rule)
	}
	return rules
}
