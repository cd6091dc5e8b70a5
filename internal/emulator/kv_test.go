package emulator_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

func TestKVNamespaces(t *testing.T) {
	a := open(t, emulator.Options{})
	const list = "/storage/kv/namespaces"
	id := a.kv("store")
	a.get(list + "/" + id).ok().is(`{"id":"` + id + `","title":"store","supports_url_encoding":true}`)
	a.json("POST", list, object{"title": "store"}).fails(400, 10014)
	a.json("POST", list, object{"title": ""}).fails(400, 10019)
	a.json("POST", list, object{}).fails(400, 10019)
	a.json("POST", list, "x").fails(400, 10012)
	a.json("POST", list, object{"title": strings.Repeat("x", 513)}).fails(400, 10012)
	other := a.kv("other")
	a.json("PUT", list+"/"+id, object{"title": "renamed"}).ok().is(`{"id":"` + id + `","title":"renamed","supports_url_encoding":true}`)
	a.json("PUT", list+"/"+id, object{"title": "renamed"}).ok()
	a.json("PUT", list+"/"+id, object{"title": "other"}).fails(400, 10014)
	a.json("PUT", list+"/"+id, object{"title": ""}).fails(400, 10019)
	a.json("DELETE", list+"/"+other, nil).ok().is("null")
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		a.json(method, list+"/"+other, object{"title": "x"}).fails(404, 10013)
	}

	for i := range 11 {
		a.kv(fmt.Sprintf("n-%02d", i))
	}
	titles := func(query string) (string, *answer) {
		t.Helper()
		var page []struct{ Title string }
		r := a.get(list + "?" + query).ok().into(&page)
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
		a.get(list+"?"+query).fails(400, 10029)
	}
}

