package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// situation is what a plan is made from: what was applied before, what has
// happened to the account since, and what the file says now.
type situation struct {
	was    string // the stack file that was applied last; "" for none
	wanted string // the stack file now; "" for the same

	// since is what others did to the account.
	since func(world *spec.Snapshot)

	mode  planner.Mode
	allow []string

	// targets limit the plan to some resources.
	targets []string
	wave    int

	// writeSecrets asks for all of them, and rotated compares their values by
	// fingerprints: those of the sources named are new ones.
	writeSecrets bool
	rotated      []string

	// outline leaves out the code, as a plan that was made as JSON does.
	outline bool
}

// plan returns what wfpsync plans in the situation.
func (s situation) plan(t *testing.T) *planner.Plan {
	t.Helper()
	was, _ := stackOf(t, s.was)
	if s.wanted == "" {
		s.wanted = s.was
	}
	wanted, warnings := stackOf(t, s.wanted)
	world := accountAfter(t, was)
	world.Collections = append(world.Collections, wanted.Scope()...)
	if s.since != nil {
		s.since(world)
	}
	options := planner.Options{Mode: s.mode, Tool: "wfpsync test", Allow: s.allow, Targets: s.targets, Wave: s.wave, WriteSecrets: s.writeSecrets}
	if s.rotated != nil {
		options.Secrets = s.values(t, was, world, wanted)
	}
	if options.Mode == "" {
		options.Mode = planner.Apply
	}
	for _, a := range planner.Inspect(wanted, world, options) {
		readWhole(t, world, was, a)
	}
	plan, err := planner.New(wanted, world, options)
	if err != nil {
		t.Fatal(err)
	}
	plan.Diagnostics = append(plan.Diagnostics, warnings...).Sorted()
	if s.outline {
		return plan.Outline()
	}
	return plan
}

