package spec

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// KindKVPair is a key of a KV namespace and its value.
const KindKVPair Kind = "kv_pair"

var kvPairKind = KindInfo{
	Kind:          KindKVPair,
	Section:       "kv_pairs",
	Singular:      "KV pair",
	Plural:        "KV pairs",
	Container:     ContainerKVNamespace,
	Product:       ProductKV,
	Permission:    permissionKV,
	CarriesDigest: true,
	decode:        decodeAs[*KVPair],
}

// KVPair is a key of a KV namespace and its value: for example, a row of the
// table in which a dispatcher looks up the user Worker of a hostname.
//
// The list of a namespace's keys shows metadata but no values, so the metadata
// holds the pair's owner and a digest of its value; see
// [KVPair.MarkedMetadata].
type KVPair struct {
	KVNamespace string `json:"kv_namespace"` // its title
	Key         string `json:"key"`

	// Value is what is stored. If Base64 is set, it is in base64.
	Value  string `json:"value"`
	Base64 bool   `json:"base64,omitempty"`

	// Metadata is the pair's own, without what wfpsync adds to it.
	Metadata Object `json:"metadata,omitempty"`

	// Expiration is when the pair expires, in seconds since 1970, and
	// ExpirationTTL how many seconds after each write; 0 for never.
	Expiration    int64 `json:"expiration,omitempty"`
	ExpirationTTL int64 `json:"expiration_ttl,omitempty"`

	// UserWorker is the user Worker that the pair leads to; zero for none. The
	// pair is written after it and deleted before it.
	UserWorker Address `json:"user_worker,omitzero"`

	// MarkDigest is the digest of the value in a live pair's mark; "" if it has
	// none. Unread says that the value itself was not read.
	MarkDigest string `json:"-"`
	Unread     bool   `json:"-"`

	ResourceMeta Meta `json:"meta,omitzero"`
}

func (p *KVPair) Address() Address {
	return Address{Kind: KindKVPair, Parent: p.KVNamespace, Name: p.Key}
}
func (p *KVPair) Meta() Meta { return p.ResourceMeta }

// References returns the KV namespace, and the user Worker that the pair leads
// to.
func (p *KVPair) References() []Reference {
	refs := []Reference{{To: Address{Kind: KindKVNamespace, Name: p.KVNamespace}, At: p.ResourceMeta.At}}
	if !p.UserWorker.IsZero() {
		refs = append(refs, Reference{To: p.UserWorker, At: p.ResourceMeta.At})
	}
	return refs
}

// Canonical has as much of the value as a plan shows. An expiration that the
// platform computed from a time to live is not part of it.
func (p *KVPair) Canonical() Object {
	canonical := Object{"value": p.shownValue()}
	canon.SetIfAny(canonical, "metadata", p.Metadata)
	if p.ExpirationTTL != 0 {
		canonical["expiration_ttl"] = float64(p.ExpirationTTL)
	} else if p.Expiration != 0 {
		canonical["expiration"] = float64(p.Expiration)
	}
	if !p.UserWorker.IsZero() {
		canonical["user_worker"] = p.UserWorker.String()
	}
	return canonical
}

// maxShownValue is how many bytes of a value a plan shows.
const maxShownValue = 4 << 10

// shownValue returns the value if it is text and short enough. Otherwise it has
// a digest, so that different values look different.
func (p *KVPair) shownValue() string {
	if p.Unread {
		return "(not read; sha256 " + orUnknown(p.MarkDigest) + ")"
	}
	content := p.Content()
	switch {
	case !utf8.Valid(content):
		return fmt.Sprintf("(%d bytes of binary data; sha256 %s)", len(content), p.ValueDigest())
	case len(content) > maxShownValue:
		end := maxShownValue
		for !utf8.RuneStart(content[end]) {
			end--
		}
		return fmt.Sprintf("(%d bytes; sha256 %s)\n%s…", len(content), p.ValueDigest(), content[:end])
	}
	return string(content)
}

func orUnknown(digest string) string {
	if digest == "" {
		return "unknown"
	}
	return digest
}

// Content returns the stored bytes.
func (p *KVPair) Content() []byte {
	if !p.Base64 {
		return []byte(p.Value)
	}
	content, err := base64.StdEncoding.DecodeString(p.Value)
	if err != nil {
		return []byte(p.Value) // loading the file has reported it
	}
	return content
}

// ValueDigest returns 64 bits of a SHA-256 over the stored bytes. For a value
// that was not read it is the digest in the mark.
func (p *KVPair) ValueDigest() string {
	if p.Unread {
		return p.MarkDigest
	}
	sum := sha256.Sum256(p.Content())
	return ShortDigest(hex.EncodeToString(sum[:]))
}

// WithValue returns the live pair with its value, which was read.
func (p *KVPair) WithValue(content []byte) *KVPair {
	read := *p
	read.Unread, read.Value, read.Base64 = false, string(content), false
	if !utf8.Valid(content) {
		read.Value, read.Base64 = base64.StdEncoding.EncodeToString(content), true
	}
	return &read
}

// KVPairsIn returns the collection of the pairs in a KV namespace.
func KVPairsIn(namespace Address) Collection {
	return Collection{Kind: KindKVPair, Parent: namespace.Name}
}

// A KV pair that wfpsync writes has an additional member in its metadata:
//
//	{"wfpsync": {"stack": "platform", "value": "9f86d081884c7d65", "user_worker": "customers/acme"}}
//
// The stack owns the pair. The digest identifies the value without a request
// for it. The user Worker decides the order of deletion.

const (
	// KVMetadataKey is the name of that member. A pair's own metadata must not
	// have it.
	KVMetadataKey = "wfpsync"

	kvMarkStack      = "stack"
	kvMarkValue      = "value"
	kvMarkTTL        = "expiration_ttl"
	kvMarkUserWorker = "user_worker"
)

// MarkedMetadata returns the metadata to store with the pair, with its owner
// and digest.
func (p *KVPair) MarkedMetadata(stack string) Object {
	mark := Object{kvMarkStack: stack, kvMarkValue: p.ValueDigest()}
	if p.ExpirationTTL != 0 {
		mark[kvMarkTTL] = float64(p.ExpirationTTL)
	}
	if !p.UserWorker.IsZero() {
		mark[kvMarkUserWorker] = p.UserWorker.Parent + "/" + p.UserWorker.Name
	}
	marked := Object{KVMetadataKey: mark}
	maps.Copy(marked, p.Metadata)
	return marked
}

// LiveKVPair returns a pair as the list of keys shows it, and its owner; "" for
// none. Metadata that is not an object holds no mark and is dropped.
func LiveKVPair(namespace, key string, metadata any, expiration int64) (p *KVPair, owner string) {
	p = &KVPair{KVNamespace: namespace, Key: key, Expiration: expiration, Unread: true}
	fields, _ := metadata.(Object)
	mark, marked := fields[KVMetadataKey].(Object)
	if owner, _ = mark[kvMarkStack].(string); marked && owner != "" {
		p.MarkDigest, _ = mark[kvMarkValue].(string)
		if ttl, ok := mark[kvMarkTTL].(float64); ok {
			p.ExpirationTTL = int64(ttl)
		}
		if worker, ok := mark[kvMarkUserWorker].(string); ok {
			if a, err := ParseAddress(string(KindUserWorker) + "/" + worker); err == nil {
				p.UserWorker = a
			}
		}
		fields = maps.Clone(fields)
		delete(fields, KVMetadataKey)
	}
	if len(fields) > 0 {
		p.Metadata = fields
	}
	return p, owner
}
