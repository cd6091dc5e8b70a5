package spec_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

func TestMarkRoundTrip(t *testing.T) {
	digest := strings.Repeat("0123456789abcdef", 4)
	mark := spec.NewMark(digest, digest, time.Date(2026, 11, 21, 20, 0, 0, 999, time.UTC))
	tags := spec.MarkedTags([]string{"customer-1"}, "platform", mark)
	for _, tag := range tags {
		if len(tag) > 128 || strings.ContainsAny(tag, ",&:") {
			t.Errorf("the platform does not take the tag %q", tag)
		}
	}
	owner, got, rest := spec.Ownership(tags)
	if owner != "platform" || got == nil || *got != mark {
		t.Errorf("owner %q, mark %+v", owner, got)
	}
	if d := cmp.Diff([]string{"customer-1"}, rest); d != "" {
		t.Error(d)
	}
	if !mark.Describes(digest, digest) || mark.Describes(digest, "f"+digest) {
		t.Error("a mark describes what it was made of, and nothing else")
	}
}

func TestParseMark(t *testing.T) {
	const good = "wfpsync-mark.1.0123456789abcdef.fedcba9876543210.20261121T200000Z"
	for tag, want := range map[string]bool{
		good:                true,
		good + ".protected": true, // a later version's fields are ignored
		"wfpsync-mark.1.0123456789abcdef.fedcba9876543210":                  false,
		"wfpsync-mark.0.0123456789abcdef.fedcba9876543210.20261121T200000Z": false,
		"wfpsync-mark.x.0123456789abcdef.fedcba9876543210.20261121T200000Z": false,
		"wfpsync-mark.1.0123456789ABCDEF.fedcba9876543210.20261121T200000Z": false,
		"wfpsync-mark.1.0123456789abcde.fedcba9876543210.20261121T200000Z":  false,
		"wfpsync-mark.1.0123456789abcdef.fedcba9876543210.20261321T200000Z": false,
		"wfpsync.platform": false,
		"":                 false,
	} {
		mark, got := spec.ParseMark(tag)
		if got != want {
			t.Errorf("%q: %v, want %v", tag, got, want)
		}
		if got && !strings.HasPrefix(tag, mark.Tag()) {
			t.Errorf("%q became %q", tag, mark.Tag())
		}
	}
}

func TestDrifted(t *testing.T) {
	uploaded := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	mark := &spec.Mark{Uploaded: uploaded}
	for _, test := range []struct {
		after time.Duration
		want  bool
	}{{0, false}, {30 * time.Second, false}, {-30 * time.Second, false}, {2 * time.Minute, true}, {-2 * time.Minute, true}} {
		r := spec.Revision{Mark: mark, ModifiedOn: uploaded.Add(test.after)}
		if r.Drifted() != test.want {
			t.Errorf("%v after the mark: drifted is %v", test.after, !test.want)
		}
	}
}

func TestVouched(t *testing.T) {
	uploaded := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		after   time.Duration
		version int
		want    bool
	}{
		{0, spec.MarkVersion, true}, {5 * time.Second, spec.MarkVersion, true}, {-5 * time.Second, spec.MarkVersion, true},
		{5*time.Second + 1, spec.MarkVersion, false}, {30 * time.Second, spec.MarkVersion, false}, {-time.Minute, spec.MarkVersion, false},
		{0, spec.MarkVersion + 1, false},
	} {
		r := spec.Revision{Mark: &spec.Mark{Version: test.version, Uploaded: uploaded}, ModifiedOn: uploaded.Add(test.after)}
		if r.Vouched() != test.want {
			t.Errorf("%v after the mark of version %d: vouched is %v", test.after, test.version, !test.want)
		}
	}
	if (spec.Revision{}).Vouched() {
		t.Error("there is no mark to vouch")
	}
}

// FuzzOwnership reads the tags of any script: our tags are read as they were
// written, and all others are unchanged.
func FuzzOwnership(f *testing.F) {
	mark := spec.NewMark(strings.Repeat("a", 64), strings.Repeat("b", 64), time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC))
	mark.Protected, mark.Assets = true, strings.Repeat("c", 16)
	f.Add(mark.Tag(), "wfpsync.platform", "plan-pro")
	f.Add("wfpsync-mark.2.x", "wfpsync.", "wfpsync")
	f.Add("wfpsync-mark.1.aaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbb.20261001T000000Z.later", "", "wfpsync-mark.")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		_, mark, rest := spec.Ownership([]string{a, b, c})
		if mark != nil {
			if again, ok := spec.ParseMark(mark.Tag()); !ok || again != *mark {
				t.Errorf("%+v became %+v", *mark, again)
			}
		}
		for _, tag := range rest {
			if tag != a && tag != b && tag != c {
				t.Errorf("%q was none of the tags", tag)
			}
		}
		if mark == nil {
			return
		}
		if owner, second, others := spec.Ownership(spec.MarkedTags(rest, "platform", *mark)); owner != "platform" || *second != *mark || len(others) != len(rest) {
			t.Errorf("marked, %q is of %q, with %+v and %q", rest, owner, *second, others)
		}
	})
}
