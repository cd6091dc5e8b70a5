package guarded

import (
	"errors"
	"testing"

	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/spec"
)

func frontDoor(comment string) *spec.DNSRecord {
	return &spec.DNSRecord{Zone: "example.com", Type: "AAAA", Name: "*.example.com", Content: "100::", Proxied: true, TTL: spec.AutomaticTTL, Comment: &comment}
}
func shop(change func(*spec.CustomHostname)) *spec.CustomHostname {
	h := &spec.CustomHostname{
		Zone: "example.com", Hostname: "shop.acme.dev",
		SSL:            spec.Object{"method": "http", "type": "dv", "settings": spec.Object{"min_tls_version": "1.2"}},
		CustomMetadata: spec.Object{"user_worker": "acme", "seats": 3.0, "deep": spec.Object{"list": []any{nil, true}}},
	}
	if change != nil {
		change(h)
	}
	return h
}

// liveShop has what the platform chooses by itself as well.
func liveShop(change func(*spec.CustomHostname)) *spec.CustomHostname {
	h := shop(change)
	for name, value := range map[string]any{"bundle_method": "ubiquitous", "certificate_authority": "google", "wildcard": false} {
		h.SSL[name] = value
	}
	return h
}

// Somebody else's record or hostname is never written, whatever the plan knew.
func TestOthersRecordsAndHostnames(t *testing.T) {
	l := openLocal(t)
	l.ensureZone(t, "example.com")
	guarded := New(l.account)
	for _, r := range []spec.Resource{frontDoor(""), liveShop(nil)} {
		revision := put(t, l.account, r, nil)
		if _, err := l.account.Put(t.Context(), spec.Write{Stack: "other", Resource: r, Prior: &revision}); err != nil {
			t.Fatal(err)
		}
		_, err := guarded.Put(t.Context(), spec.Write{Stack: "platform", Resource: r, Prior: &revision})
		var moved *account.MovedError
		if !errors.As(err, &moved) {
			t.Errorf("%s: %v", r.Address(), err)
		}
		if _, err := l.account.Put(t.Context(), spec.Write{Stack: "platform", Resource: r}); err == nil || !account.IsExists(err) {
			t.Errorf("creating %s beside another stack's: %v", r.Address(), err)
		}
	}
}
