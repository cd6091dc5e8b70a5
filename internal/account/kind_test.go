package account

import (
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

// TestEveryKindIsWhole looks for what a column cannot do without, and for the
// endpoints of its product.
func TestEveryKindIsWhole(t *testing.T) {
	probed := map[spec.Kind]bool{}
	for _, p := range append(new(Account).Probes(), new(Account).ZoneProbes()...) {
		for _, kind := range p.Kinds {
			probed[kind] = true
		}
	}
	for _, k := range spec.Kinds() {
		c := columns[k.Kind]
		for what, missing := range map[string]bool{"list": c.list == nil, "put": c.put == nil, "delete": c.delete == nil} {
			if missing {
				t.Errorf("the column of %s, in internal/account/%s.go, lacks %s", k.Kind, k.Kind, what)
			}
		}
		if !probed[k.Kind] {
			t.Errorf("no column of internal/account has the endpoints of the product %q: doctor does not check the permission that %s takes", k.Product, k.Kind)
		}
	}
	for kind := range columns {
		if kind.Info().Kind == "" {
			t.Errorf("account has a column of %s, which spec does not describe", kind)
		}
	}
}
