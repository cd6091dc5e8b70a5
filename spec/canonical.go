package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"slices"

	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// optionDefaults are the values that the platform fills in, by metadata field.
// A field with its default value is left out of the canonical form, so that it
// makes no difference whether the file names it. Source: API reference, script
// settings; wrangler's configuration reference.
var optionDefaults = map[string]Object{
	"observability": {
		"enabled":             false,
		"head_sampling_rate":  1.0,
		"redact_query_string": false,
		"issues":              Object{"enabled": false},
		"logs":                Object{"enabled": true, "invocation_logs": true, "head_sampling_rate": 1.0, "persist": true},
		"traces":              Object{"enabled": false, "head_sampling_rate": 1.0, "persist": true, "propagation_policy": "authenticated"},
	},
	"tail_consumers": {"environment": "production"},
}

// canonicalOption returns a metadata field in comparable form.
func canonicalOption(name string, value any) any {
	switch name {
	case "placement":
		return canonicalPlacement(value)
	case "tail_consumers":
		return canonicalTailConsumers(value)
	default:
		return canon.WithoutDefaults(value, optionDefaults[name])
	}
}

// canonicalTailConsumers sorts tail consumers: they are a set.
func canonicalTailConsumers(value any) any {
	list, _ := value.([]any)
	byJSON := map[string]any{}
	for _, consumer := range list {
		consumer = canon.WithoutDefaults(consumer, optionDefaults["tail_consumers"])
		byJSON[string(canon.MustJSON(consumer))] = consumer
	}
	var out []any
	for _, key := range slices.Sorted(maps.Keys(byJSON)) {
		out = append(out, byJSON[key])
	}
	return out
}

// DigestOf hashes a canonical form.
func DigestOf(canonical Object) string { return digestJSON("", canonical) }

// digestJSON hashes a value's JSON, whose keys encoding/json sorts. The prefix
// separates digests of different things.
func digestJSON(prefix string, value any) string {
	h := sha256.New()
	io.WriteString(h, prefix)
	h.Write(canon.MustJSON(value))
	return hex.EncodeToString(h.Sum(nil))
}
