package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

// bindingNames returns "name:type" of each binding of a script, in order.
func bindingNames(a *emulatortest.Account, path string) string {
	a.T.Helper()
	var settings struct{ Bindings []struct{ Name, Type string } }
	a.Get(path + "/settings").OK().Into(&settings)
	var names []string
	for _, b := range settings.Bindings {
		names = append(names, b.Name+":"+b.Type)
	}
	return strings.Join(names, " ")
}

func TestKeepAndInherit(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	for _, path := range []string{emulatortest.Script("prod", "acme"), emulatortest.Worker("acme")} {
		t.Run(path, func(t *testing.T) {
			upload := func(query string, metadata object) *emulatortest.Response {
				t.Helper()
				return a.Upload(path+query, metadata)
			}
			want := func(names string) {
				t.Helper()
				if got := bindingNames(a, path); got != names {
					t.Errorf("the bindings are %q, want %q", got, names)
				}
			}
			all := []any{
				object{"type": "plain_text", "name": "V", "text": "1"},
				object{"type": "json", "name": "J", "json": object{"a": 1}},
				object{"type": "secret_text", "name": "S", "text": "hidden"},
				object{"type": "secret_key", "name": "K", "format": "raw", "key_base64": "AAAA", "algorithm": object{"name": "HMAC"}, "usages": []string{"sign"}},
			}
			inherit := func(name string, more ...string) object {
				b := object{"type": "inherit", "name": name}
				for i := 0; i+1 < len(more); i += 2 {
					b[more[i]] = more[i+1]
				}
				return b
			}
			const strict = "?bindings_inherit=strict"

			// There is nothing yet to inherit from.
			upload(strict, object{"bindings": []any{inherit("V"), inherit("S")}}).Fails(400, 10057, 10057)

			upload("", object{"bindings": all}).OK()
			want("V:plain_text J:json S:secret_text K:secret_key")

			// keep_bindings selects by type, and named bindings win.
			upload("", object{"keep_bindings": []string{"secret_text", "secret_key"}, "bindings": []any{object{"type": "plain_text", "name": "S", "text": "now a variable"}}}).OK()
			want("S:plain_text K:secret_key")

			upload("", object{"bindings": all}).OK()
			upload(strict, object{"bindings": []any{inherit("S"), inherit("J2", "old_name", "J"), inherit("V", "version_id", "latest")}}).OK()
			want("S:secret_text J2:json V:plain_text")
			a.Get(path + "/settings") // the value was inherited, too
			if got := a.Get(path + "/settings").Field("bindings"); !strings.Contains(got, `{"json":{"a":1},"name":"J2","type":"json"}`) {
				t.Errorf("the bindings are %s", got)
			}

			// Strict lists everything that is missing and changes nothing.
			refused := upload(strict, object{"bindings": []any{inherit("S"), inherit("X"), inherit("Y", "old_name", "Z"), inherit("V", "version_id", "abc")}}).Fails(400, 10057, 10057, 10057)
			for i, text := range []string{"inherit binding 'X' is invalid: previous version does not have binding named 'X'",
				"inherit binding 'Y' is invalid: previous version does not have binding named 'Z'", "only the literal 'latest' is supported"} {
				if len(refused.Errors) == 3 && !strings.Contains(refused.Errors[i].Message, text) {
					t.Errorf("error %d is %q", i, refused.Errors[i].Message)
				}
			}
			want("S:secret_text J2:json V:plain_text")

			// Otherwise they are silently dropped.
			upload("", object{"bindings": []any{inherit("S"), inherit("X")}}).OK()
			want("S:secret_text")

			upload("", object{"bindings": []any{inherit("S"), inherit("S")}}).Fails(400, 10053)
			upload("", object{}).OK()
			want("")
		})
	}
}

