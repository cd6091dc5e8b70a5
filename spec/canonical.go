package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
)

// setIfAny sets a field unless the value is empty: the API answers null, "",
// [], {} and nothing at all for the same thing.
func setIfAny(o Object, name string, value any) {
	if !isEmpty(value) {
		o[name] = value
	}
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case []any:
		return len(v) == 0
	case Object:
		return len(v) == 0
	}
	return false
}

// sortedStrings is a list whose order means nothing, in comparable form.
func sortedStrings(list []string) []any {
	var out []any
	for _, s := range slices.Compact(slices.Sorted(slices.Values(list))) {
		out = append(out, s)
	}
	return out
}

// optionDefaults are the values the platform fills in by itself, by metadata
// field. A field that has its default value is left out of the canonical form,
// so that naming it or not is no difference.
// Source: API reference, script settings; wrangler's configuration reference.
var optionDefaults = map[string]Object{
	"observability": {
		"enabled":            false,
		"head_sampling_rate": 1.0,
		"logs":               Object{"enabled": true, "invocation_logs": true, "head_sampling_rate": 1.0, "persist": true},
		"traces":             Object{"enabled": false, "head_sampling_rate": 1.0, "persist": true},
	},
	"tail_consumers": {"environment": "production"},
}

// canonicalOption is a metadata field in comparable form.
func canonicalOption(name string, value any) any {
	switch name {
	case "placement":
		return canonicalPlacement(value)
	case "tail_consumers":
		return canonicalTailConsumers(value)
	default:
		return withoutDefaults(value, optionDefaults[name])
	}
}

// withoutDefaults drops empty fields and those that have their default value,
// at every depth that the defaults describe.
func withoutDefaults(value any, defaults Object) any {
	fields, ok := value.(Object)
	if !ok {
		return value
	}
	out := Object{}
	for name, v := range fields {
		inner, _ := defaults[name].(Object)
		v = withoutDefaults(v, inner)
		if inner == nil && reflect.DeepEqual(v, defaults[name]) || isAbsent(v) {
			continue
		}
		out[name] = v
	}
	return out
}

// isAbsent reports whether a field might as well not be there. Unlike at the
// top, false and "" within an option mean something.
func isAbsent(value any) bool {
	switch value.(type) {
	case bool, string:
		return false
	}
	return isEmpty(value)
}

// Tail consumers are a set.
func canonicalTailConsumers(value any) any {
	list, _ := value.([]any)
	byJSON := map[string]any{}
	for _, consumer := range list {
		consumer = withoutDefaults(consumer, optionDefaults["tail_consumers"])
		byJSON[string(mustJSON(consumer))] = consumer
	}
	var out []any
	for _, key := range slices.Sorted(maps.Keys(byJSON)) {
		out = append(out, byJSON[key])
	}
	return out
}

// DigestOf is a hash of a canonical form.
func DigestOf(canonical Object) string { return digestJSON("", canonical) }

// digestJSON hashes a value's JSON, in which encoding/json sorts the keys. The
// prefix keeps digests of different things apart.
func digestJSON(prefix string, value any) string {
	h := sha256.New()
	io.WriteString(h, prefix)
	h.Write(mustJSON(value))
	return hex.EncodeToString(h.Sum(nil))
}

// mustJSON encodes a value made of [Object]'s types, which cannot fail.
func mustJSON(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("spec: value is not JSON: %v", err))
	}
	return data
}
