package planner

import (
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

// TestEveryKindIsWhole looks for what a column cannot do without.
func TestEveryKindIsWhole(t *testing.T) {
	for _, k := range spec.Kinds() {
		c := columns[k.Kind]
		for what, missing := range map[string]bool{"compare": c.compare == nil, "standing": c.standing == nil, "removable": c.removable == nil} {
			if missing {
				t.Errorf("the column of %s, in planner/%s.go, lacks %s", k.Kind, k.Kind, what)
			}
		}
		if k.Store && c.guard == "" {
			t.Errorf("%s holds customers' data, and its column in planner/%s.go has no guard", k.Kind, k.Kind)
		}
	}
	for kind := range columns {
		if kind.Info().Kind == "" {
			t.Errorf("planner has a column of %s, which spec does not describe", kind)
		}
	}
}
