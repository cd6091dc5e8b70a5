package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestKVNamespaces(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	const list = "/storage/kv/namespaces"
	id := a.KV("store")
	a.Get(list + "/" + id).OK().Is(`{"id":"` + id + `","title":"store","supports_url_encoding":true}`)
	a.JSON("POST", list, object{"title": "store"}).Fails(400, 10014)
	a.JSON("POST", list, object{"title": ""}).Fails(400, 10019)
	a.JSON("POST", list, object{}).Fails(400, 10019)
	a.JSON("POST", list, "x").Fails(400, 10012)
	a.JSON("POST", list, object{"title": strings.Repeat("x", 513)}).Fails(400, 10012)
	other := a.KV("other")
	a.JSON("PUT", list+"/"+id, object{"title": "renamed"}).OK().Is(`{"id":"` + id + `","title":"renamed","supports_url_encoding":true}`)
	a.JSON("PUT", list+"/"+id, object{"title": "renamed"}).OK()
	a.JSON("PUT", list+"/"+id, object{"title": "other"}).Fails(400, 10014)
	a.JSON("PUT", list+"/"+id, object{"title": ""}).Fails(400, 10019)
	a.JSON("DELETE", list+"/"+other, nil).OK().Is("null")
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		a.JSON(method, list+"/"+other, object{"title": "x"}).Fails(404, 10013)
	}

	for i := range 11 {
		a.KV(fmt.Sprintf("n-%02d", i))
	}
	titles := func(query string) (string, *emulatortest.Response) {
		t.Helper()
		var page []struct{ Title string }
		r := a.Get(list + "?" + query).OK().Into(&page)
		var all []string
		for _, n := range page {
			all = append(all, n.Title)
		}
		return strings.Join(all, " "), r
	}
	got, r := titles("per_page=5&page=3&order=title&direction=asc")
	if info := r.ResultInfo; got != "n-10 renamed" || info.Page != 3 || info.PerPage != 5 || info.Count != 2 || info.TotalCount != 12 || info.TotalPages != 3 {
		t.Errorf("the last page is %s of %+v", got, info)
	}
	if got, _ := titles("per_page=5&order=title&direction=desc"); got != "renamed n-10 n-09 n-08 n-07" {
		t.Errorf("backwards begins %s", got)
	}
	if _, r := titles("per_page=1000&order=title&direction=asc"); r.ResultInfo.Count != 12 { // as wrangler asks
		t.Errorf("one page has %d", r.ResultInfo.Count)
	}
	for _, query := range []string{"per_page=4", "per_page=1001", "page=0", "order=x", "direction=x"} {
		a.Get(list+"?"+query).Fails(400, 10029)
	}
}

