package planner_test

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// A Worker without migrations may be bound to a Durable Object class only if
// the live Worker may have it.
func TestBoundClasses(t *testing.T) {
	stack := parse(t, `
version: 1
name: rooms
defaults: { compatibility_date: 2026-10-01 }
workers:
  rooms:
    main: a.js
    # wfpsync:ignore WFP268
    durable_objects: { bindings: [{ name: ROOMS, class_name: Room }] }
`)
	address := spec.Address{Kind: spec.KindWorker, Name: "rooms"}
	bound := func(properties ...string) *spec.Live {
		object := spec.Object{}
		for i := 0; i < len(properties); i += 2 {
			object[properties[i]] = properties[i+1]
		}
		worker := *stack.Resources[0].(*spec.Worker)
		worker.Bindings = []spec.Binding{{Name: "OLD", Type: spec.BindingDurableObject, Properties: spec.PropertiesOf(object)}}
		return &spec.Live{Resource: &worker, Detailed: true, Revision: spec.Revision{Owner: "rooms", ETag: "e"}}
	}
	withTag := bound("class_name", "Other")
	withTag.Revision.MigrationTag = "v1"
	for name, test := range map[string]struct {
		live *spec.Live
		want bool
	}{
		"a new Worker":           {nil, true},
		"bound to nothing":       {bound(), true},
		"bound to another class": {bound("class_name", "Other"), true},
		"of another Worker":      {bound("class_name", "Room", "script_name", "other"), true},
		"bound to it already":    {bound("class_name", "Room"), false},
		"bound by its own name":  {bound("class_name", "Room", "script_name", "rooms"), false},
		"migrations have run":    {withTag, false},
	} {
		world := live(t, stack)
		delete(world.Resources, address)
		if test.live != nil {
			world.Resources[address] = test.live
		}
		plan, err := planner.New(stack, world, planner.Options{Mode: planner.Apply})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := false
		for _, d := range plan.Diagnostics {
			got = got || d.Rule == planner.RuleClassMissing && strings.Contains(d.Message, `worker/rooms does not have the Durable Object class "Room"`)
		}
		if got != test.want {
			t.Errorf("%s: told %v, want %v: %v", name, got, test.want, plan.Diagnostics)
		}
	}
}
