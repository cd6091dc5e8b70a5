package schema

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const fullStack = `{
	"version": 1, "name": "platform", "account_id": "0123456789abcdef0123456789abcdef",
	"defaults": {"compatibility_date": "2026-10-01", "logpush": true, "secrets": {"KEY": {"env": "X"}}},
	"dispatch_namespaces": {"customer-workers": {}, "staging": null, "other": {"name": "real", "adopt": true}},
	"kv_namespaces": {"tenant-data": {"title": "Tenant Configuration"}, "cache": null},
	"d1_databases": {"tenants": {"name": "tenants-production", "adopt": true}, "other": null},
	"r2_buckets": {"uploads": {"name": "tenant-uploads", "jurisdiction": "eu", "location": "weur", "storage_class": "Standard", "adopt": true}, "other": null},
	"queues": {"events": {"name": "tenant-events", "delivery_delay": 0, "message_retention_period": 60, "adopt": true}, "other": null},
	"workers": {
		"router": {
			"name": "platform-router", "main": "./src/router.ts",
			"compatibility_flags": ["nodejs_compat"],
			"vars": {"TEXT": "a", "JSON": {"": {"deep": [null, 1.5]}}, "LIST": [1], "NOTHING": null},
			"kv_namespaces": [{"binding": "A", "ref": "tenant-data"}, {"binding": "B", "id": "abc"}],
			"d1_databases": [{"binding": "C", "ref": "tenants"}, {"binding": "D", "database_id": "abc", "database_name": "x"}],
			"r2_buckets": [{"binding": "E", "ref": "uploads"}, {"binding": "F", "bucket_name": "abc", "jurisdiction": "default"}],
			"queues": {"producers": [{"binding": "G", "ref": "events"}, {"binding": "H", "queue": "x", "delivery_delay": 86400}],
				"consumers": [{"ref": "events", "type": "worker", "max_batch_size": 100, "max_batch_timeout": 0.5, "max_retries": 0, "dead_letter_queue": "failed", "max_concurrency": null, "retry_delay": 60}, {"queue": "x"}]},
			"dispatch_namespaces": [{"binding": "T", "namespace": "customer-workers",
				"outbound": {"service": "out", "environment": "production", "parameters": ["customer"]}}],
			"services": [{"binding": "S", "service": "billing", "environment": "production", "entrypoint": "Api"}],
			"limits": {"cpu_ms": 50, "subrequests": 10},
			"minify": true, "no_bundle": false, "find_additional_modules": true, "base_dir": "./src", "define": {"A": "1"}, "alias": {"a": "b"},
			"rules": [{"type": "Text", "globs": ["**/*.md"], "fallthrough": true}],
			"durable_objects": {"bindings": [{"name": "D", "class_name": "C", "script_name": "s", "environment": "production"}]},
			"workflows": [{"binding": "F", "name": "f", "class_name": "C", "script_name": "s"}],
			"hyperdrive": [{"binding": "H", "id": "1"}], "vectorize": [{"binding": "V", "index_name": "i"}],
			"analytics_engine_datasets": [{"binding": "X"}], "pipelines": [{"binding": "P", "pipeline": "p"}],
			"ratelimits": [{"name": "L", "namespace_id": "1", "simple": {"limit": 1, "period": 60}}],
			"send_email": [{"name": "M", "destination_address": "a@b.c"}, {"name": "N", "allowed_destination_addresses": ["a"], "allowed_sender_addresses": ["b"]}],
			"secrets_store_secrets": [{"binding": "K", "store_id": "1", "secret_name": "k"}],
			"mtls_certificates": [{"binding": "C", "certificate_id": "1"}],
			"ai": {"binding": "AI"}, "browser": {"binding": "BR"}, "images": {"binding": "IM"}, "version_metadata": {"binding": "VM"},
			"bindings": [{"name": "R", "type": "later", "anything": {"a": null}}],
			"placement": {"mode": "smart", "hint": "x"},
			"observability": {"enabled": true, "head_sampling_rate": 0.5,
				"logs": {"enabled": true, "invocation_logs": false, "head_sampling_rate": 1, "persist": true, "destinations": ["d"]},
				"traces": {"enabled": true, "head_sampling_rate": 0, "persist": false, "destinations": []}},
			"tags": ["a"],
			"tail_consumers": [{"service": "tail", "environment": "production", "namespace": "staging"}],
			"assets": {"directory": "./public", "binding": "ASSETS", "html_handling": "none", "not_found_handling": "404-page", "run_worker_first": ["/api/*"]},
			"adopt": true,
			"routes": [{"pattern": "*.example.com/*", "zone_name": "example.com"}, {"pattern": "x.org/*", "zone_id": "1"}, "y.org/*", {"pattern": "app.example.com", "custom_domain": true}],
			"triggers": {"crons": ["* * * * *"]}, "workers_dev": false, "preview_urls": null
		},
		"one": {"route": "z.org/*", "triggers": {"crons": null}, "queues": {"consumers": null}},
		"empty": {}
	},
	"dns_records": {"*.example.com": {"zone_name": "example.com"}, "b": {"zone_id": "1", "name": "b.example.com", "type": "CNAME", "content": "c.example.com", "proxied": false, "ttl": 300, "comment": "x", "adopt": true, "depends_on": ["w"]}},
	"custom_hostnames": {"shop.customer.com": {"zone_name": "example.com"}, "c": {"for_each": {"x": "y"}, "where": "true", "zone_id": "1", "hostname": "${x.h}",
		"ssl": {"method": "txt", "type": "dv", "wildcard": true, "certificate_authority": "google", "bundle_method": "optimal",
			"settings": {"min_tls_version": "1.2", "tls_1_3": "on", "http2": "off", "early_hints": "on", "ciphers": ["AES128-SHA"]}},
		"custom_metadata": {"user_worker": "a", "n": 1, "deep": {"er": [null]}}, "custom_origin_server": "o.example.com", "custom_origin_sni": ":request_host_header:", "adopt": true, "depends_on": []}},
	"user_workers": {"a": {"dispatch_namespace": "customer-workers", "script": "export default {}", "compatibility_date": "2026-10-01"}}
}`

