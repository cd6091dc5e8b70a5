package spec_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

// The names of kinds are unique, and kinds are found by them.
func TestKindsAreTold(t *testing.T) {
	nouns := map[string]spec.Kind{}
	for _, k := range spec.Kinds() {
		for _, noun := range []string{k.Singular, k.Plural} {
			if other, taken := nouns[noun]; taken {
				t.Errorf("%s and %s are both called %q", other, k.Kind, noun)
			}
			nouns[noun] = k.Kind
		}
		if k.Kind.Info().Kind != k.Kind {
			t.Errorf("Info does not find %s", k.Kind)
		}
		if k.Count(1) != "1 "+k.Singular || k.Count(2) != "2 "+k.Plural || k.Count(0) != "0 "+k.Plural {
			t.Errorf("%s is counted as %q and %q", k.Kind, k.Count(1), k.Count(2))
		}
	}
	if !slices.IsSortedFunc(spec.Kinds(), func(a, b spec.KindInfo) int { return strings.Compare(string(a.Kind), string(b.Kind)) }) {
		t.Error("spec.Kinds is not sorted")
	}
	if _, err := spec.DecodeResource("wroker", []byte("{}")); err == nil {
		t.Error("a resource of no kind is read")
	}
}

// The address of a resource of each kind is parsed from its text.
func TestAddressesOfEveryKind(t *testing.T) {
	for _, k := range spec.Kinds() {
		a := spec.Address{Kind: k.Kind, Name: "a/b"}
		switch k.Container {
		case spec.ContainerAccount, spec.ContainerWorker:
			a.Name = "a"
		default:
			a.Parent = "in"
		}
		got, err := spec.ParseAddress(a.String())
		if err != nil || got != a {
			t.Errorf("%s is read back as %+v, %v", a, got, err)
		}
	}
}
