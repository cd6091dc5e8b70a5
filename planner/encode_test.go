package planner_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// roundTrip encodes a plan, decodes it, and expects an equal value and equal bytes.
func roundTrip(t *testing.T, p *planner.Plan) {
	t.Helper()
	data, err := planner.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := planner.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := planner.Encode(decoded)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(data), string(again)); d != "" {
		t.Errorf("a plan does not survive its own encoding (-before +after):\n%s", d)
	}
	// A plan does not carry the places of code and bindings in the file, or the
	// options of the build.
	ignore := cmp.FilterPath(func(path cmp.Path) bool {
		switch path.Last().String() {
		case ".At", ".OutboundAt", ".Body", ".Entrypoint", ".Inline", ".Options":
			return true
		}
		return false
	}, cmp.Ignore())
	if d := cmp.Diff(p, decoded, ignore); d != "" {
		t.Errorf("a decoded plan is another one (-before +after):\n%s", d)
	}
}

func TestSameInputsGiveSameBytes(t *testing.T) {
	var first []byte
	for range 20 {
		data, err := planner.Encode(plan(t, parse(t, nothing), parse(t, platform), planner.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if string(data) != string(first) {
			t.Fatal("two plans of the same worlds differ")
		}
	}
}

// TestDigestIsOfWhatIsDone edits the stack file in ways that change nothing.
func TestDigestIsOfWhatIsDone(t *testing.T) {
	was := parse(t, nothing)
	before := plan(t, was, parse(t, platform), planner.Options{Tool: "wfpsync/1"})
	after := plan(t, was, parse(t, "# a comment\n\n"+platform), planner.Options{Tool: "wfpsync/2"})
	if before.Digest != after.Digest {
		t.Error("a comment and another version of the tool gave another digest")
	}
	other := plan(t, was, parse(t, edit(t, platform, "[one, two]", "[one]")), planner.Options{Tool: "wfpsync/1"})
	if before.Digest == other.Digest {
		t.Error("another variable gave the same digest")
	}
}

func TestDecodeRefusesEditedPlans(t *testing.T) {
	data, err := planner.Encode(plan(t, parse(t, nothing), parse(t, platform), planner.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, before, after string
		want                planner.Tampered
	}{
		{"the account", `"id": "0123456789abcdef0123456789abcdef"`, `"id": "ffffffffffffffffffffffffffffffff"`, planner.Tampered{What: "its head or the list of its changes"}},
		{"a name", `"name": "outbound"`, `"name": "inbound"`, planner.Tampered{Address: spec.Address{Kind: spec.KindWorker, Name: "outbound"}}},
		{"the code", `"content": "`, `"content": "AAAA`, planner.Tampered{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			edited := strings.Replace(string(data), test.before, test.after, 1)
			if edited == string(data) {
				t.Fatalf("the plan has no %s", test.before)
			}
			_, err := planner.Decode([]byte(edited))
			var tampered *planner.Tampered
			if !errors.As(err, &tampered) {
				t.Fatalf("got %v, want a Tampered", err)
			}
			if test.want != (planner.Tampered{}) && *tampered != test.want {
				t.Errorf("got %+v, want %+v", *tampered, test.want)
			}
		})
	}
}

func TestDecodeRefusesOtherVersions(t *testing.T) {
	for _, text := range []string{"", "null", "[]", "{}", `{"format_version":"2.0"}`, `{"format_version":"1.0","changes":[{"address":"x"}]}`} {
		if _, err := planner.Decode([]byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func FuzzDecode(f *testing.F) {
	saved, err := planner.Encode(plan(f, parse(f, "version: 1\nname: sites"), serve(f, website, folder{"/a": "1", "/b": ""}), planner.Options{}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(saved)
	data, err := planner.Encode(plan(f, parse(f, nothing), parse(f, platform), planner.Options{}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format_version":"1.0","changes":[{"address":"worker/x","desired":{}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := planner.Decode(data)
		if err != nil {
			return
		}
		if _, err := planner.Encode(p); err != nil {
			t.Error(err)
		}
	})
}
