package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestD1Databases(t *testing.T) {
	frozen := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return frozen }}})
	const list = "/d1/database"
	id := a.Database("tenants")
	if len(id) != 36 {
		t.Errorf("the id is %q", id)
	}
	a.Get(list + "/" + id).OK().Is(`{"uuid":"` + id + `","name":"tenants","version":"production","jurisdiction":null,
		"created_at":"2026-11-21T12:00:00.000000Z","file_size":0,"num_tables":0}`)
	if got := a.Get(list + "/tenants?fields=uuid,name").OK().Field("uuid"); got != `"`+id+`"` {
		t.Errorf("by its name, the database is %s", got)
	}
	a.JSON("POST", list, object{"name": "tenants"}).Fails(400, 7502)
	a.JSON("POST", list, object{"name": "Tenants"}).Fails(400, 7400)
	a.JSON("POST", list, object{}).Fails(400, 7400)
	a.JSON("POST", list, object{"name": "x", "jurisdiction": "moon"}).Fails(400, 7400)
	a.JSON("POST", list, "x").Fails(400, 7400)
	if got := a.JSON("POST", list, object{"name": "europe", "jurisdiction": "eu"}).Field("jurisdiction"); got != `"eu"` {
		t.Errorf("the jurisdiction is %s", got)
	}

	for i := range 11 {
		a.Database(fmt.Sprintf("n-%02d", i))
	}
	names := func(query string) (string, *emulatortest.Response) {
		t.Helper()
		var page []struct{ Name string }
		r := a.Get(list + "?" + query).OK().Into(&page)
		return fmt.Sprint(page), r
	}
	got, r := names("per_page=10&page=2")
	if info := r.ResultInfo; got != "[{n-09} {n-10} {tenants}]" || info.Page != 2 || info.Count != 3 || info.TotalCount != 13 || strings.Contains(string(r.Body), "total_pages") {
		t.Errorf("the last page is %s of %+v", got, info)
	}
	if got, _ := names("name=tenant"); got != "[{tenants}]" {
		t.Errorf("found %s", got)
	}
	for _, query := range []string{"per_page=9", "per_page=10001", "page=0", "page=x"} {
		a.Get(list+"?"+query).Fails(400, 7400)
	}

	a.JSON("DELETE", list+"/"+id, nil).OK().Is("null")
	for _, method := range []string{"GET", "DELETE"} {
		a.JSON(method, list+"/"+id, nil).Fails(404, 7404)
	}
}
