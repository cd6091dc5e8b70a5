package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// KV pairs go through the raw client: the SDK does not escape a key in a path,
// reads every page of a list, and is slow with bodies of thousands of pairs.

var kvPairOps = kindOps{
	search:  searchPairs,
	kind:    spec.KindKVPair,
	list:    listKVPairs,
	inspect: inspectKVPair,
	put: func(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
		namespaceID, err := a.KVNamespaceOf(ctx, []spec.Write{w})
		if err != nil {
			return spec.Revision{}, err
		}
		revisions, errs := a.PutKVPairs(ctx, namespaceID, []spec.Write{w})
		return revisions[0], errs[0]
	},
	delete: func(ctx context.Context, a *Account, address spec.Address, prior spec.Revision) error {
		return a.DeleteKVPairs(ctx, []spec.Address{address}, []spec.Revision{prior})[0]
	},
}

// kvKeyPage is the largest page of keys, and kvLeastKeys the smallest.
// Source:
// https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/subresources/keys/methods/list/
const (
	kvKeyPage   = 1000
	kvLeastKeys = 10
)

// kvKey is a key as the list shows it.
type kvKey struct {
	Name       string `json:"name"`
	Expiration int64  `json:"expiration"`
	Metadata   any    `json:"metadata"`
}

// live returns the pair in the model, without its value.
func (k kvKey) live(title, namespaceID string) *spec.Live {
	pair, owner := spec.LiveKVPair(title, k.Name, k.Metadata, k.Expiration)
	return &spec.Live{Resource: pair, Revision: spec.Revision{ID: namespaceID, ETag: kvETag(k.Metadata), Owner: owner}}
}

// KVPairTag returns the ETag of a pair that a stack has written.
func KVPairTag(p *spec.KVPair, stack string) string { return kvETag(p.MarkedMetadata(stack)) }

// kvETag distinguishes the states of a pair by its metadata, in which a mark
// has the digest of the value.
func kvETag(metadata any) string {
	if metadata == nil {
		return ""
	}
	encoded, _ := json.Marshal(metadata) // it was JSON
	sum := sha256.Sum256(encoded)
	return spec.ShortDigest(hex.EncodeToString(sum[:]))
}

// kvPath returns a path below a KV namespace.
func (a *Account) kvPath(namespaceID string, segments ...string) string {
	return cloudflare.Path(append([]string{"accounts", a.id, "storage", "kv", "namespaces", namespaceID}, segments...)...)
}

// listKVPairs lists the keys of a namespace that begin with the prefix of
// [Account.SetKeyPrefixes].
func listKVPairs(ctx context.Context, r *reading, title string) ([]*spec.Live, error) {
	namespaces, err := r.kvNamespaces(ctx)
	if err != nil {
		return nil, err
	}
	var out []*spec.Live
	for _, n := range namespaces {
		if n.Title != title {
			continue
		}
		list := keyList{account: r.account, namespaceID: n.ID, prefix: r.account.prefixOf(spec.Collection{Kind: spec.KindKVPair, Parent: title}), limit: kvKeyPage}
		for !list.done {
			keys, err := list.next(ctx)
			if err != nil {
				return nil, err
			}
			for _, k := range keys {
				out = append(out, k.live(title, n.ID))
			}
		}
	}
	return out, nil
}

// SetKeyPrefixes makes lists of KV pairs show only keys with a prefix, by
// collection. Without a prefix, a list shows all.
func (a *Account) SetKeyPrefixes(prefixes map[spec.Collection]string) {
	a.kvMu.Lock()
	defer a.kvMu.Unlock()
	a.kvPrefixes = prefixes
}

func (a *Account) prefixOf(c spec.Collection) string {
	a.kvMu.Lock()
	defer a.kvMu.Unlock()
	return a.kvPrefixes[c]
}

// keyList reads a list of keys page by page, in the order of bytes.
type keyList struct {
	account     *Account
	namespaceID string
	prefix      string
	limit       int

	cursor string
	done   bool
}

func (l *keyList) next(ctx context.Context) ([]kvKey, error) {
	query := url.Values{"limit": {strconv.Itoa(l.limit)}}
	if l.prefix != "" {
		query.Set("prefix", l.prefix)
	}
	if l.cursor != "" {
		query.Set("cursor", l.cursor)
	}
	var keys []kvKey
	info, err := l.account.api.Exchange(ctx, http.MethodGet, l.account.kvPath(l.namespaceID, "keys"), query, nil, &keys)
	if err != nil {
		return nil, err
	}
	if next := info.Next(); next == "" || next == l.cursor {
		l.done = true
	} else {
		l.cursor = next
	}
	return keys, nil
}

// inspectKVPair reads a pair's value. The API cannot return a part of it.
func inspectKVPair(ctx context.Context, a *Account, live *spec.Live) (*spec.Live, error) {
	pair := live.Resource.(*spec.KVPair)
	response, err := a.api.Content(ctx, a.kvPath(live.Revision.ID, "values", pair.Key))
	if err != nil {
		return nil, err
	}
	return &spec.Live{Resource: pair.WithValue(response.Content), Revision: live.Revision, Detailed: true}, nil
}

// LookAtKVPairs returns the present state of some pairs of a namespace, by key.
// It reads the list of their common prefix while that takes no more requests
// than looking one by one. Then it looks up the remaining ones.
func (a *Account) LookAtKVPairs(ctx context.Context, title, namespaceID string, keys []string) (map[string]spec.Revision, error) {
	wanted, last := map[string]bool{}, ""
	for _, key := range keys {
		wanted[key] = true
		last = max(last, key)
	}
	found := map[string]spec.Revision{}
	note := func(page []kvKey) (passed string) {
		for _, k := range page {
			if wanted[k.Name] {
				found[k.Name] = k.live(title, namespaceID).Revision
			}
			passed = k.Name
		}
		return passed
	}
	list, passed := keyList{account: a, namespaceID: namespaceID, prefix: spec.KeyPrefix(keys), limit: kvKeyPage}, ""
	for pages := 0; !list.done && pages < len(keys) && passed < last; pages++ {
		page, err := list.next(ctx)
		if err != nil {
			return nil, err
		}
		passed = max(passed, note(page))
	}
	if list.done || passed >= last {
		return found, nil
	}
	for key := range wanted {
		if key <= passed {
			continue
		}
		one := keyList{account: a, namespaceID: namespaceID, prefix: key, limit: kvLeastKeys} // the key itself comes first
		page, err := one.next(ctx)
		if err != nil {
			return nil, err
		}
		note(page)
	}
	return found, nil
}

// kvSize returns about how many bytes of a request a pair takes.
func kvSize(p *spec.KVPair) int {
	return len(p.Value) + strings.Count(p.Value, `"`) + strings.Count(p.Value, "\n") + len(p.Key) + 1200 // metadata, and the names of fields
}
