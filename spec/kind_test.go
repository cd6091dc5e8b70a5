package spec_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/schema"
	"github.com/wfpsync/wfpsync/spec"
)

// TestEveryKindIsDescribed asks what every other package relies on.
func TestEveryKindIsDescribed(t *testing.T) {
	var stack struct {
		Properties map[string]any `json:"properties"`
	}
	if err := json.Unmarshal(schema.Stack(), &stack); err != nil {
		t.Fatal(err)
	}
	plan := string(schema.Plan())
	nouns := map[string]spec.Kind{}
	for _, k := range spec.Kinds() {
		for what, missing := range map[string]bool{
			"Singular":   k.Singular == "",
			"Plural":     k.Plural == "" || k.Plural == k.Singular,
			"Product":    k.Product == "",
			"Permission": k.Permission.Name == "" || k.Permission.Level == "" || k.Permission.Scope != "Account" && k.Permission.Scope != "Zone",
		} {
			if missing {
				t.Errorf("the description of %s, in spec/%s.go, lacks %s", k.Kind, k.Kind, what)
			}
		}
		for _, noun := range []string{k.Singular, k.Plural} {
			if other, taken := nouns[noun]; taken {
				t.Errorf("%s and %s are both called %q", other, k.Kind, noun)
			}
			nouns[noun] = k.Kind
		}
		if k.Kind.Info().Kind != k.Kind {
			t.Errorf("Info does not find %s", k.Kind)
		}
		if _, err := spec.DecodeResource(k.Kind, []byte("{}")); err != nil {
			t.Errorf("a resource of the kind %s cannot be read from a plan: %v", k.Kind, err)
		}
		if k.Section != "" && stack.Properties[k.Section] == nil {
			t.Errorf("schema/stack.schema.json has no section %q, which %s is declared in", k.Section, k.Kind)
		}
		if !strings.Contains(plan, `"`+string(k.Kind)+`"`) {
			t.Errorf("schema/plan.schema.json does not know the kind %q", k.Kind)
		}
	}
	if !slices.IsSortedFunc(spec.Kinds(), func(a, b spec.KindInfo) int { return strings.Compare(string(a.Kind), string(b.Kind)) }) {
		t.Error("spec.Kinds is not sorted")
	}
}

// The address of a resource of each kind is read back from its text.
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