func TestBindingsComeBackAsSent(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	kv := a.KV("store")
	db := a.Database("tenants")
	a.JSON("POST", "/r2/buckets", object{"name": "uploads"}).OK()
	a.Queue("jobs")
	a.Upload(emulatortest.Worker("outb"), nil).OK()
	path := emulatortest.Script("prod", "acme")
	a.Upload(path, object{"bindings": []any{
		object{"type": "kv_namespace", "name": "KV", "namespace_id": kv},
		object{"type": "service", "name": "SVC", "service": "outb", "environment": "production", "entrypoint": "E"},
		object{"type": "dispatch_namespace", "name": "D1", "namespace": "prod", "outbound": object{"worker": object{"service": "outb"}, "params": []string{"a"}}},
		object{"type": "dispatch_namespace", "name": "D2", "namespace": "prod", "outbound": object{"worker": object{"service": "outb"}, "params": []any{object{"name": "a"}}}},
		object{"type": "d1", "name": "DB", "id": db},
		object{"type": "d1", "name": "DB2", "database_id": db},
		object{"type": "r2_bucket", "name": "FILES", "bucket_name": "uploads"},
		object{"type": "queue", "name": "JOBS", "queue_name": "jobs", "delivery_delay": 5},
		object{"type": "durable_object_namespace", "name": "DO", "class_name": "Room"},
		object{"type": "ratelimit", "name": "RL", "namespace_id": "1001", "simple": object{"limit": 10, "period": 60}},
		object{"type": "unsafe_thing", "name": "U", "x": []int{1}},
		object{"type": "secret_key", "name": "K", "format": "raw", "key_base64": "c2VjcmV0", "algorithm": object{"name": "HMAC"}, "usages": []string{"sign"}},
	}, "migrations": emulatortest.NewClasses("Room"), "tail_consumers": []any{object{"service": "outb"}}}).OK()
	bindings := a.Get(path + "/bindings").OK()
	var views []object
	bindings.Into(&views)
	room, _ := views[8]["namespace_id"].(string)
	if len(room) != 32 {
		t.Errorf("the Durable Object is %v", views[8])
	}
	bindings.Is(`[{"type":"kv_namespace","name":"KV","namespace_id":"` + kv + `"},
		{"type":"service","name":"SVC","service":"outb","environment":"production","entrypoint":"E"},
		{"type":"dispatch_namespace","name":"D1","namespace":"prod","outbound":{"worker":{"service":"outb"},"params":["a"]}},
		{"type":"dispatch_namespace","name":"D2","namespace":"prod","outbound":{"worker":{"service":"outb"},"params":[{"name":"a"}]}},
		{"type":"d1","name":"DB","id":"` + db + `"},
		{"type":"d1","name":"DB2","database_id":"` + db + `"},
		{"type":"r2_bucket","name":"FILES","bucket_name":"uploads"},
		{"type":"queue","name":"JOBS","queue_name":"jobs","delivery_delay":5},
		{"type":"durable_object_namespace","name":"DO","class_name":"Room","namespace_id":"` + room + `"},
		{"type":"ratelimit","name":"RL","namespace_id":"1001","simple":{"limit":10,"period":60}},
		{"type":"unsafe_thing","name":"U","x":[1]},
		{"type":"secret_key","name":"K","format":"raw","algorithm":{"name":"HMAC"},"usages":["sign"]}]`)
	if got := a.Get(path + "/settings").Field("bindings"); got != emulatortest.Normal(t, bindings.Result) {
		t.Errorf("the settings have %s", got)
	}
	a.Upload(emulatortest.Worker("self"), object{"bindings": []any{object{"type": "service", "name": "ME", "service": "self"}}}).OK()
}

