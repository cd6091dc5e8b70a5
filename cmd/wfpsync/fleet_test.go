package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/internal/bundle"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

const (
	fleetHead = `version: 1
name: fleet
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { fleet: {} }
`
	fleetCode = "export default { fetch: () => new Response() }\n"
)

// fleetFiles returns a project of many user Workers that come from a CSV.
func fleetFiles(workers int) map[string]string {
	var rows strings.Builder
	for i := range workers {
		fmt.Fprintf(&rows, "customer-%06d,pro\n", i)
	}
	return map[string]string{
		"customers.csv": "id,plan\n" + rows.String(),
		"tenant.ts":     fleetCode,
		wfpsync.DefaultFile: fleetHead + `lists: { customers: { key: id, csv: ./customers.csv } }
user_workers:
  shops:
    for_each: { customer: customers }
    dispatch_namespace: fleet
    main: ./tenant.ts
    vars:
      CONFIG: { customerId: "${customer.id}", plan: "${customer.plan}", features: [feature1, feature2] }
    tags: ["customer-${customer.id}"]
`,
	}
}

// writtenOutFleet returns a project of the same user Workers, each with lines
// of its own.
func writtenOutFleet(workers int) map[string]string {
	var listed strings.Builder
	for i := range workers {
		fmt.Fprintf(&listed, "  customer-%06d:\n    dispatch_namespace: fleet\n    main: ./tenant.ts\n    vars:\n"+
			"      CONFIG: { customerId: customer-%06d, plan: pro, features: [feature1, feature2] }\n    tags: [customer-%06d]\n", i, i, i)
	}
	return map[string]string{"tenant.ts": fleetCode, wfpsync.DefaultFile: fleetHead + "user_workers:\n" + listed.String()}
}

// writeFiles writes files into a folder.
func writeFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// seedApplied gives the local account of a project what applying it would have
// left of a fleet, at the cost of no request.
func seedApplied(t testing.TB, dir string) {
	t.Helper()
	stack, list := stackfile.Load(os.DirFS(dir), wfpsync.DefaultFile, stackfile.Options{})
	list = append(list, bundle.Build(t.Context(), dir, stack.Codes())...)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	account, err := emulator.Open(emulator.Options{Dir: filepath.Join(dir, defaultLocalDir), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = account.ForTests().Seed(emulator.LocalAccountID, "fleet", func(yield func(api.Seed) bool) {
		for _, r := range stack.Resources {
			if w, ok := r.(*spec.UserWorker); ok && !yield(applied(t, stack.Name, w)) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := account.Close(); err != nil {
		t.Fatal(err)
	}
}

// applied returns a user Worker of one module as an upload for a stack leaves
// it.
func applied(t testing.TB, stack string, w *spec.UserWorker) api.Seed {
	t.Helper()
	var bindings []spec.Object
	for _, b := range w.Bindings {
		binding := b.Canonical()
		binding["name"] = b.Name
		bindings = append(bindings, binding)
	}
	mark := spec.NewMark(w.Code.Digest, w.Digest(), time.Now())
	metadata, err := json.Marshal(spec.Object{
		"compatibility_date": w.CompatibilityDate, "bindings": bindings,
		"tags": w.MarkedTags(stack, mark),
	})
	if err != nil {
		t.Fatal(err)
	}
	seed := api.Seed{Name: w.Name, Metadata: metadata, ModifiedOn: mark.Uploaded}
	for _, m := range w.Code.Modules {
		seed.Modules = append(seed.Modules, api.Module{Name: m.Name, Type: string(m.Type), Content: m.Content})
	}
	return seed
}

// BenchmarkPlanOfFleet plans 100,000 user Workers of a CSV on the local account:
// when none of them is there, and when all are and nothing is to be done.
func BenchmarkPlanOfFleet(b *testing.B) {
	dir := b.TempDir()
	writeFiles(b, dir, fleetFiles(100_000))
	plan := func(want string) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var stdout strings.Builder
				a := newApp()
				a.stdout, a.stderr = &stdout, &stdout
				if code := a.run(b.Context(), []string{"plan", "-f", dir, "--local=" + filepath.Join(dir, defaultLocalDir)}); code != exitOK || !strings.Contains(stdout.String(), want) {
					b.Fatalf("exit code %d: %s", code, stdout.String())
				}
			}
		}
	}
	b.Run("first", plan("Plan: 100001 to add"))
	seedApplied(b, dir)
	b.Run("unchanged", plan("No changes"))
}
