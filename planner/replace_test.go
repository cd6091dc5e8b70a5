package planner_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/planner"
)

const placed = `
version: 1
name: platform
d1_databases:
  orders: { jurisdiction: fedramp }
  other: {}
defaults: { compatibility_date: 2026-10-01 }
workers:
  stays: { script: "export default {}", d1_databases: [{ binding: DB, ref: orders }] }
  turns: { script: "export default {}", d1_databases: [{ binding: DB, ref: orders }] }
  goes: { script: "export default {}", d1_databases: [{ binding: DB, ref: orders }] }
  apart: { script: "export default {}" }
`

// What still refers to a replaced resource comes after it, and what no longer
// refers to it comes before.
func TestReplace(t *testing.T) {
	wanted := strings.NewReplacer("fedramp", "eu",
		`turns: { script: "export default {}", d1_databases: [{ binding: DB, ref: orders }] }`, `turns: { script: "export default {}", d1_databases: [{ binding: DB, ref: other }] }`,
		"  goes: { script: \"export default {}\", d1_databases: [{ binding: DB, ref: orders }] }\n", "").Replace(placed)
	allow := planner.Options{Allow: []string{planner.GuardStoreDelete}}
	p := plan(t, parse(t, placed), parse(t, wanted), allow)
	want := `1 replace d1_database/orders (changed) after worker/goes, worker/turns
    replace /jurisdiction: fedramp -> eu
0 delete worker/goes (removed)
2 update worker/stays (changed) after d1_database/orders
    replace /bindings/DB/id: id of d1_database/orders -> (known after apply)
0 update worker/turns (changed)
    replace /bindings/DB/id: id of d1_database/orders -> id of d1_database/other
guard store-delete: allowed
`
	if diff := cmp.Diff(want, outline(p)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s := p.Summary; s.Add != 1 || s.Change != 2 || s.Destroy != 2 {
		t.Errorf("summary %+v", s)
	}
	roundTrip(t, p)

	// A target includes what would otherwise refer to a deleted resource, and
	// what must come first.
	allow.Targets = []string{"d1_database/orders"}
	if got := outline(plan(t, parse(t, placed), parse(t, wanted), allow)); got != want {
		t.Errorf("limited to the database:\n%s", cmp.Diff(want, got))
	}
	// Nothing else says where it is stored.
	nowhere := strings.Replace(placed, "{ jurisdiction: fedramp }", "{}", 1)
	if p := plan(t, parse(t, placed), parse(t, nowhere), planner.Options{}); p.HasChanges() {
		t.Errorf("what the file does not say changes:\n%s", outline(p))
	}
}
