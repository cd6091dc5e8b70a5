package main

import (
	"flag"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestApplyForgetsTheStackBefore holds for random stacks: what an account holds
// after apply does not depend on what an earlier stack of that name has left
// there, but for stores and namespaces, which absence never removes, for zones
// that the stack does not name, and for custom hostnames, which keep what the
// file does not say of their certificate.
func TestApplyForgetsTheStackBefore(t *testing.T) {
	if testing.Short() {
		t.Skip("many runs of the whole program")
	}
	t.Parallel()
	checkFew(t, 50, func(t *rapid.T) {
		before, stack := stackFile(t, "before"), drawStack(t, "stack", true)
		after := func(stacks ...string) string {
			p := newPlayground(t)
			defer p.close()
			for _, s := range stacks {
				p.write(s)
				p.must(exitOK, "apply", "--auto-approve", "--allow", "binding-removal,dispatcher-replace")
			}
			held := holdings(t, p.account)
			maps.DeleteFunc(held, func(path, _ string) bool { return p.remains(path) })
			return off.Replace(joined(held))
		}
		if diff := cmp.Diff(after(stack), after(before, stack)); diff != "" {
			t.Fatalf("without and with a stack before:\n%s\n%s\n--- before ---\n%s", diff, stack, before)
		}
	})
}

// off are settings that an update turns off, as they were before they were
// turned on.
var off = strings.NewReplacer("observability:{enabled:false},", "", "tail_consumers:[]", "tail_consumers:<nil>")

// checkFew returns rapid.Check for what takes long: unless -rapid.checks says
// how many, n draws are all.
func checkFew(t *testing.T, n int, property func(*rapid.T)) {
	t.Helper()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		usual := checks.DefValue
		if err := checks.Value.Set(strconv.Itoa(n)); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = checks.Value.Set(usual) }()
	}
	rapid.Check(t, property)
}

// remains reports whether what is at a path stays, whatever the stack says.
func (p *playground) remains(path string) bool {
	for _, stores := range []string{"/storage/", "/d1/", "/r2/", "/queues/"} {
		if strings.HasPrefix(path, stores) {
			return true
		}
	}
	if strings.HasPrefix(path, "/zones/") && (strings.Contains(path, "/custom_hostnames/") || !strings.Contains(p.stackYML, "example.com")) {
		return true
	}
	namespace, ok := strings.CutPrefix(path, "/workers/dispatch/namespaces/")
	return ok && (!strings.Contains(namespace, "/") || p.undeclared(path))
}
