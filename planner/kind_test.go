package planner

import (
	"testing"
)

// TestEveryKindIsWhole looks for what a column cannot do without.
func TestEveryKindIsWhole(t *testing.T) {
	for kind, c := range columns {
		if c.compare == nil || c.standing == nil || c.removable == nil {
			t.Errorf("the column of %s lacks compare, standing or removable", kind)
		}
	}
}
