package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestR2Buckets(t *testing.T) {
	frozen := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return frozen }}})
	const list = "/r2/buckets"
	in := func(jurisdiction, method, path, body string, header ...string) *emulatortest.Response {
		t.Helper()
		return a.Send(method, path, "application/json", strings.NewReader(body), append(header, "cf-r2-jurisdiction", jurisdiction)...)
	}
	view := func(name, location, class, jurisdiction string) string {
		return fmt.Sprintf(`{"name":%q,"creation_date":"2026-11-21T12:00:00.000000Z","location":%q,"storage_class":%q,"jurisdiction":%q}`,
			name, location, class, jurisdiction)
	}

	a.JSON("POST", list, object{"name": "uploads"}).OK().Is(view("uploads", "ENAM", "Standard", "default"))
	a.JSON("POST", list, object{"name": "uploads"}).Fails(409, 10004)
	in("eu", "POST", list, `{"name":"uploads","locationHint":"weur","storageClass":"InfrequentAccess"}`).OK().
		Is(view("uploads", "WEUR", "InfrequentAccess", "eu"))
	for _, name := range []string{"", "ab", "Uploads", "-uploads", "uploads-", "up_loads", strings.Repeat("x", 64)} {
		a.JSON("POST", list, object{"name": name}).Fails(400, 10005)
	}
	a.JSON("POST", list, object{"name": "abc", "locationHint": "moon"}).Fails(400, 10040)
	a.JSON("POST", list, object{"name": "abc", "storageClass": "Cold"}).Fails(400, 10040)
	a.JSON("POST", list, "x").Fails(400, 10040)
	for _, method := range []string{"GET", "POST", "DELETE"} {
		path := list + "/uploads"
		if method == "POST" {
			path = list
		}
		in("moon", method, path, `{"name":"abc"}`).Fails(400, 10040)
	}

	// Each jurisdiction has its own buckets.
	a.Get(list + "/uploads").OK().Is(view("uploads", "ENAM", "Standard", "default"))
	in("eu", "PATCH", list+"/uploads", "", "cf-r2-storage-class", "Standard").OK().Is(view("uploads", "WEUR", "Standard", "eu"))
	in("eu", "PATCH", list+"/uploads", "", "cf-r2-storage-class", "Cold").Fails(400, 10040)
	in("eu", "DELETE", list+"/uploads", "").OK().Is("{}")
	for _, method := range []string{http.MethodGet, http.MethodPatch, http.MethodDelete} {
		in("eu", method, list+"/uploads", "", "cf-r2-storage-class", "Standard").Fails(404, 10006)
	}
	in("eu", "GET", list, "").OK().Is(`{"buckets":[]}`)

	for i := range 5 {
		a.JSON("POST", list, object{"name": fmt.Sprintf("n-%02d", i)}).OK()
	}
	page := func(query string) (names, cursor string) {
		t.Helper()
		var result struct{ Buckets []struct{ Name string } }
		r := a.Get(list + "?" + query).OK().Into(&result)
		return fmt.Sprint(result.Buckets), r.ResultInfo.Cursor
	}
	for _, want := range []struct{ query, names, cursor string }{
		{"", "[{n-00} {n-01} {n-02} {n-03} {n-04} {uploads}]", ""},
		{"per_page=4", "[{n-00} {n-01} {n-02} {n-03}]", "n-03"},
		{"per_page=4&cursor=n-03", "[{n-04} {uploads}]", ""},
		{"per_page=2&start_after=n-01", "[{n-02} {n-03}]", "n-03"},
		{"per_page=2&name_contains=o", "[{uploads}]", ""},
	} {
		if names, cursor := page(want.query); names != want.names || cursor != want.cursor {
			t.Errorf("%q: %s, then %q", want.query, names, cursor)
		}
	}
	for _, query := range []string{"per_page=0", "per_page=1001", "per_page=x"} {
		a.Get(list+"?"+query).Fails(400, 10040)
	}
}

// TestR2ObjectsAreRefused makes sure that wrangler does not report an object as
// deleted that still exists: it takes a 404 for a missing one.
func TestR2ObjectsAreRefused(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.JSON("POST", "/r2/buckets", object{"name": "files"}).OK()
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		a.Send(method, "/r2/buckets/files/objects/a/b.txt", "text/plain", nil).Fails(501, 7000)
	}
}
