package stackfile_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// TestEverything reads a file with every key, and compares what it means with a
// golden file: the API's forms, what `defaults` gave, and what is shared.
func TestEverything(t *testing.T) {
	stack, list := stackfile.Load(os.DirFS("testdata/good"), "everything.yaml", stackfile.Options{})
	if len(list) > 0 {
		t.Fatal(describe(list))
	}
	type resource struct {
		Address    spec.Address
		Needs      []string
		Resource   spec.Resource
		Entrypoint string           `json:",omitempty"`
		Inline     string           `json:",omitempty"`
		Options    spec.CodeOptions `json:",omitzero"`
	}
	var all []resource
	for _, r := range stack.Resources {
		one := resource{Address: r.Address(), Resource: r}
		for _, ref := range r.References() {
			one.Needs = append(one.Needs, ref.To.String())
		}
		if script, ok := r.(spec.Scripted); ok {
			code := script.AsScript().Code
			one.Entrypoint, one.Inline, one.Options = code.Entrypoint, code.Inline, code.Options
		}
		all = append(all, one)
	}
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string]any{"Name": stack.Name, "AccountID": stack.AccountID, "Collections": stack.Collections, "Scope": stack.Scope(), "Resources": all}); err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "testdata/everything.golden", got.String())

	if codes := stack.Codes(); len(codes) != 8 {
		t.Errorf("%d codes, want 8: two user Workers share one, one has an alias in it, and one another compatibility date", len(codes))
	}
	text, err := os.ReadFile("testdata/good/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(text), "      export default {")
	line := 1 + strings.Count(before, "\n")
	for _, code := range stack.Codes() {
		if code.Inline != "" && (code.Body.Line != line || code.Body.Column != 7) {
			t.Errorf("the inline script begins at %v", code.Body)
		}
	}
}

// TestEmptySectionsDeclare tells a section without entries from none: only the
// first says that nothing of its kind is to be left.
func TestEmptySectionsDeclare(t *testing.T) {
	workers := spec.Collection{Kind: spec.KindWorker}
	for text, want := range map[string]bool{"": false, "workers:": true, "workers: {}": true} {
		stack, list := stackfile.Parse("wfpsync.yaml", []byte("version: 1\nname: s\n"+text+"\n"))
		if len(list) > 0 {
			t.Fatal(describe(list))
		}
		if got := stack.Declares(workers); got != want {
			t.Errorf("%q declares Workers: %v, want %v", text, got, want)
		}
	}
}

// TestResourcesSurviveJSON holds for every kind: a plan carries them so.
func TestResourcesSurviveJSON(t *testing.T) {
	stack, list := stackfile.Load(os.DirFS("testdata/good"), "everything.yaml", stackfile.Options{})
	if len(list) > 0 {
		t.Fatal(describe(list))
	}
	kinds := map[spec.Kind]bool{}
	for _, r := range stack.Resources {
		kinds[r.Address().Kind] = true
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := spec.DecodeResource(r.Address().Kind, data)
		if err != nil {
			t.Fatal(err)
		}
		if decoded.Address() != r.Address() {
			t.Errorf("%s became %s", r.Address(), decoded.Address())
		}
		if d := cmp.Diff(r.Canonical(), decoded.Canonical(), cmp.Comparer(func(a, b struct{}) bool { return true })); d != "" {
			t.Errorf("%s: %s", r.Address(), d)
		}
	}
	if len(kinds) != 12 {
		t.Errorf("only the kinds %v were tried", kinds)
	}
}
