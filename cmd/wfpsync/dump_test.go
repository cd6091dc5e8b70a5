package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

// failer is a test, of the standard library or of rapid.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// dump returns everything that an account holds, without what differs between
// two accounts that were brought into the same shape: identifiers and times.
func dump(t failer, account http.Handler) string {
	t.Helper()
	return joined(holdings(t, account))
}

func joined(holdings map[string]string) string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(holdings)) {
		fmt.Fprintf(&b, "%s\n%s\n", path, holdings[path])
	}
	return normal(b.String())
}

// holdings returns everything that an account holds, each by its path with
// names in place of identifiers, and as the API answers it.
func holdings(t failer, account http.Handler) map[string]string {
	t.Helper()
	found := map[string]string{}
	show := func(path string) json.RawMessage {
		status, body := requestAt(account, http.MethodGet, path)
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, status, body)
		}
		var answer struct{ Result json.RawMessage }
		_ = json.Unmarshal(body, &answer) // code is no JSON
		if answer.Result == nil {
			return boundaries.ReplaceAll(body, []byte("--BOUNDARY"))
		}
		return answer.Result
	}
	each := func(path, field string, do func(name string, item json.RawMessage)) {
		list := show(path + "?limit=1000&per_page=50") // one page is enough for everything here
		var below struct{ Buckets json.RawMessage }
		if json.Unmarshal(list, &below) == nil {
			list = below.Buckets
		}
		var items []json.RawMessage
		if err := json.Unmarshal(list, &items); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, item := range items {
			var fields map[string]any
			if err := json.Unmarshal(item, &fields); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			name := fields[field].(string)
			found[strings.TrimPrefix(path, ownPath)+"/"+name] = string(item) + "\n"
			if do != nil {
				do(name, item)
			}
		}
	}
	scripts := func(path string, parts ...string) {
		each(ownPath+path, "id", func(name string, _ json.RawMessage) {
			for _, part := range parts {
				found[path+"/"+name] += string(show(ownPath+path+"/"+name+part)) + "\n"
			}
		})
	}
	for path, field := range map[string]string{"/storage/kv/namespaces": "title", "/d1/database": "name", "/r2/buckets": "name", "/workers/domains": "hostname"} {
		each(ownPath+path, field, nil)
	}
	each(ownPath+"/queues", "queue_name", func(name string, item json.RawMessage) {
		var queue struct{ Consumers []json.RawMessage }
		if err := json.Unmarshal(item, &queue); err != nil {
			t.Fatal(err)
		}
		for _, consumer := range queue.Consumers {
			found["/consumers/"+name] += string(consumer) + "\n"
		}
	})
	each(ownPath+"/workers/dispatch/namespaces", "namespace_name", func(name string, _ json.RawMessage) {
		scripts("/workers/dispatch/namespaces/"+name+"/scripts", "/settings", "/content")
	})
	scripts("/workers/scripts", "/settings", "/content/v2", "/schedules", "/subdomain")
	each("/zones", "name", func(_ string, item json.RawMessage) {
		var zone struct{ ID string }
		if err := json.Unmarshal(item, &zone); err != nil {
			t.Fatal(err)
		}
		for what, field := range map[string]string{"workers/routes": "pattern", "dns_records": "name", "custom_hostnames": "hostname"} {
			each("/zones/"+zone.ID+"/"+what, field, nil)
		}
	})
	return found
}

const ownPath = "/accounts/" + emulator.LocalAccountID

var (
	identifiers = regexp.MustCompile(`"(id|tag|uuid|cert_id|consumer_id|queue_id|namespace_id|database_id|version_id|deployment_id)":"([0-9a-f-]{32,36})"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	times       = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|\d{8}T\d{6}Z`)
	marks       = regexp.MustCompile(`wfpsync-mark\.1\.[0-9a-f]+\.([0-9a-f]+)\.`)
	challenges  = regexp.MustCompile(`"(ownership_verification|ownership_verification_http)":\{[^}]*\},|"validation_records":\[[^]]*\],`)
	boundaries  = regexp.MustCompile(`--[0-9a-f]{32,}`)
)

// normal takes out identifiers and times, and what is made of them: the digest
// of settings that name a store by its identifier, and the order of stores.
func normal(text string) string {
	text = challenges.ReplaceAllString(text, "") // made of identifiers
	text = identifiers.ReplaceAllString(text, `"$1":"ID"`)
	text = times.ReplaceAllString(text, "TIME")
	text = marks.ReplaceAllString(text, "MARK.")
	text = boundaries.ReplaceAllString(text, "--BOUNDARY")
	var lines []string
	for line := range strings.Lines(text) {
		var answer map[string]any
		if json.Unmarshal([]byte(line), &answer) == nil {
			lines = append(lines, sorted(answer)+"\n")
			continue
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "")
}

// sorted returns a JSON value with its lists in order.
func sorted(value any) string {
	switch v := value.(type) {
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, sorted(item))
		}
		slices.Sort(items)
		return "[" + strings.Join(items, ",") + "]"
	case map[string]any:
		var fields []string
		for name, field := range v {
			fields = append(fields, name+":"+sorted(field))
		}
		slices.Sort(fields)
		return "{" + strings.Join(fields, ",") + "}"
	default:
		return fmt.Sprint(v)
	}
}

// request asks the account, as curl would. The path begins after /accounts/ID.
func request(account http.Handler, method, path string, sent ...string) (int, []byte) {
	return requestAt(account, method, ownPath+path, sent...)
}

func requestAt(account http.Handler, method, path string, sent ...string) (int, []byte) {
	recorder := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(context.Background(), method, "http://localhost"+emulator.BasePath+path, strings.NewReader(strings.Join(sent, "")))
	r.Header.Set("Authorization", "Bearer test")
	r.Header.Set("Content-Type", "application/json")
	account.ServeHTTP(recorder, r)
	return recorder.Code, recorder.Body.Bytes()
}