func TestKVValues(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return now }}})
	kv := "/storage/kv/namespaces/" + a.kv("store")
	value := func(key string) string { return kv + "/values/" + url.PathEscape(key) }
	put := func(path, body string) *answer {
		t.Helper()
		return a.send("PUT", path, "text/plain", strings.NewReader(body))
	}
	put(value("a/b c"), "one").ok().is("null")
	if got := a.get(value("a/b c")).ok(); string(got.body) != "one" {
		t.Errorf("the value is %q", got.body)
	}
	put(kv+"/values/x/y", "two").ok() // not escaped
	if got := a.get(value("x/y")).ok(); string(got.body) != "two" {
		t.Errorf("the value is %q", got.body)
	}
	a.get(value("none")).fails(404, 10009)
	contentType, body := form(t, "value", "three", filePart{"metadata", "", "application/json", `{"m":1}`})
	a.send("PUT", value("meta"), contentType, body).ok()
	a.get(kv + "/metadata/meta").ok().is(`{"m":1}`)
	a.get(kv + "/metadata/x%2Fy").ok().is(`null`)
	contentType, body = form(t, "metadata", "{}")
	a.send("PUT", value("meta"), contentType, body).fails(400, 10012)
	contentType, body = form(t, "value", "three", filePart{"metadata", "", "application/json", `{`})
	a.send("PUT", value("meta"), contentType, body).fails(400, 10012)

	put(value("short")+"?expiration_ttl=60", "x").ok()
	put(value("short")+"?expiration_ttl=59", "x").fails(400, 10034)
	put(value("short")+"?expiration=1", "x").fails(400, 10034)
	put(value("short")+"?expiration=x", "x").fails(400, 10034)
	if got := a.get(value("short")).ok().header.Get("Expiration"); got != fmt.Sprint(now.Unix()+60) {
		t.Errorf("it expires at %s", got)
	}
	now = now.Add(time.Minute)
	a.get(value("short")).fails(404, 10009)
	put(value(strings.Repeat("x", 513)), "x").fails(400, 10029)

	a.json("PUT", kv+"/bulk", []object{
		{"key": "b1", "value": "v1", "metadata": object{"n": 1}},
		{"key": "b2", "value": "djI=", "base64": true, "expiration_ttl": 100},
	}).ok().is(`{"successful_key_count":2,"unsuccessful_keys":[]}`)
	if got := a.get(value("b2")).ok(); string(got.body) != "v2" {
		t.Errorf("the value is %q", got.body)
	}
	a.json("PUT", kv+"/bulk", []object{{"key": "b3", "value": "x"}, {"key": "b4", "value": "!", "base64": true}}).fails(400, 10012)
	a.get(value("b3")).fails(404, 10009) // all or nothing
	a.json("PUT", kv+"/bulk", object{}).fails(400, 10012)
	a.json("PUT", kv+"/bulk", []object{{"key": "b3", "value": "x", "metadata": strings.Repeat("m", 1023)}}).fails(413, 10012)
	a.json("POST", kv+"/bulk/delete", make([]string, 10_001)).fails(400, 10012)

	a.get(kv + "/keys").ok().is(fmt.Sprintf(`[{"name":"a/b c"},{"name":"b1","metadata":{"n":1}},{"name":"b2","expiration":%d},
		{"name":"meta","metadata":{"m":1}},{"name":"x/y"}]`, now.Unix()+100))
	a.get(kv + "/keys?prefix=b").ok().is(fmt.Sprintf(`[{"name":"b1","metadata":{"n":1}},{"name":"b2","expiration":%d}]`, now.Unix()+100))

	a.ForTests().SetTrouble(api.Trouble{KVUnsuccessful: []string{"b1", "b5"}})
	a.json("PUT", kv+"/bulk", []object{{"key": "b4", "value": "x"}, {"key": "b5", "value": "x"}}).ok().is(`{"successful_key_count":1,"unsuccessful_keys":["b5"]}`)
	a.json("POST", kv+"/bulk/delete", []string{"b1", "b4"}).ok().is(`{"successful_key_count":1,"unsuccessful_keys":["b1"]}`)
	a.ForTests().SetTrouble(api.Trouble{})
	a.get(value("b1")).ok()
	a.get(value("b4")).fails(404, 10009)
	a.get(value("b5")).fails(404, 10009)

	a.json("DELETE", kv+"/bulk", []string{"b1", "gone"}).ok()
	a.json("POST", kv+"/bulk/delete", []string{"b2"}).ok()
	a.json("DELETE", value("meta"), nil).ok().is("null")
	a.json("DELETE", value("meta"), nil).ok()
	a.json("DELETE", kv+"/bulk", object{}).fails(400, 10012)
	a.get(kv + "/keys").ok().is(`[{"name":"a/b c"},{"name":"x/y"}]`)

	var pairs []object
	for i := range 25 {
		pairs = append(pairs, object{"key": fmt.Sprintf("k-%02d", i), "value": "x"})
	}
	a.json("PUT", kv+"/bulk", pairs).ok()
	query := url.Values{"limit": {"10"}, "prefix": {"k-"}}
	var counts []int
	for {
		page := a.get(kv + "/keys?" + query.Encode()).ok()
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
		a.get(kv+"/keys?"+query).fails(400, 10029)
	}

	none := "/storage/kv/namespaces/" + strings.Repeat("0", 32)
	for _, r := range []*answer{a.get(none + "/keys"), a.get(none + "/values/x"), a.get(none + "/metadata/x"), put(none+"/values/x", "x"),
		a.json("DELETE", none+"/values/x", nil), a.json("PUT", none+"/bulk", []object{}), a.json("DELETE", none+"/bulk", []string{})} {
		r.fails(404, 10013)
	}
	// A namespace takes its values along.
	a.json("DELETE", kv, nil).ok()
	a.get(value("x/y")).fails(404, 10013)
}

func TestKVBulkGet(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return now }}})
	kv := "/storage/kv/namespaces/" + a.kv("store")
	a.json("PUT", kv+"/bulk", []any{
		object{"key": "a", "value": "1"}, object{"key": "b/c", "value": "text", "metadata": object{"m": 1}},
		object{"key": "soon", "value": "x", "expiration_ttl": 60},
	}).ok()
	now = now.Add(time.Hour) // soon is no more
	get := func(body object) *answer {
		t.Helper()
		return a.json("POST", kv+"/bulk/get", body)
	}
	get(object{"keys": []string{"a", "b/c", "soon", "none"}}).ok().is(`{"values":{"a":"1","b/c":"text","none":null,"soon":null}}`)
	get(object{"keys": []string{"a", "none"}, "type": "json"}).ok().is(`{"values":{"a":1,"none":null}}`)
	get(object{"keys": []string{"b/c", "none"}, "withMetadata": true}).ok().is(`{"values":{"b/c":{"value":"text","metadata":{"m":1}},"none":null}}`)
	get(object{"keys": []string{"b/c"}, "type": "json"}).fails(400, 10029)
	get(object{"keys": []string{"a"}, "type": "blob"}).fails(400, 10029)
	get(object{"keys": make([]string, 101)}).fails(400, 10012)
	a.json("POST", kv+"/bulk/get", "x").fails(400, 10012)
	a.json("POST", "/storage/kv/namespaces/none/bulk/get", object{"keys": []string{"a"}}).fails(404, 10013)
}
