package stackfile

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// Limits of the platform. Source: https://developers.cloudflare.com/kv/platform/limits/
const (
	maxKVKeyBytes      = 512
	maxKVValueBytes    = 25 << 20
	maxKVMetadataBytes = 1024 // serialised
)

// loadKVPair reads an entry of `kv_pairs`, in the words of `wrangler kv bulk put`.
func (l *loader) loadKVPair(e entry) {
	namespace, ok := l.refer(spec.KindKVNamespace, "kv_namespaces", e.value.Get("kv_namespace"))
	if !ok || !l.checkNotBoth(e.value, "expiration", "expiration_ttl") {
		return
	}
	p := &spec.KVPair{
		KVNamespace: namespace.Name, Key: e.name, Value: kvValue(e.value.Get("value")), Base64: e.value.Get("base64").IsTrue(),
		ResourceMeta: e.meta(),
	}
	p.Metadata, _ = e.value.Get("metadata").JSON().(spec.Object)
	if n := numberOf(e.value.Get("expiration")); n != nil {
		p.Expiration = int64(*n)
	}
	if n := numberOf(e.value.Get("expiration_ttl")); n != nil {
		p.ExpirationTTL = int64(*n)
	}
	if value := e.value.Get("user_worker"); value != nil {
		if p.UserWorker, ok = l.userWorkerOf(e, value); !ok {
			return
		}
	}
	l.declareKVPairs(namespace)
	if l.checkKVKey(e, namespace) && l.checkKVValue(e, p) {
		l.add(p)
	}
}

// kvValue returns a value as KV stores it: text as it is, and anything else
// as JSON.
func kvValue(value *document.Value) string {
	if value == nil || value.Kind == document.String {
		return value.String()
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // nobody shows it in a page, and people read it
	if err := encoder.Encode(value.JSON()); err != nil {
		panic(fmt.Sprintf("stackfile: value is not JSON: %v", err))
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// declareKVPairs notes that the pairs in a KV namespace are the file's own.
func (l *loader) declareKVPairs(namespace spec.Address) {
	c := spec.KVPairsIn(namespace)
	if _, known := l.stack.KeyPrefixes[c]; known {
		return
	}
	if l.stack.KeyPrefixes == nil {
		l.stack.KeyPrefixes = map[spec.Collection]string{}
	}
	l.stack.KeyPrefixes[c] = ""
	l.stack.Collections = append(l.stack.Collections, c)
}

// declareKVNamespaceOfPairs is for an entry that may make no pair, because its
// list is empty by now: what it made before is to go all the same.
func (l *loader) declareKVNamespaceOfPairs(d declaration) {
	namespace := d.member.Value.Get("kv_namespace")
	if namespace == nil || namespace.HasTemplates() {
		return
	}
	if a, ok := l.declared[spec.KindKVNamespace][namespace.String()]; ok {
		l.declareKVPairs(a)
	}
}

// noteKeyPrefix reads how the keys begin that the file declares in a namespace.
// With that, they are declared although no entry may be left.
func (l *loader) noteKeyPrefix(e entry, namespace spec.Address) {
	prefix := e.value.Get("key_prefix")
	if prefix == nil || prefix.Kind != document.String {
		return
	}
	l.declareKVPairs(namespace)
	l.stack.KeyPrefixes[spec.KVPairsIn(namespace)] = prefix.Text
}

// checkKVKey refuses keys that the platform does not take, and those that a plan
// would not find again.
func (l *loader) checkKVKey(e entry, namespace spec.Address) bool {
	prefix := l.stack.KeyPrefixes[spec.KVPairsIn(namespace)]
	const hint = "a key has 1 to 512 bytes without control characters, and is not . or .."
	key := e.name
	switch {
	case key == "" || key == "." || key == "..":
		l.Report(spec.RuleKVKey, e.nameAt, fmt.Sprintf("%q cannot be a key of a KV namespace", key), hint)
	case len(key) > maxKVKeyBytes:
		l.Report(spec.RuleKVKey, e.nameAt, fmt.Sprintf("the key is %d bytes, and at most %d can be", len(key), maxKVKeyBytes), hint)
	case strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f }):
		l.Report(spec.RuleKVKey, e.nameAt, fmt.Sprintf("the key %q has a control character in it", key), hint)
	case !strings.HasPrefix(key, prefix):
		l.Report(spec.RuleKVKeyPrefix, e.nameAt, fmt.Sprintf("the key %q does not begin with %q, as the keys of %s do", key, prefix, namespace),
			"a plan reads only keys with that prefix: begin the key with it, or remove `key_prefix` from the KV namespace")
	case strings.Contains(namespace.Name, "/"):
		l.Report(spec.RuleKVTitle, e.value.Get("kv_namespace").Range(), fmt.Sprintf("the title %q contains a slash, which separates the title from the key in the address of a KV pair", namespace.Name),
			"give the KV namespace another title; with `renamed_from` it keeps what is in it")
	default:
		return true
	}
	return false
}

func (l *loader) checkKVValue(e entry, p *spec.KVPair) bool {
	value, metadata := e.value.Get("value"), e.value.Get("metadata")
	if p.Base64 {
		if _, err := base64.StdEncoding.DecodeString(p.Value); err != nil {
			l.Report(spec.RuleKVValue, value.Range(), "the value is not base64: "+err.Error(), "encode it, or remove `base64: true`")
			return false
		}
	}
	if n := len(p.Content()); n > maxKVValueBytes {
		l.Report(spec.RuleKVValue, value.Range(), fmt.Sprintf("the value is %d bytes, and at most %d (25 MiB) can be", n, maxKVValueBytes),
			"keep large values in an R2 bucket, and their names in KV")
		return false
	}
	if mark := metadata.Member(spec.KVMetadataKey); mark != nil {
		l.Report(spec.RuleKVMetadata, mark.Range(), fmt.Sprintf("%q is wfpsync's own member of the metadata", spec.KVMetadataKey), "choose another name")
		return false
	}
	if n := len(canon.MustJSON(p.MarkedMetadata(l.stack.Name))); n > maxKVMetadataBytes {
		own := n - len(canon.MustJSON(p.Metadata))
		at := metadata
		if at == nil {
			at = e.value
		}
		l.Report(spec.RuleKVMetadata, at.Range(), fmt.Sprintf("the metadata is %d bytes as JSON, with %d for wfpsync's mark, and the limit is %d", n, own, maxKVMetadataBytes),
			"keep less in the metadata, and the rest in the value")
		return false
	}
	return true
}