// values returns the values of all secrets, once in the marks of the account,
// and then as they are now.
func (s situation) values(t *testing.T, was *spec.Stack, world *spec.Snapshot, wanted *spec.Stack) *spec.SecretValues {
	t.Helper()
	key, err := spec.NewSecretsKey("0123456789abcdef0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	values := &spec.SecretValues{Key: key, Values: map[spec.SecretSource]spec.Secret{}}
	secretsOf := func(stack *spec.Stack, of func(spec.Scripted)) {
		for _, r := range stack.Resources {
			if script, ok := r.(spec.Scripted); ok {
				for _, b := range script.AsScript().Secrets() {
					values.Values[*b.Secret] = spec.NewSecret("hunter2")
				}
				of(script)
			}
		}
	}
	secretsOf(was, func(script spec.Scripted) {
		mark := world.Resources[script.Address()].Revision.Mark
		*mark = mark.WithSecrets(values.Fingerprints(was.Name, script))
	})
	secretsOf(wanted, func(spec.Scripted) {})
	for _, name := range s.rotated {
		values.Values[spec.SecretSource{Env: name}] = spec.NewSecret("hunter3")
	}
	return values
}

// stackOf reads a stack file, and completes its code as a bundler would.
func stackOf(t *testing.T, text string) (*spec.Stack, diag.List) {
	t.Helper()
	stack, list := stackfile.Parse("wfpsync.yaml", []byte("version: 1\nname: platform\ndefaults: { compatibility_date: 2026-10-01 }\n"+strings.TrimPrefix(text, "\n")))
	if list.HasErrors() {
		t.Fatalf("stack file: %v", list)
	}
	for _, code := range stack.Codes() {
		code.Complete("index.js", []spec.Module{{Name: "index.js", Type: spec.ESModule, Content: []byte(code.Inline)}})
	}
	return stack, list
}

// accountAfter returns the account after a stack was applied to an empty one,
// as lists show it.
func accountAfter(t *testing.T, stack *spec.Stack) *spec.Snapshot {
	t.Helper()
	world := spec.NewSnapshot(spec.Account{ID: "0123456789abcdef0123456789abcdef", Name: "Example"})
	world.Collections = stack.Scope()
	for _, r := range stack.Resources {
		if pair, isPair := r.(*spec.KVPair); isPair {
			listed, owner := spec.LiveKVPair(pair.KVNamespace, pair.Key, pair.MarkedMetadata(stack.Name), pair.Expiration)
			world.Resources[r.Address()] = &spec.Live{Resource: listed, Revision: spec.Revision{ID: "id", Owner: owner}}
			continue
		}
		if _, isScript := r.(spec.Scripted); !isScript {
			world.Resources[r.Address()] = &spec.Live{Resource: r, Detailed: true, Revision: spec.Revision{ID: "id of " + r.Address().String(), Owner: markedBy(r)}}
		}
	}
	for _, r := range stack.Resources {
		if script, isScript := r.(spec.Scripted); isScript {
			world.Resources[r.Address()] = uploaded(t, world, script)
		}
	}
	return world
}

// markedBy returns the stack that a resource other than a script carries the
// mark of.
func markedBy(r spec.Resource) string {
	switch r.(type) {
	case *spec.DNSRecord, *spec.CustomHostname:
		return "platform"
	}
	return ""
}

// uploaded returns a script as a list shows it after an upload.
func uploaded(t *testing.T, world *spec.Snapshot, script spec.Scripted) *spec.Live {
	t.Helper()
	resolved, complete := script.AsScript().Resolved(world.ID)
	if !complete {
		t.Fatalf("%s has references that are not live", script.Address())
	}
	mark := spec.NewMark(resolved.Code.Digest, resolved.Digest(), applied)
	return &spec.Live{
		Resource: script.WithScript(spec.Script{Tags: resolved.Tags}),
		Revision: spec.Revision{ETag: "etag", ModifiedOn: applied.Add(time.Second), Owner: "platform", Mark: &mark},
	}
}

// readWhole fills in what reading a script shows: what the stack that was
// applied says of it, unless another program has written something else.
func readWhole(t *testing.T, world *spec.Snapshot, was *spec.Stack, a spec.Address) {
	t.Helper()
	live := world.Resources[a]
	if live.Detailed {
		return
	}
	r, ok := was.Lookup(a)
	if !ok {
		t.Fatalf("%s is to be read, and was never applied", a)
	}
	if pair, isPair := r.(*spec.KVPair); isPair {
		live.Resource, live.Detailed = live.Resource.(*spec.KVPair).WithValue([]byte(pair.Value)), true
		return
	}
	resolved, _ := r.(spec.Scripted).AsScript().Resolved(world.ID)
	if mark := live.Revision.Mark; mark != nil {
		resolved.Code = &spec.Code{Digest: mark.Code} // the planner does not ask for code that a mark vouches for
	}
	live.Resource, live.Detailed = r.(spec.Scripted).WithScript(resolved), true
}

// What others do to an account.

func wrote(a spec.Address, script spec.Script) func(*spec.Snapshot) {
	return func(world *spec.Snapshot) {
		live := world.Resources[a]
		live.Resource, live.Detailed = live.Resource.(spec.Scripted).WithScript(script), true
		live.Revision.ModifiedOn = drifted
	}
}

// wroteCode leaves the settings as they are, and is read whole.
func wroteCode(a spec.Address, modules ...spec.Module) func(*spec.Snapshot) {
	return func(world *spec.Snapshot) {
		live := world.Resources[a]
		script := spec.Script{CompatibilityDate: "2026-10-01", Code: new(spec.Code)}
		script.Code.Complete("index.js", modules)
		live.Resource, live.Detailed = live.Resource.(spec.Scripted).WithScript(script), true
		live.Revision.ModifiedOn = drifted
	}
}

// lost takes a binding of a Worker away.
func lost(a spec.Address, binding string) func(*spec.Snapshot) {
	return func(world *spec.Snapshot) {
		stack, _ := stackfile.Parse("wfpsync.yaml", []byte("version: 1\nname: platform\ndefaults: { compatibility_date: 2026-10-01 }\n"+keyed))
		r, _ := stack.Lookup(a)
		script := *r.(spec.Scripted).AsScript()
		script.Bindings = slices.DeleteFunc(slices.Clone(script.Bindings), func(b spec.Binding) bool { return b.Name == binding })
		live := world.Resources[a]
		script.Code = &spec.Code{Digest: live.Revision.Mark.Code}
		live.Resource, live.Detailed = live.Resource.(spec.Scripted).WithScript(script), true
		live.Revision.ModifiedOn = drifted
	}
}

func unmarked(a spec.Address, owner string) func(*spec.Snapshot) {
	return func(world *spec.Snapshot) {
		world.Resources[a].Revision.Owner, world.Resources[a].Revision.Mark = owner, nil
	}
}

func stranger(a spec.Address, owner string) func(*spec.Snapshot) {
	return func(world *spec.Snapshot) {
		world.Resources[a] = &spec.Live{
			Resource: &spec.UserWorker{DispatchNamespace: a.Parent, Name: a.Name},
			Revision: spec.Revision{ETag: "theirs", ModifiedOn: drifted, Owner: owner},
		}
	}
}

func all(happened ...func(*spec.Snapshot)) func(*spec.Snapshot) {
	return func(world *spec.Snapshot) {
		for _, f := range happened {
			f(world)
		}
	}
}