func TestKVValues(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return now }}})
	kv := "/storage/kv/namespaces/" + a.KV("store")
	value := func(key string) string { return kv + "/values/" + url.PathEscape(key) }
	put := func(path, body string) *emulatortest.Response {
		t.Helper()
		return a.Send("PUT", path, "text/plain", strings.NewReader(body))
	}
	put(value("a/b c"), "one").OK().Is("null")
	if got := a.Get(value("a/b c")).OK(); string(got.Body) != "one" {
		t.Errorf("the value is %q", got.Body)
	}
	put(kv+"/values/x/y", "two").OK() // not escaped
	if got := a.Get(value("x/y")).OK(); string(got.Body) != "two" {
		t.Errorf("the value is %q", got.Body)
	}
	a.Get(value("none")).Fails(404, 10009)
	contentType, body := emulatortest.Form(t, "value", "three", emulatortest.Part("metadata", "", "application/json", `{"m":1}`))
	a.Send("PUT", value("meta"), contentType, body).OK()
	a.Get(kv + "/metadata/meta").OK().Is(`{"m":1}`)
	a.Get(kv + "/metadata/x%2Fy").OK().Is(`null`)
	contentType, body = emulatortest.Form(t, "metadata", "{}")
	a.Send("PUT", value("meta"), contentType, body).Fails(400, 10012)
	contentType, body = emulatortest.Form(t, "value", "three", emulatortest.Part("metadata", "", "application/json", `{`))
	a.Send("PUT", value("meta"), contentType, body).Fails(400, 10012)

	put(value("short")+"?expiration_ttl=60", "x").OK()
	put(value("short")+"?expiration_ttl=59", "x").Fails(400, 10034)
	put(value("short")+"?expiration=1", "x").Fails(400, 10034)
	put(value("short")+"?expiration=x", "x").Fails(400, 10034)
	if got := a.Get(value("short")).OK().Header.Get("Expiration"); got != fmt.Sprint(now.Unix()+60) {
		t.Errorf("it expires at %s", got)
	}
	now = now.Add(time.Minute)
	a.Get(value("short")).Fails(404, 10009)
	put(value(strings.Repeat("x", 513)), "x").Fails(400, 10029)

	a.JSON("PUT", kv+"/bulk", []object{
		{"key": "b1", "value": "v1", "metadata": object{"n": 1}},
		{"key": "b2", "value": "djI=", "base64": true, "expiration_ttl": 100},
	}).OK().Is(`{"successful_key_count":2,"unsuccessful_keys":[]}`)
	if got := a.Get(value("b2")).OK(); string(got.Body) != "v2" {
		t.Errorf("the value is %q", got.Body)
	}
	a.JSON("PUT", kv+"/bulk", []object{{"key": "b3", "value": "x"}, {"key": "b4", "value": "!", "base64": true}}).Fails(400, 10012)
	a.Get(value("b3")).Fails(404, 10009) // all or nothing
	a.JSON("PUT", kv+"/bulk", object{}).Fails(400, 10012)
	a.JSON("PUT", kv+"/bulk", []object{{"key": "b3", "value": "x", "metadata": strings.Repeat("m", 1023)}}).Fails(413, 10012)
	a.JSON("POST", kv+"/bulk/delete", make([]string, 10_001)).Fails(400, 10012)

	a.Get(kv + "/keys").OK().Is(fmt.Sprintf(`[{"name":"a/b c"},{"name":"b1","metadata":{"n":1}},{"name":"b2","expiration":%d},
		{"name":"meta","metadata":{"m":1}},{"name":"x/y"}]`, now.Unix()+100))
	a.Get(kv + "/keys?prefix=b").OK().Is(fmt.Sprintf(`[{"name":"b1","metadata":{"n":1}},{"name":"b2","expiration":%d}]`, now.Unix()+100))

	a.ForTests().SetTrouble(api.Trouble{KVUnsuccessful: []string{"b1", "b5"}})
	a.JSON("PUT", kv+"/bulk", []object{{"key": "b4", "value": "x"}, {"key": "b5", "value": "x"}}).OK().Is(`{"successful_key_count":1,"unsuccessful_keys":["b5"]}`)
	a.JSON("POST", kv+"/bulk/delete", []string{"b1", "b4"}).OK().Is(`{"successful_key_count":1,"unsuccessful_keys":["b1"]}`)
	a.ForTests().SetTrouble(api.Trouble{})
	a.Get(value("b1")).OK()
	a.Get(value("b4")).Fails(404, 10009)
	a.Get(value("b5")).Fails(404, 10009)

	a.JSON("DELETE", kv+"/bulk", []string{"b1", "gone"}).OK()
	a.JSON("POST", kv+"/bulk/delete", []string{"b2"}).OK()
	a.JSON("DELETE", value("meta"), nil).OK().Is("null")
	a.JSON("DELETE", value("meta"), nil).OK()
	a.JSON("DELETE", kv+"/bulk", object{}).Fails(400, 10012)
	a.Get(kv + "/keys").OK().Is(`[{"name":"a/b c"},{"name":"x/y"}]`)

	var pairs []object
	for i := range 25 {
		pairs = append(pairs, object{"key": fmt.Sprintf("k-%02d", i), "value": "x"})
	}
	a.JSON("PUT", kv+"/bulk", pairs).OK()
	query := url.Values{"limit": {"10"}, "prefix": {"k-"}}
	var counts []int
	for {
		page := a.Get(kv + "/keys?" + query.Encode()).OK()
		counts = append(counts, page.ResultInfo.Count)
		if page.ResultInfo.Cursor == "" {
			break
		}
		query.Set("cursor", page.ResultInfo.Cursor)
	}
	if fmt.Sprint(counts) != "[10 10 5]" {
		t.Errorf("the pages have %v keys", counts)
	}
	for _, query := range []string{"limit=9", "limit=1001", "limit=x", "cursor=!"} {
		a.Get(kv+"/keys?"+query).Fails(400, 10029)
	}

	none := "/storage/kv/namespaces/" + strings.Repeat("0", 32)
	for _, r := range []*emulatortest.Response{a.Get(none + "/keys"), a.Get(none + "/values/x"), a.Get(none + "/metadata/x"), put(none+"/values/x", "x"),
		a.JSON("DELETE", none+"/values/x", nil), a.JSON("PUT", none+"/bulk", []object{}), a.JSON("DELETE", none+"/bulk", []string{})} {
		r.Fails(404, 10013)
	}
	// Deleting a namespace deletes its values.
	a.JSON("DELETE", kv, nil).OK()
	a.Get(value("x/y")).Fails(404, 10013)
}

func TestKVBulkGet(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return now }}})
	kv := "/storage/kv/namespaces/" + a.KV("store")
	a.JSON("PUT", kv+"/bulk", []any{
		object{"key": "a", "value": "1"}, object{"key": "b/c", "value": "text", "metadata": object{"m": 1}},
		object{"key": "soon", "value": "x", "expiration_ttl": 60},
	}).OK()
	now = now.Add(time.Hour) // soon has expired
	get := func(body object) *emulatortest.Response {
		t.Helper()
		return a.JSON("POST", kv+"/bulk/get", body)
	}
	get(object{"keys": []string{"a", "b/c", "soon", "none"}}).OK().Is(`{"values":{"a":"1","b/c":"text","none":null,"soon":null}}`)
	get(object{"keys": []string{"a", "none"}, "type": "json"}).OK().Is(`{"values":{"a":1,"none":null}}`)
	get(object{"keys": []string{"b/c", "none"}, "withMetadata": true}).OK().Is(`{"values":{"b/c":{"value":"text","metadata":{"m":1}},"none":null}}`)
	get(object{"keys": []string{"b/c"}, "type": "json"}).Fails(400, 10029)
	get(object{"keys": []string{"a"}, "type": "blob"}).Fails(400, 10029)
	get(object{"keys": make([]string, 101)}).Fails(400, 10012)
	a.JSON("POST", kv+"/bulk/get", "x").Fails(400, 10012)
	a.JSON("POST", "/storage/kv/namespaces/none/bulk/get", object{"keys": []string{"a"}}).Fails(404, 10013)
}
