package planner_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// applied is when the accounts of these tests were last applied to.
var applied = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// parse reads a stack file and completes its code as a bundler would.
func parse(t testing.TB, text string) *spec.Stack {
	t.Helper()
	stack, list := stackfile.Parse("wfpsync.yaml", []byte(text))
	if len(list) > 0 {
		t.Fatalf("stack file: %v", list)
	}
	for _, code := range stack.Codes() {
		code.Complete("index.js", []spec.Module{{Name: "index.js", Type: spec.ESModule, Content: []byte(code.Inline + code.Entrypoint)}})
	}
	return stack
}

// live returns the account after a stack was applied to an empty one, as a list
// shows it: Workers by their marks, everything else completely.
func live(t testing.TB, stack *spec.Stack) *spec.Snapshot {
	t.Helper()
	s := spec.NewSnapshot(spec.Account{ID: "0123456789abcdef0123456789abcdef", Name: "test"})
	s.Collections = stack.Scope()
	for _, r := range stack.Resources {
		if _, isScript := r.(spec.Scripted); !isScript {
			s.Resources[r.Address()] = &spec.Live{Resource: r, Detailed: true, Revision: spec.Revision{ID: "id of " + r.Address().String()}}
		}
	}
	for _, r := range stack.Resources {
		if script, isScript := r.(spec.Scripted); isScript {
			s.Resources[r.Address()] = uploaded(t, s, script, stack.Name)
		}
	}
	for a, l := range s.Resources {
		if pair, ok := l.Resource.(*spec.KVPair); ok {
			listed, owner := spec.LiveKVPair(pair.KVNamespace, pair.Key, pair.MarkedMetadata(stack.Name), pair.Expiration)
			s.Resources[a] = &spec.Live{Resource: listed, Revision: spec.Revision{ID: "id of " + a.Parent, Owner: owner}}
		}
		if a.Kind == spec.KindUserWorker {
			s.Resources[spec.Address{Kind: spec.KindDispatchNamespace, Name: a.Parent}].Revision.ScriptCount++
		}
		_ = l
	}
	return s
}

// uploaded returns a script as a list shows it after an upload.
func uploaded(t testing.TB, s *spec.Snapshot, script spec.Scripted, owner string) *spec.Live {
	t.Helper()
	resolved, complete := script.AsScript().Resolved(s.ID)
	if !complete {
		t.Fatalf("%s has references that are not live", script.Address())
	}
	mark := spec.NewMark(resolved.Code.Digest, resolved.Digest(), applied).WithAssets(resolved.Assets)
	return &spec.Live{
		Resource: script.WithScript(spec.Script{Tags: resolved.Tags}),
		Revision: spec.Revision{ETag: "etag", ModifiedOn: applied.Add(time.Second), Owner: owner, Mark: &mark},
	}
}

// detail adds what reading a script whole would show: what the applied stack
// says.
func detail(t testing.TB, s *spec.Snapshot, was *spec.Stack, addresses []spec.Address) {
	t.Helper()
	for _, a := range addresses {
		r, ok := was.Lookup(a)
		if !ok {
			t.Fatalf("%s is to be inspected, and was never applied", a)
		}
		if pair, ok := r.(*spec.KVPair); ok {
			s.Resources[a].Resource = s.Resources[a].Resource.(*spec.KVPair).WithValue([]byte(pair.Value))
			s.Resources[a].Detailed = true
			continue
		}
		script := r.(spec.Scripted)
		resolved, _ := script.AsScript().Resolved(s.ID)
		s.Resources[a].Resource = script.WithScript(resolved)
		s.Resources[a].Detailed = true
	}
}

// plan returns the plan from one stack to another.
func plan(t testing.TB, was, wanted *spec.Stack, options planner.Options) *planner.Plan {
	t.Helper()
	if options.Mode == "" {
		options.Mode = planner.Apply
	}
	s := live(t, was)
	s.Collections = append(s.Collections, wanted.Scope()...)
	return planOn(t, s, was, wanted, options)
}

func planOn(t testing.TB, s *spec.Snapshot, was, wanted *spec.Stack, options planner.Options) *planner.Plan {
	t.Helper()
	if options.Mode == "" {
		options.Mode = planner.Apply
	}
	detail(t, s, was, planner.Inspect(wanted, s, options))
	p, err := planner.New(wanted, s, options)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// outline returns a plan in brief: one line a change, in the plan's order.
func outline(p *planner.Plan) string {
	var b strings.Builder
	for _, c := range p.Changes {
		fmt.Fprintf(&b, "%d %s %s (%s)", c.Level, c.Action, c.Address, c.Reason)
		if len(c.DependsOn) > 0 {
			names := make([]string, len(c.DependsOn))
			for i, a := range c.DependsOn {
				names[i] = a.String()
			}
			fmt.Fprintf(&b, " after %s", strings.Join(names, ", "))
		}
		b.WriteString("\n")
		if c.Blocked != nil {
			fmt.Fprintf(&b, "    blocked by %s: %s\n", c.Blocked.By, c.Blocked.Message)
		}
		if c.Action == planner.Create {
			continue
		}
		for _, f := range c.Fields {
			if f.WriteReason != "" {
				fmt.Fprintf(&b, "    %s %s: %s\n", f.Op, f.Path, f.WriteReason)
				continue
			}
			fmt.Fprintf(&b, "    %s %s: %v -> %v\n", f.Op, f.Path, f.Before, f.After)
		}
	}
	for _, u := range p.Unmanaged {
		fmt.Fprintf(&b, "unmanaged %s/%s: %d unowned, %d foreign\n", u.Kind, u.Parent, u.Unowned, u.Foreign)
	}
	for _, v := range p.Guards {
		fmt.Fprintf(&b, "guard %s: %s\n", v.Guard, v.Result)
	}
	for _, d := range p.Diagnostics {
		fmt.Fprintf(&b, "%s: %s: %s [%s]\n", d.Range, d.Severity, d.Message, d.Rule)
	}
	return b.String()
}
