package wfpsync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/bundle"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// CheckCode starts the code of a plan's changed Workers on a workerd, as an
// upload does, and adds to the plan's diagnostics what would be refused.
// Workers that start in the same way are started once, such as a fleet.
func (p *Project) CheckCode(ctx context.Context, plan *planner.Plan, workerd string) error {
	where := p.sources()
	var programs []runtime.Program
	var scripts []*spec.Script
	seen := map[string]bool{}
	for _, c := range plan.Changes {
		scripted, ok := c.Desired.(spec.Scripted)
		if !ok || c.MarkOnly {
			continue
		}
		script := scripted.AsScript()
		if script.Code == nil || len(script.Code.Modules) == 0 || seen[startedAs(script)] {
			continue
		}
		seen[startedAs(script)] = true
		programs = append(programs, programOf(script))
		scripts = append(scripts, script)
	}
	refusals, err := emulator.Check(ctx, workerd, programs)
	if err != nil {
		return err
	}
	for i, refusal := range refusals {
		if refusal != nil {
			plan.Diagnostics = append(plan.Diagnostics, refused(ctx, scripts[i].Code, refusal, where))
		}
	}
	plan.Diagnostics = plan.Diagnostics.Sorted()
	return nil
}

// startedAs returns a key of everything that decides how a script starts.
// Values of variables may matter too, if code reads them at once; Workers that
// differ only in those are treated as one.
func startedAs(s *spec.Script) string {
	flags := slices.Sorted(slices.Values(s.CompatibilityFlags))
	return strings.Join(append(flags, s.CompatibilityDate, s.Code.Digest), " ")
}

// programOf returns a script as the local runtime takes it.
func programOf(s *spec.Script) runtime.Program {
	made := runtime.Program{
		Main: s.Code.MainModule, AsModule: true, Date: s.CompatibilityDate, Flags: s.CompatibilityFlags, Env: map[string]any{},
	}
	for _, m := range s.Code.Modules {
		made.Modules = append(made.Modules, runtime.Module{Name: m.Name, Type: string(m.Type), Content: m.Content})
	}
	for _, b := range s.Bindings {
		if value := spec.BindingTypeOf(b.Type).Value; value != "" {
			made.Env[b.Name] = b.Properties.Get(value)
		}
	}
	return made
}

// refused returns the diagnostic of a refused upload, at the source line if
// that can be found.
func refused(ctx context.Context, code *spec.Code, refusal *api.StartError, where *sources) diag.Diagnostic {
	d := diag.Diagnostic{
		Severity: diag.Error, Rule: bundle.RuleRefused, Range: code.At,
		Message: fmt.Sprintf("an upload would be refused with code %d: %s", refusal.Code, strings.Join(strings.Fields(refusal.Message), " ")),
	}
	if where == nil {
		return d
	}
	at, snippet, found := where.find(ctx, code, refusal.Message)
	if !found {
		d.Range, d.Snippet, _ = where.shown(code.At, "")
		return d
	}
	d.Range, d.Snippet = at, snippet
	d.Message = fmt.Sprintf("an upload would be refused with code %d: %s", refusal.Code, firstLine(refusal.Message))
	return d
}