func TestStackAcceptsEverythingItDescribes(t *testing.T) {
	if violations := ValidateStack(decode(t, fullStack)); violations != nil {
		t.Errorf("violations: %v", violations)
	}
}

// What is left of a block whose last entry was taken out is no mistake.
func TestStackAcceptsEmptyBlocks(t *testing.T) {
	for _, key := range []string{"dispatch_namespaces", "kv_namespaces", "d1_databases", "r2_buckets", "queues", "dns_records", "custom_hostnames", "workers", "user_workers"} {
		value := map[string]any{"version": 1.0, "name": "platform", key: nil}
		if violations := ValidateStack(value); violations != nil {
			t.Errorf("%s: %v", key, violations)
		}
	}
}

func TestStackMessages(t *testing.T) {
	stack := func(rest string) string { return `{"version": 1, "name": "platform", ` + rest + `}` }
	worker := func(fields string) string { return stack(`"workers": {"w": {` + fields + `}}`) }
	for name, test := range map[string]struct{ value, want string }{
		"nothing":            {`null`, ` type: expected a mapping, got nothing`},
		"a list":             {`[]`, ` type: expected a mapping, got a list`},
		"text":               {`"x"`, ` type: expected a mapping, got the text "x"`},
		"empty":              {`{}`, ` required: missing the keys "version", "name"`},
		"no name":            {`{"version": 1}`, ` required: missing the key "name"`},
		"version as text":    {`{"version": "1", "name": "a"}`, `/version const: expected 1, got the text "1"`},
		"later version":      {`{"version": 2, "name": "a"}`, `/version const: expected 1, got the number 2`},
		"name with capitals": {`{"version": 1, "name": "Platform"}`, `/name pattern: expected 1 to 63 lower-case letters, digits, dots and hyphens, the first a letter or digit, got "Platform"`},
		"name as number":     {`{"version": 1, "name": 5}`, `/name type: expected text, got the number 5`},
		"account":            {stack(`"account_id": "0123"`), `/account_id pattern: expected 32 hexadecimal digits, got "0123"`},
		"unknown key":        {stack(`"worker": {}`), `/worker unknown: unknown key "worker"`},
		"unknown with slash": {stack(`"a/b~c": 1`), `/a~1b~0c unknown: unknown key "a/b~c"`},
		"empty key":          {stack(`"": 1`), `/ unknown: unknown key ""`},
		"empty name":         {stack(`"kv_namespaces": {"": {"titel": "x"}}`), "/kv_namespaces/ pattern: expected a name without control characters, got \"\"\n/kv_namespaces//titel unknown: unknown key \"titel\""},
		"control in name":    {stack(`"workers": {"a\u001bb": {}}`), "/workers/a\x1bb pattern: expected a name without control characters, got \"a\\x1bb\""},
		"list for map":       {stack(`"workers": [{"name": "w"}]`), `/workers type: expected a mapping, got a list`},
		"nothing for map":    {stack(`"defaults": null`), `/defaults type: expected a mapping, got nothing`},
		"nothing for worker": {stack(`"workers": {"w": null}`), `/workers/w type: expected a mapping, got nothing`},
		"text for namespace": {stack(`"dispatch_namespaces": {"n": "n"}`), `/dispatch_namespaces/n type: expected a mapping, got the text "n"`},
		"location":           {stack(`"r2_buckets": {"b": {"location": "moon"}}`), `/r2_buckets/b/location enum: expected one of "apac", "eeur", "enam", "weur", "wnam", "oc", got the text "moon"`},
		"retention":          {stack(`"queues": {"q": {"message_retention_period": 59, "delivery_delay": 86401}}`), "/queues/q/delivery_delay maximum: expected at most 86400, got 86401\n/queues/q/message_retention_period minimum: expected at least 60, got 59"},
		"queue consumers":    {worker(`"queues": {"consumers": [{"queue": "q", "max_batch_size": 101, "max_concurrency": 0, "type": "http_pull"}]}`), "/workers/w/queues/consumers/0/max_batch_size maximum: expected at most 100, got 101\n/workers/w/queues/consumers/0/max_concurrency minimum: expected at least 1, got 0\n/workers/w/queues/consumers/0/type const: expected worker, got the text \"http_pull\""},
		"consumers for all":  {stack(`"defaults": {"queues": {"consumers": []}}`), `/defaults/queues/consumers unknown: unknown key "consumers"`},
		"crons":              {worker(`"triggers": {"cron": [], "crons": "* * * * *"}`), "/workers/w/triggers/cron unknown: unknown key \"cron\"\n/workers/w/triggers/crons type: expected a list, got the text \"* * * * *\""},
		"workers.dev":        {worker(`"workers_dev": "no"`), `/workers/w/workers_dev type: expected true or false, got the text "no"`},
		"list of namespaces": {stack(`"dispatch_namespaces": ["n"]`), `/dispatch_namespaces type: expected a mapping, got a list`},
		"adopt":              {stack(`"kv_namespaces": {"k": {"adopt": "yes"}}`), `/kv_namespaces/k/adopt type: expected true or false, got the text "yes"`},
		"main in defaults":   {stack(`"defaults": {"main": "a.ts"}`), `/defaults/main unknown: unknown key "main"`},
		"no namespace":       {stack(`"user_workers": {"u": {}}`), `/user_workers/u required: missing the key "dispatch_namespace"`},
		"routes on user":     {stack(`"user_workers": {"u": {"dispatch_namespace": "n", "routes": [], "triggers": {"crons": []}}}`), "/user_workers/u/routes unknown: unknown key \"routes\"\n/user_workers/u/triggers unknown: unknown key \"triggers\""},
		"flags as text":      {worker(`"compatibility_flags": "nodejs_compat"`), `/workers/w/compatibility_flags type: expected a list, got the text "nodejs_compat"`},
		"flag as number":     {worker(`"compatibility_flags": ["a", 1]`), `/workers/w/compatibility_flags/1 type: expected text, got the number 1`},
		"date":               {worker(`"compatibility_date": "1.10.2026"`), `/workers/w/compatibility_date pattern: expected a date written YYYY-MM-DD, got "1.10.2026"`},
		"date as number":     {worker(`"compatibility_date": 20261001`), `/workers/w/compatibility_date type: expected text, got the number 20261001`},
		"empty main":         {worker(`"main": ""`), `/workers/w/main minLength: expected text that is not empty`},
		"limits too small":   {worker(`"limits": {"cpu_ms": 0, "subrequests": -1}`), "/workers/w/limits/cpu_ms minimum: expected at least 1, got 0\n/workers/w/limits/subrequests minimum: expected at least 1, got -1"},
		"limits too large":   {worker(`"limits": {"cpu_ms": 300001}`), `/workers/w/limits/cpu_ms maximum: expected at most 300000, got 300001`},
		"half a millisecond": {worker(`"limits": {"cpu_ms": 0.5}`), `/workers/w/limits/cpu_ms type: expected a whole number, got the number 0.5`},
		"huge number":        {worker(`"limits": {"cpu_ms": 1e300}`), `/workers/w/limits/cpu_ms maximum: expected at most 300000, got 1e+300`},
		"sampling":           {worker(`"observability": {"head_sampling_rate": 50}`), `/workers/w/observability/head_sampling_rate maximum: expected at most 1, got 50`},
		"secret as text":     {worker(`"secrets": {"KEY": "hunter2"}`), `/workers/w/secrets/KEY type: expected a mapping, got text`},
		"secret as number":   {worker(`"secrets": {"KEY": 1234}`), `/workers/w/secrets/KEY type: expected a mapping, got a number`},
		"secret as nothing":  {worker(`"secrets": {"A": null, "B": true, "C": []}`), "/workers/w/secrets/A type: expected a mapping, got nothing\n/workers/w/secrets/B type: expected a mapping, got true\n/workers/w/secrets/C type: expected a mapping, got a list"},
		"version as switch":  {`{"version": true, "name": "a"}`, `/version const: expected 1, got true`},
		"secrets as list":    {worker(`"secrets": [{"KEY": "hunter2"}]`), `/workers/w/secrets type: expected a mapping, got a list`},
		"secret from number": {worker(`"secrets": {"KEY": {"env": 5}}`), `/workers/w/secrets/KEY/env type: expected text, got a number`},
		"binding":            {worker(`"kv_namespaces": [{"ref": "a"}, {"binding": "B", "namespace_id": "1"}]`), "/workers/w/kv_namespaces/0 required: missing the key \"binding\"\n/workers/w/kv_namespaces/1/namespace_id unknown: unknown key \"namespace_id\""},
		"outbound":           {worker(`"dispatch_namespaces": [{"binding": "D", "outbound": "out"}]`), "/workers/w/dispatch_namespaces/0 required: missing the key \"namespace\"\n/workers/w/dispatch_namespaces/0/outbound type: expected a mapping, got the text \"out\""},
		"placement":          {worker(`"placement": {"mode": "clever"}`), `/workers/w/placement/mode enum: expected one of "off", "smart", "targeted", got the text "clever"`},
		"period":             {worker(`"ratelimits": [{"name": "L", "namespace_id": "1", "simple": {"limit": 1, "period": "60"}}]`), `/workers/w/ratelimits/0/simple/period enum: expected one of 10, 60, got the text "60"`},
		"raw binding":        {worker(`"bindings": [{"name": "A", "type": "later", "anything": [1]}, {"anything": 1}]`), `/workers/w/bindings/1 required: missing the keys "name", "type"`},
		"routes":             {worker(`"routes": [1, {"zone_name": "example.com"}, ""]`), "/workers/w/routes/0 type: expected text or a mapping, got the number 1\n/workers/w/routes/1 required: missing the key \"pattern\"\n/workers/w/routes/2 minLength: expected text that is not empty"},
		"vars as list":       {worker(`"vars": ["A=1"]`), `/workers/w/vars type: expected a mapping, got a list`},
		"long text":          {worker(`"logpush": "` + strings.Repeat("é", 100) + `"`), `/workers/w/logpush type: expected true or false, got the text "` + strings.Repeat("é", 60) + `…"`},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, v := range ValidateStack(decode(t, test.value)) {
				got = append(got, fmt.Sprintf("%s %s: %s", v.Pointer, v.Keyword, v.Message))
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestViolationsCarryWhatHintsNeed(t *testing.T) {
	value := decode(t, `{"version": 1, "name": "platform",
		"dispatch_namespaces": {"n": {"titel": 1}},
		"workers": {"w": {"kv_namespaces": [{"ref": 5}]}}}`)
	want := []Violation{{
		Pointer: "/dispatch_namespaces/n/titel",
		Keyword: Unknown,
		Message: `unknown key "titel"`,
		Allowed: []string{"adopt", "depends_on", "external", "for_each", "name", "protect", "renamed_from", "trusted_workers", "unmanaged", "where"},
	}, {
		Pointer:  "/workers/w/kv_namespaces/0",
		Keyword:  "required",
		Message:  `missing the key "binding"`,
		Missing:  []string{"binding"},
		Expected: "Each gives the Worker one KV namespace: by `ref` one of this file, by `id` any other of the account.",
	}, {
		Pointer:  "/workers/w/kv_namespaces/0/ref",
		Keyword:  "type",
		Message:  "expected text, got the number 5",
		Expected: "A key under the file's `kv_namespaces`. Use either `ref` or `id`.",
	}}
	if diff := cmp.Diff(want, ValidateStack(value)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(fullStack))
	f.Add([]byte(`{"": {"": [null, true, -0, 1e308, "\u202e"]}, "workers": {"/": {"~": 1, "%41": 2}}}`))
	f.Add([]byte(`{"changes": [{"address": "route/a/b", "desired": {"": 1}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var value any
		if json.Unmarshal(data, &value) != nil {
			t.Skip()
		}
		for _, v := range append(ValidateStack(value), ValidatePlan(value)...) {
			if v.Keyword == "" || v.Message == "" || strings.ContainsAny(v.Message, "\x1b\n\u202e") {
				t.Errorf("violation %+v", v)
			}
			if !exists(value, v.Pointer) {
				t.Errorf("%q points at nothing", v.Pointer)
			}
		}
	})
}

// exists reports whether a pointer points at something, null included.
func exists(value any, pointer string) bool {
	path := tokens(pointer)
	if len(path) == 0 {
		return true
	}
	parent := lookup(value, pointer[:strings.LastIndex(pointer, "/")])
	switch parent := parent.(type) {
	case map[string]any:
		_, ok := parent[path[len(path)-1]]
		return ok
	case []any:
		return true
	}
	return false
}

func BenchmarkValidateStack(b *testing.B) {
	workers := map[string]any{}
	for i := range 100_000 {
		workers[fmt.Sprintf("customer-%d", i)] = map[string]any{
			"dispatch_namespace": "customer-workers", "main": "./src/tenant.ts", "compatibility_date": "2026-10-01",
			"vars":          map[string]any{"CONFIG": map[string]any{"customerId": fmt.Sprint(i), "features": []any{"a", "b"}}},
			"kv_namespaces": []any{map[string]any{"binding": "DATA", "ref": "tenant-data"}},
			"limits":        map[string]any{"cpu_ms": 50.0},
			"tags":          []any{"plan-pro"},
		}
	}
	for name, value := range map[string]any{
		"valid": map[string]any{"version": 1.0, "name": "platform", "user_workers": workers},
		"wrong": map[string]any{"version": 1.0, "name": "platform", "workers": workers},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if (len(ValidateStack(value)) == 0) != (name == "valid") {
					b.Fatal("unexpected violations")
				}
			}
		})
	}
}