func TestSettings(t *testing.T) {
	frozen := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return frozen }}})
	a.Namespace("prod")
	for _, path := range []string{emulatortest.Script("prod", "acme"), emulatortest.Worker("acme")} {
		t.Run(path, func(t *testing.T) {
			sent := object{
				"compatibility_date": "2026-01-01", "compatibility_flags": []string{"nodejs_compat"}, "tags": []string{"t"},
				"limits": object{"cpu_ms": 50, "subrequests": 5}, "logpush": true, "placement": object{"mode": "smart", "hint": "wnam"},
				"observability": object{"enabled": true, "head_sampling_rate": 0.5}, "cache_options": object{"enabled": true},
				"bindings": []any{object{"type": "secret_text", "name": "S", "text": "hidden"}, object{"type": "plain_text", "name": "V", "text": "1"}},
			}
			uploaded := a.Upload(path, sent).Object()
			a.Get(path + "/settings").OK().Is(`{"bindings":[{"name":"S","type":"secret_text"},{"name":"V","type":"plain_text","text":"1"}],
				"compatibility_date":"2026-01-01","compatibility_flags":["nodejs_compat"],"tags":["t"],"usage_model":"standard","logpush":true,
				"limits":{"cpu_ms":50,"subrequests":5},"placement":{"mode":"smart","hint":"wnam","status":"INSUFFICIENT_INVOCATIONS"},"tail_consumers":null,
				"observability":{"enabled":true,"head_sampling_rate":0.5},"cache_options":{"enabled":true}}`)

			// Settings that are not mentioned stay; null resets one to its
			// default.
			a.Patch(path+"/settings", object{"limits": object{"cpu_ms": 60}, "placement": nil, "tags": nil, "logpush": nil}).OK().Is(
				`{"bindings":[{"name":"S","type":"secret_text"},{"name":"V","type":"plain_text","text":"1"}],
				"compatibility_date":"2026-01-01","compatibility_flags":["nodejs_compat"],"tags":null,"usage_model":"standard","logpush":false,
				"limits":{"cpu_ms":60},"placement":{},"tail_consumers":null,
				"observability":{"enabled":true,"head_sampling_rate":0.5},"cache_options":{"enabled":true}}`)

			// Bindings are replaced as a whole.
			a.Patch(path+"/settings", object{"bindings": []any{object{"type": "inherit", "name": "S"}}}).OK()
			if got := bindingNames(a, path); got != "S:secret_text" {
				t.Errorf("the bindings are %s", got)
			}
			a.Patch(path+"/settings?bindings_inherit=strict", object{"bindings": []any{object{"type": "inherit", "name": "V"}}}).Fails(400, 10057)
			a.Patch(path+"/settings", object{"bindings": []any{object{"type": "service", "name": "X", "service": "none"}}}).Fails(400, 10143)
			a.Patch(path+"/settings", object{"limits": object{"cpu_ms": 1e9}}).Fails(400, 10206)
			a.JSON("PATCH", path+"/settings", object{"tags": nil}).Fails(400, 10001)
			contentType, body := emulatortest.Form(t, "metadata", object{})
			a.Send("PATCH", path+"/settings", contentType, body).Fails(400, 10021)
			contentType, body = emulatortest.Form(t, "settings", "[]")
			a.Send("PATCH", path+"/settings", contentType, body).Fails(400, 10021)

			again := a.Upload(path, sent).Object()
			if again["etag"] != uploaded["etag"] || again["modified_on"].(string) <= uploaded["modified_on"].(string) {
				t.Errorf("etag %v, modified_on %v after %v", again["etag"], again["modified_on"], uploaded["modified_on"])
			}
		})
	}
}

func TestSecrets(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	for _, path := range []string{emulatortest.Script("prod", "acme"), emulatortest.Worker("acme")} {
		t.Run(path, func(t *testing.T) {
			a.Upload(path, object{"bindings": []any{object{"type": "plain_text", "name": "V", "text": "1"}}}).OK()
			put := func(body any) *emulatortest.Response { t.Helper(); return a.JSON("PUT", path+"/secrets", body) }
			put(object{"name": "A", "text": "x", "type": "secret_text"}).OK().Is(`{"name":"A","type":"secret_text"}`)
			put(object{"name": "B", "text": "x"}).OK()
			put(object{"name": "A", "text": "y", "type": "secret_text"}).OK()
			a.Get(path + "/secrets").OK().Is(`[{"name":"A","type":"secret_text"},{"name":"B","type":"secret_text"}]`)
			a.Get(path + "/secrets/A").OK().Is(`{"name":"A","type":"secret_text"}`)
			a.Get(path+"/secrets/V").Fails(404, 10056)

			put(object{"name": "V", "text": "x"}).Fails(400, 10053)
			put(object{"text": "x"}).Fails(400, 10052)
			put(object{"name": "C"}).Fails(400, 10021)
			put(object{"name": "C", "type": "plain_text", "text": "x"}).Fails(400, 10021)
			put(object{"name": "C", "text": strings.Repeat("x", 5121)}).Fails(400, 10054)
			put("{").Fails(400, 10006)

			a.JSON("DELETE", path+"/secrets/B", nil).OK().Is("null")
			a.JSON("DELETE", path+"/secrets/B", nil).Fails(404, 10056)
			a.JSON("DELETE", path+"/secrets/V", nil).Fails(404, 10056)

			bulk := func(body any) *emulatortest.Response { t.Helper(); return a.JSON("PATCH", path+"/secrets-bulk", body) }
			bulk(object{"secrets": object{"A": nil, "C": object{"type": "secret_text", "text": "z"}, "D": object{"name": "D", "text": "z"}, "gone": nil}}).
				OK().Is(`{"C":{"name":"C","type":"secret_text"},"D":{"name":"D","type":"secret_text"}}`)
			bulk(object{"secrets": object{"E": object{"text": "z"}, "V": object{"text": "z"}}}).Fails(400, 10053)
			bulk(object{}).Fails(400, 10006)
			bulk("{").Fails(400, 10006)
			a.Get(path + "/secrets").Is(`[{"name":"C","type":"secret_text"},{"name":"D","type":"secret_text"}]`)

			// An upload that does not keep them removes them.
			a.Upload(path, object{"keep_bindings": []string{"secret_text"}}).OK()
			a.Get(path + "/secrets").Is(`[{"name":"C","type":"secret_text"},{"name":"D","type":"secret_text"}]`)
			a.Upload(path, nil).OK()
			a.Get(path + "/secrets").Is(`[]`)
		})
	}
}

