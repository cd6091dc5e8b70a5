package stackfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// What people say of a record is read as they said it, whatever it is.
func TestMarksAmongOtherWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stack := rapid.StringMatching(`[a-z0-9][a-z0-9.-]{0,40}`).Draw(t, "stack")
		said := rapid.StringMatching(`[ -~]{0,40}`).Draw(t, "comment")
		if owner, _ := spec.CommentOwner(said); owner != "" {
			t.Skip("a comment like that is refused")
		}
		owner, rest := spec.CommentOwner(spec.MarkedComment(said, stack))
		if owner != stack || rest != said {
			t.Errorf("of %q %q came back", said, rest)
		}
		metadata := spec.Object{"user_worker": said}
		owner, restOfIt := spec.MetadataOwner(spec.MarkedMetadata(metadata, stack))
		if owner != stack || !cmp.Equal(restOfIt, metadata) || len(metadata) != 1 {
			t.Errorf("of %v %v came back", metadata, restOfIt)
		}
	})
	for _, comment := range []string{"", "wfpsync.platform", "[wfpsync.]", "[wfpsync.platform] and more", "[other.platform]"} {
		if owner, rest := spec.CommentOwner(comment); owner != "" || rest != comment {
			t.Errorf("%q is owned by %q", comment, owner)
		}
	}
	if owner, rest := spec.MetadataOwner(spec.Object{"wfpsync": 5.0}); owner != "" || len(rest) != 1 {
		t.Errorf("owned by %q, besides %v", owner, rest)
	}
}

func TestRecordFor(t *testing.T) {
	for _, tt := range []struct{ pattern, record, want string }{
		{"*.example.com/*", "*.example.com", "yes"},
		{"*.example.com/*", "example.com", "no"},
		{"*.example.com/*", "a.example.com", "no"},
		{"*example.com/*", "example.com", "yes"},
		{"*example.com/*", "*.example.com", "yes"},
		{"example.com/*", "*.example.com", "no"},
		{"example.com/*", "example.com", "yes"},
		{"https://Shop.example.com/a*", "shop.example.com", "yes"},
		{"shop.example.com/*", "*.example.com", "yes"},
		{"*.eu.example.com/*", "*.example.com", "yes"},
		{"*.example.com/*", "*.eu.example.com", "no"},
		{"shop.example.com/*", "*.op.example.com", "no"},
	} {
		route := &spec.Route{Zone: "example.com", Pattern: tt.pattern}
		example, found := spec.RecordFor(route, []*spec.DNSRecord{{Zone: "example.com", Name: tt.record}, {Zone: "example.org", Name: "*.example.com"}})
		if got := map[bool]string{true: "yes", false: "no"}[found != nil]; got != tt.want {
			t.Errorf("%s leads to %s: %s", tt.record, tt.pattern, got)
		}
		stack, list := stackfile.Parse("wfpsync.yaml", []byte("version: 1\nname: s\n"+example+"\n"))
		if len(list) > 0 || len(stack.Resources) != 1 {
			t.Fatalf("%s: %v", example, list)
		}
		if _, found := spec.RecordFor(route, []*spec.DNSRecord{stack.Resources[0].(*spec.DNSRecord)}); found == nil {
			t.Errorf("%s does not lead to %s", example, tt.pattern)
		}
	}
}

// Of several records by one name it is not clear which is meant.
func TestImportOfRecordsOfOneName(t *testing.T) {
	route := &spec.Route{Zone: "example.com", Pattern: "a.example.com/*", Worker: "fine"}
	record := &spec.DNSRecord{Zone: "example.com", Type: "A", Name: "a.example.com", Content: "192.0.2.1", Proxied: true, TTL: spec.AutomaticTTL, Others: 2}
	imported, err := stackfile.Import(snapshotOf(liveWorker("fine", nil), &spec.Live{Resource: route}, &spec.Live{Resource: record}), "mine", stackfile.OwnUserWorkers)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(imported.Document); !strings.Contains(text, "there are 3 records of that name and type") || strings.Contains(text, "dns_records") {
		t.Error(text)
	}
}
