package stackfile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

func TestReadPrefixes(t *testing.T) {
	stack, list := stackfile.Parse("wfpsync.yaml", []byte(`
version: 1
name: platform
kv_namespaces:
  all: { title: All }
  some: { title: Some, key_prefix: "host:", renamed_from: Former }
  empty: { title: Empty, key_prefix: "é" }
kv_pairs:
  a: { kv_namespace: all, value: x }
  "host:a": { kv_namespace: some, value: x }
removed: [kv_pair/Some/hosts, kv_pair/Other/abc, kv_pair/Other/abd, kv_pair/Umlaut/é, kv_pair/Umlaut/è]
`))
	if len(list) > 0 {
		t.Fatal(list)
	}
	in := func(title string) spec.Collection { return spec.Collection{Kind: spec.KindKVPair, Parent: title} }
	want := map[spec.Collection]string{in("All"): "", in("Some"): "host", in("Former"): "host", in("Empty"): "é", in("Other"): "ab", in("Umlaut"): ""}
	if d := cmp.Diff(want, stack.ReadPrefixes()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if diff := cmp.Diff([]spec.Collection{{Kind: spec.KindKVNamespace}, {Kind: spec.KindKVPair}, in("All"), in("Empty"), in("Some")}, stack.Collections); diff != "" {
		t.Errorf("declared: %s", diff)
	}
	if !stack.Declares(in("Other")) { // the section is of every namespace
		t.Error("the pairs of another namespace are not declared")
	}
}
