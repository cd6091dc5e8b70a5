package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// everyShape returns every way in which the API may list user Workers.
func everyShape() []api.ListShape {
	var shapes []api.ListShape
	for i := range 16 {
		shape := api.ListShape{Nested: i&1 != 0, WithoutTags: i&2 != 0, WithoutETag: i&4 != 0}
		if i&8 != 0 {
			shape.MaxPage = 7
		}
		shape.NullScript = i%3 == 1
		shapes = append(shapes, shape)
	}
	return shapes
}

const (
	shapesDeployed = `version: 1
name: platform
defaults: { compatibility_date: 2026-01-01 }
dispatch_namespaces: { customers: {} }
user_workers:
  same: { dispatch_namespace: customers, script: "export default { fetch() {} }" }
  changed: { dispatch_namespace: customers, script: "export default { fetch() {} }", vars: { A: b } }
  drifted: { dispatch_namespace: customers, script: "export default { fetch() {} }" }
  removed: { dispatch_namespace: customers, script: "export default { fetch() {} }" }
`
	shapesWanted = `version: 1
name: platform
defaults: { compatibility_date: 2026-01-01 }
dispatch_namespaces: { customers: {} }
lists:
  pro: { discover: { dispatch_namespace: customers, tags: { "plan:pro": true, suspended: false } } }
  named: { discover: { dispatch_namespace: customers, name: "named-*", tags: { "plan:pro": false } } }
user_workers:
  same: { dispatch_namespace: customers, script: "export default { fetch() {} }" }
  changed: { dispatch_namespace: customers, script: "export default { fetch() {} }", vars: { A: c } }
  drifted: { dispatch_namespace: customers, script: "export default { fetch() {} }" }
  adopted: { dispatch_namespace: customers, adopt: true, script: "export default { fetch() {} }" }
  new: { dispatch_namespace: customers, script: "export default { fetch() {} }" }
  pro: { dispatch_namespace: customers, for_each: { t: pro }, manage: [vars], vars: { TAGS: "${join(t.tags, ' ')}", SINCE: "${t.created_on}" } }
  named: { dispatch_namespace: customers, for_each: { t: named }, manage: [limits], limits: { cpu_ms: 9 } }
guards: { min_existing: 100 }
`
)

// shapesWorld returns an account in which a plan of shapesWanted has something
// of everything to say.
func shapesWorld(t *testing.T, shape api.ListShape) *simulation {
	t.Helper()
	s := startSimulation(t, t.TempDir(), emulator.Options{Options: api.Options{ListShape: shape}})
	t.Cleanup(s.stop)
	s.write(shapesDeployed)
	s.must(exitOK, "apply", "--auto-approve")
	written := time.Now().Add(-time.Hour)
	seeds := map[string][]string{
		"adopted": nil, "stray": nil, "theirs": {"wfpsync.other"}, "templated-elsewhere": {"plan:pro", "wfpsync-template.other"},
		"named-a": nil, "named-b": {"a"}, "named-pro": {"plan:pro"}, "suspended": {"plan:pro", "suspended"}, "pro": {"plan:pro", "x"},
		"theirs-pro": {"plan:pro", "wfpsync.other"},
	}
	for i := range 12 {
		seeds[fmt.Sprintf("many-%d", i)] = []string{"plan:pro"}
	}
	for name, tags := range seeds {
		metadata, err := json.Marshal(map[string]any{"tags": tags})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.account.ForTests().Seed(emulator.LocalAccountID, "customers", func(yield func(api.Seed) bool) {
			yield(api.Seed{Name: name, Metadata: metadata, ModifiedOn: written})
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.account.ForTests().Tamper(emulator.LocalAccountID, "customers", "drifted", api.Tampering{
		Settings: json.RawMessage(`{"limits":{"cpu_ms":5}}`), ModifiedOn: written,
	}); err != nil {
		t.Fatal(err)
	}
	s.write(shapesWanted)
	return s
}

// ofETags is what a plan has of etags: where lists do not show them, a plan knows
// of none, and its digests are others.
var ofETags = regexp.MustCompile(`(?m)^ *"(etag|digest)": .*\n|^Plan digest: .*\n`)

// TestPlansOfEveryShape compares the plans that are made of one account, however
// it lists user Workers, byte for byte; and with what is remembered as without.
func TestPlansOfEveryShape(t *testing.T) {
	t.Parallel()
	s := shapesWorld(t, api.ListShape{})
	for _, format := range []string{"text", "json"} {
		want := s.must(exitOK, "plan", "--format", format).stdout
		if format == "text" && !strings.Contains(want, "Plan: 1 to add, 19 to change, 1 to destroy.") {
			t.Errorf("the plan has too little to say:\n%s", want)
		}
		for _, shape := range everyShape() {
			s.account.ForTests().SetListShape(shape)
			for _, remembered := range []bool{false, true} {
				if !remembered {
					if err := os.RemoveAll(filepath.Join(s.dir, "cache")); err != nil {
						t.Fatal(err)
					}
				}
				got, want := s.must(exitOK, "plan", "--format", format).stdout, want
				if shape.WithoutETag {
					got, want = ofETags.ReplaceAllString(got, ""), ofETags.ReplaceAllString(want, "")
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%+v, remembered: %v:\n%s", shape, remembered, diff)
				}
			}
		}
		s.account.ForTests().SetListShape(api.ListShape{})
	}
}

// TestApplyOverEveryShape applies over each shape, at once and as a saved plan, and
// finds nothing left to do.
func TestApplyOverEveryShape(t *testing.T) {
	t.Parallel()
	for i, shape := range everyShape() {
		t.Run(fmt.Sprintf("%+v", shape), func(t *testing.T) {
			s := shapesWorld(t, shape)
			if i%3 == 0 {
				plan := filepath.Join(s.dir, "plan.json")
				s.must(exitOK, "plan", "--out", plan)
				if err := os.RemoveAll(filepath.Join(s.dir, "cache")); err != nil { // another machine
					t.Fatal(err)
				}
				s.must(exitOK, "apply", plan, "--auto-approve")
			} else {
				s.must(exitOK, "apply", "--auto-approve")
			}
			if o := s.must(exitOK, "plan", "--detailed-exitcode"); !strings.Contains(o.stdout, "No changes.") {
				t.Error(o.stdout)
			}
			s.must(exitOK, "drift")
		})
	}
}

// shapeVariable is how the scripts' accounts list user Workers, in the words of
// [shapeWord]: what the real API does is documented in more than one way. Without
// it they do as the newest sources say. `make shapes` runs the scripts over each.
const shapeVariable = "WFPSYNC_TEST_LIST_SHAPE"

// testedShape returns the shape that the environment names.
func testedShape() api.ListShape {
	var shape api.ListShape
	for word := range strings.FieldsSeq(os.Getenv(shapeVariable)) {
		if !shapeWord(&shape, word) {
			panic(fmt.Sprintf("%s: unknown word %q", shapeVariable, word))
		}
	}
	return shape
}

// shapeWord says one thing about a shape: nested, without-tags, without-etag, pages of
// seven, or what a GET answers of a script that is not there.
func shapeWord(shape *api.ListShape, word string) bool {
	switch word {
	case "nested":
		shape.Nested = true
	case "without-tags":
		shape.WithoutTags = true
	case "without-etag":
		shape.WithoutETag = true
	case "small-pages":
		shape.MaxPage = 7
	case "null-script":
		shape.NullScript = true
	default:
		return false
	}
	return true
}
