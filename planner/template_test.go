package planner_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

const templateStack = `version: 1
name: platform
dispatch_namespaces: { customers: {} }
lists: { found: { discover: { dispatch_namespace: customers } } }
user_workers:
  found: { dispatch_namespace: customers, for_each: { t: found }, manage: [limits], limits: { cpu_ms: 50 } }
`

// templateWorld returns an account with user Workers of each disposition.
func templateWorld() *spec.Snapshot {
	world := spec.NewSnapshot(spec.Account{ID: "account"})
	world.Collections = []spec.Collection{{Kind: spec.KindDispatchNamespace}, {Kind: spec.KindUserWorker, Parent: "customers"}, {Kind: spec.KindWorker}}
	world.Resources[spec.Address{Kind: spec.KindDispatchNamespace, Name: "customers"}] = &spec.Live{
		Resource: &spec.DispatchNamespace{Name: "customers"}, Revision: spec.Revision{ID: "1"}, Detailed: true,
	}
	for name, revision := range map[string]spec.Revision{
		"new": {}, "known": {Template: "platform"}, "theirs": {Owner: "other"}, "templated": {Template: "other"}, "ours": {Owner: "platform"},
	} {
		revision.ModifiedOn = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
		world.Resources[userWorker(name)] = &spec.Live{
			Resource: &spec.UserWorker{DispatchNamespace: "customers", Name: name, Script: spec.Script{Code: spec.NoCode()}}, Revision: revision, Detailed: true,
		}
	}
	return world
}

func loadTemplate(t *testing.T, world *spec.Snapshot) *spec.Stack {
	t.Helper()
	stack, list := stackfile.Load(fstest.MapFS{"wfpsync.yaml": {Data: []byte(templateStack)}}, "wfpsync.yaml", stackfile.Options{Live: world})
	if list.HasErrors() {
		t.Fatal(list.Err())
	}
	return stack
}

// actions returns what a plan does to user Workers.
func actions(p *planner.Plan) []string {
	var all []string
	for _, c := range p.Changes {
		text := string(c.Action) + " " + c.Address.Name
		if c.Blocked != nil {
			text += " blocked"
		}
		all = append(all, text)
	}
	return all
}

func TestTemplateWritesWhatIsNobodys(t *testing.T) {
	world := templateWorld()
	stack := loadTemplate(t, world)
	for name, c := range map[string]struct {
		change  func()
		options planner.Options
		want    []string
	}{
		"a plan":    {func() {}, planner.Options{Mode: planner.Apply}, []string{"update known", "update new", "delete ours"}},
		"a removal": {func() {}, planner.Options{Mode: planner.Destroy}, []string{"delete ours"}},
		"one vanished, and one has an owner now": {func() {
			delete(world.Resources, userWorker("known"))
			world.Resources[userWorker("new")].Revision.Template = "other"
		}, planner.Options{Mode: planner.Apply}, []string{"update new blocked", "delete ours"}},
	} {
		t.Run(name, func(t *testing.T) {
			world = templateWorld()
			c.change()
			plan, err := planner.New(stack, world, c.options)
			if err != nil {
				t.Fatal(err)
			}
			got := slices.DeleteFunc(actions(plan), func(text string) bool { return text == "delete customers" || text == "delete customers blocked" })
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// A Worker that was written and has not answered its probe is probed again.
func TestTemplateUnproven(t *testing.T) {
	world := templateWorld()
	stack, list := stackfile.Load(fstest.MapFS{"wfpsync.yaml": {Data: []byte(strings.Replace(templateStack, "limits: { cpu_ms: 50 }",
		`limits: { cpu_ms: 50 }, rollout: { waves: ["100%"], probe: { url: "https://${t.name}.example.com/" } }`, 1))}}, "wfpsync.yaml", stackfile.Options{Live: world})
	if list.HasErrors() {
		t.Fatal(list.Err())
	}
	wanted, _ := stack.Lookup(userWorker("known"))
	script, live := wanted.(spec.Scripted).AsScript(), world.Resources[userWorker("known")]
	mark := spec.NewMark(script.Code.Digest, script.Digest(), live.Revision.ModifiedOn).WithAssets(script.Assets)
	mark.Unproven, live.Revision.Mark = true, &mark
	live.Resource.(spec.Scripted).AsScript().Options = spec.Object{"limits": spec.Object{"cpu_ms": 50.0}}
	plan, err := planner.New(stack, world, planner.Options{Mode: planner.Apply})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range plan.Changes {
		if c.Address == userWorker("known") && c.Reason == planner.ReasonUnproven && c.MarkOnly && c.Rollout != nil {
			return
		}
	}
	t.Errorf("%q does not probe again", actions(plan))
}