// TestSecretsAreNeverReturned puts a value everywhere it fits, and looks for it
// in every response.
func TestSecretsAreNeverReturned(t *testing.T) {
	const canary = "c4n4ry-value"
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	zone := a.Zone("example.com")
	bindings := []any{
		object{"type": "secret_text", "name": "S", "text": canary},
		object{"type": "secret_key", "name": "K", "format": "raw", "key_base64": canary, "algorithm": "x", "usages": []string{"sign"}},
		object{"type": "secret_key", "name": "J", "format": "jwk", "key_jwk": object{"k": canary}, "algorithm": "x", "usages": []string{"sign"}},
	}
	var answers []*emulatortest.Response
	see := func(r *emulatortest.Response) { answers = append(answers, r.OK()) }
	paths := []string{"/user", "/user/tokens/verify", "/memberships", "/accounts", "/accounts/" + a.ID, "/zones", "/zones/" + zone,
		"/zones/" + zone + "/workers/routes", "/tokens/verify", "/workers/dispatch/namespaces", "/workers/dispatch/namespaces/prod",
		"/workers/dispatch/namespaces/prod/scripts", "/workers/scripts", "/workers/services/acme", "/workers/workers/acme",
		"/workers/durable_objects/namespaces", "/workers/subdomain", "/storage/kv/namespaces"}
	for _, path := range []string{emulatortest.Script("prod", "acme"), emulatortest.Worker("acme")} {
		see(a.Upload(path, object{"bindings": bindings}))
		see(a.JSON("PUT", path+"/secrets", object{"name": "P", "type": "secret_text", "text": canary}))
		see(a.JSON("PATCH", path+"/secrets-bulk", object{"secrets": object{"Q": object{"text": canary}}}))
		see(a.Patch(path+"/settings", object{"tags": []string{"x"}}))
		see(a.Upload(path, object{"keep_bindings": []string{"secret_text", "secret_key"}}))
		paths = append(paths, path, path+"/settings", path+"/secrets", path+"/secrets/S", path+"/secrets/K")
	}
	acme := emulatortest.Worker("acme")
	contentType, body := emulatortest.Form(t, "metadata", object{"main_module": "index.js", "keep_bindings": []string{"secret_text"}}, emulatortest.JS("index.js", emulatortest.Hello))
	version := a.Send("POST", acme+"/versions", contentType, body).OK()
	see(version)
	paths = append(paths, emulatortest.Script("prod", "acme")+"/bindings", emulatortest.Script("prod", "acme")+"/content", emulatortest.Script("prod", "acme")+"/tags",
		acme+"/content/v2", acme+"/script-settings", acme+"/subdomain", acme+"/schedules", acme+"/deployments", acme+"/versions",
		acme+"/versions/"+version.Object()["id"].(string))
	for _, path := range paths {
		see(a.Get(path))
	}
	// Errors quote what they refuse, but not this.
	answers = append(answers,
		a.JSON("PUT", acme+"/secrets", object{"name": "S", "type": "nonsense", "text": canary}),
		a.Upload(acme, object{"bindings": append(bindings, bindings...)}),
		a.Upload(acme, object{"bindings": []any{object{"type": "secret_text", "name": "S", "text": object{"x": canary}}}}),
		a.JSON("PATCH", acme+"/secrets-bulk", object{"secrets": object{"S": canary}}),
	)
	for _, r := range answers {
		if strings.Contains(string(r.Body), canary) {
			t.Errorf("%s answers with the secret: %s", r.Request, r.Body)
		}
	}
	for _, name := range []string{"S", "K", "J", "P", "Q"} {
		if got := a.Get(acme + "/secrets"); !strings.Contains(string(got.Body), `"`+name+`"`) {
			t.Errorf("the secret %s was lost: %s", name, got.Body)
		}
	}
}
