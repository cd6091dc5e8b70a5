package spec

import "maps"

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
		p.Vouched, _ = mark[kvMarkValue].(string)
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
