package stackfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// A policy holds for the changes that its condition is true of, and one that
// cannot be decided is a fault at its place: it must not let a change pass in
// silence.
func TestPolicies(t *testing.T) {
	change := spec.Object{"action": "delete", "kind": "user_worker", "name": "acme", "address": "user_worker/customers/acme"}
	for _, test := range []struct {
		condition, message string
		holds              bool
		said, fault        string
	}{
		{"change.action == 'delete'", "no deletes", true, "no deletes", ""},
		{"change.action == 'delete' && environment == nil", "no ${change.kind} ${change.name}", true, "no user_worker acme", ""},
		{"change.action == 'create'", "no creates", false, "", ""},
		{"${change.name == var.frozen}", "frozen", true, "frozen", ""},
		{"change.name", "which is text", false, "", ", not true or false"},
		{"change.name + 1 > 2", "which cannot be added", false, "", "+"},
		{"change.action == 'delete'", "${change.name + 1}", true, "", "+"},
	} {
		t.Run(test.condition, func(t *testing.T) {
			text := fmt.Sprintf("version: 1\nname: s\nvariables: { frozen: acme }\npolicies:\n  p:\n    deny: %q\n    message: %q\n", test.condition, test.message)
			stack, list := stackfile.Parse("wfpsync.yaml", []byte(text))
			if len(list) > 0 || len(stack.Policies) != 1 {
				t.Fatal(describe(list))
			}
			holds, said, fault := stack.Policies[0].Judge(change)
			if holds != test.holds || said != test.said {
				t.Errorf("holds %v, says %q; want %v, %q", holds, said, test.holds, test.said)
			}
			switch {
			case (fault != nil) != (test.fault != ""):
				t.Errorf("fault %v, want %q", fault, test.fault)
			case fault != nil && (!strings.Contains(fault.Message, test.fault) || fault.Range.Line < 6 || fault.Snippet == ""):
				t.Errorf("%+v", fault)
			}
		})
	}
}
