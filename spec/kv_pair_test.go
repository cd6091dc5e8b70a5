package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the list of keys shows of a pair is enough to compare it.
func TestMarkedMetadata(t *testing.T) {
	pairs := []*KVPair{
		{KVNamespace: "T", Key: "a", Value: "x"},
		{KVNamespace: "T", Key: "a/b", Value: "AP8=", Base64: true, Metadata: Object{"n": 1.0, "deep": Object{"a": []any{true, nil}}}},
		{KVNamespace: "T", Key: "c", ExpirationTTL: 60, UserWorker: Address{Kind: KindUserWorker, Parent: "ns", Name: "w"}},
		{KVNamespace: "T", Key: "d", Expiration: 1798761600},
	}
	for _, p := range pairs {
		expiration := p.Expiration
		if p.ExpirationTTL != 0 {
			expiration = 1 // which the platform computes
		}
		live, owner := LiveKVPair(p.KVNamespace, p.Key, p.MarkedMetadata("platform"), expiration)
		want, got := p.Canonical(), live.Canonical()
		delete(want, "value")
		delete(got, "value")
		if d := cmp.Diff(want, got); d != "" || owner != "platform" || live.ValueDigest() != p.ValueDigest() {
			t.Errorf("%s: owner %q, digest %s; -want +got:\n%s", p.Address(), owner, live.ValueDigest(), d)
		}
		if read := live.WithValue(p.Content()); read.Canonical()["value"] != p.Canonical()["value"] {
			t.Errorf("%s: the value is %v when it is read", p.Address(), read.Canonical()["value"])
		}
	}
}

// Other programs' metadata is not a mark, whatever it is.
func TestMetadataOfOthers(t *testing.T) {
	for _, metadata := range []any{nil, "text", 5.0, []any{}, Object{}, Object{"wfpsync": "platform"}, Object{"wfpsync": Object{"stack": 5.0}}, Object{"wfpsync": Object{"value": "x"}}} {
		p, owner := LiveKVPair("T", "a", metadata, 0)
		if owner != "" || p.MarkDigest != "" {
			t.Errorf("%v: owner %q, digest %q", metadata, owner, p.MarkDigest)
		}
	}
	p, owner := LiveKVPair("T", "a", Object{"wfpsync": Object{"stack": "s", "value": 5.0, "user_worker": "nonsense", "expiration_ttl": "x"}}, 0)
	if owner != "s" || p.MarkDigest != "" || !p.UserWorker.IsZero() || p.ExpirationTTL != 0 {
		t.Errorf("%q, %+v", owner, p)
	}
}

// Different values never look alike, however long they are.
func TestShownValues(t *testing.T) {
	long := strings.Repeat("é", maxShownValue)
	a, b := &KVPair{Value: long + "a"}, &KVPair{Value: long + "b"}
	if a.shownValue() == b.shownValue() || len(a.shownValue()) > maxShownValue+100 || !strings.HasPrefix(a.shownValue(), "(8193 bytes; sha256 ") {
		t.Errorf("%.60s… and %.60s…", a.shownValue(), b.shownValue())
	}
}
