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

// KVPair is a key of a KV namespace and its value: a row of the table by which a
// dispatcher knows which user Worker a hostname leads to, say.
//
// The list of a namespace's keys shows metadata and no values, so whose a pair
// is, and a digest of its value, stand in its metadata; see [KVPair.MarkedMetadata].
type KVPair struct {
	KVNamespace string `json:"kv_namespace"` // its title
	Key         string `json:"key"`

	// Value is what is stored, or with Base64 that in base64.
	Value  string `json:"value"`
	Base64 bool   `json:"base64,omitempty"`

	// Metadata is the pair's own, without what wfpsync adds to it.
	Metadata Object `json:"metadata,omitempty"`

	// Expiration is when the pair vanishes, in seconds since 1970, and
	// ExpirationTTL how many seconds after each write; 0 for never.
	Expiration    int64 `json:"expiration,omitempty"`
	ExpirationTTL int64 `json:"expiration_ttl,omitempty"`

	// UserWorker is the user Worker that the pair leads to; the zero Address for
	// none. The pair is written after it and deleted before it.
	UserWorker Address `json:"user_worker,omitzero"`

	// Vouched is the digest of the value by the mark of a live pair; "" where
	// there is none. Unread says that the value itself has not been read.
	MarkDigest string `json:"-"`
	Unread     bool   `json:"-"`

	ResourceMeta Meta `json:"meta,omitzero"`
}

func (p *KVPair) Address() Address {
	return Address{Kind: KindKVPair, Parent: p.KVNamespace, Name: p.Key}
}
func (p *KVPair) Meta() Meta { return p.ResourceMeta }

// References are the KV namespace, and the user Worker that the pair leads to.
func (p *KVPair) References() []Reference {
	refs := []Reference{{To: Address{Kind: KindKVNamespace, Name: p.KVNamespace}, At: p.ResourceMeta.At}}
	if !p.UserWorker.IsZero() {
		refs = append(refs, Reference{To: p.UserWorker, At: p.ResourceMeta.At})
	}
	return refs
}

// Canonical has the value as far as a person reads it. An expiration that the
// platform reckoned from a time to live is no part of what was asked for.
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

// mostShownValue is how many bytes of a value a plan shows.
const maxShownValue = 4 << 10

// shownValue is the value where it is a text that is not too long. What is cut
// off, cannot be shown or was not read is told apart by its digest.
func (p *KVPair) shownValue() string {
	if p.Unread {
		return "(not read; sha256 " + orUnknown(p.MarkDigest) + ")"
	}
	content := p.Content()
	switch {
	case !utf8.Valid(content):
		return fmt.Sprintf("(%d bytes that are no text; sha256 %s)", len(content), p.ValueDigest())
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

// Content is what is stored.
func (p *KVPair) Content() []byte {
	if !p.Base64 {
		return []byte(p.Value)
	}
	content, err := base64.StdEncoding.DecodeString(p.Value)
	if err != nil {
		return []byte(p.Value) // the file has been complained about
	}
	return content
}

// ValueDigest tells one value from another: 64 bits of a SHA-256 over what is
// stored. That of a value which was not read is what its mark says.
func (p *KVPair) ValueDigest() string {
	if p.Unread {
		return p.MarkDigest
	}
	sum := sha256.Sum256(p.Content())
	return ShortDigest(hex.EncodeToString(sum[:]))
}

// WithValue is a live pair whose value has been read.
func (p *KVPair) WithValue(content []byte) *KVPair {
	read := *p
	read.Unread, read.Value, read.Base64 = false, string(content), false
	if !utf8.Valid(content) {
		read.Value, read.Base64 = base64.StdEncoding.EncodeToString(content), true
	}
	return &read
}

// KVPairsIn is the collection of the pairs in a KV namespace.
func KVPairsIn(namespace Address) Collection {
	return Collection{Kind: KindKVPair, Parent: namespace.Name}
}

// A KV pair that wfpsync writes has a member of its own in its metadata:
//
//	{"wfpsync": {"stack": "platform", "value": "9f86d081884c7d65", "user_worker": "customers/acme"}}
//
// The stack owns the pair. The digest says what the value is without a request
// for it, and the user Worker that the pair goes before it.

const (
	// KVMetadataKey is the member, and what no metadata may have itself.
	KVMetadataKey = "wfpsync"

	kvMarkStack      = "stack"
	kvMarkValue      = "value"
	kvMarkTTL        = "expiration_ttl"
	kvMarkUserWorker = "user_worker"
)

// MarkedMetadata is the metadata to store with the pair, for a stack to own it.
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

// LiveKVPair is a pair as the list of keys shows it, and the stack that owns it;
// "" for none. Metadata that is no object is nobody's mark, and is left out.
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
