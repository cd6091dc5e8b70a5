package emulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

func TestD1Databases(t *testing.T) {
	frozen := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return frozen }}})
	const list = "/d1/database"
	id := a.database("tenants")
	if len(id) != 36 {
		t.Errorf("the id is %q", id)
	}
	a.get(list + "/" + id).ok().is(`{"uuid":"` + id + `","name":"tenants","version":"production","jurisdiction":null,
		"created_at":"2026-11-21T12:00:00.000000Z","file_size":0,"num_tables":0}`)
	if got := a.get(list + "/tenants?fields=uuid,name").ok().field("uuid"); got != `"`+id+`"` {
		t.Errorf("by its name, the database is %s", got)
	}
	a.json("POST", list, object{"name": "tenants"}).fails(400, 7502)
	a.json("POST", list, object{"name": "Tenants"}).fails(400, 7400)
	a.json("POST", list, object{}).fails(400, 7400)
	a.json("POST", list, object{"name": "x", "jurisdiction": "moon"}).fails(400, 7400)
	a.json("POST", list, "x").fails(400, 7400)
	if got := a.json("POST", list, object{"name": "europe", "jurisdiction": "eu"}).field("jurisdiction"); got != `"eu"` {
		t.Errorf("the jurisdiction is %s", got)
	}

	for i := range 11 {
		a.database(fmt.Sprintf("n-%02d", i))
	}
	names := func(query string) (string, *answer) {
		t.Helper()
		var page []struct{ Name string }
		r := a.get(list + "?" + query).ok().into(&page)
		return fmt.Sprint(page), r
	}
	got, r := names("per_page=10&page=2")
	if info := r.ResultInfo; got != "[{n-09} {n-10} {tenants}]" || info.Page != 2 || info.Count != 3 || info.TotalCount != 13 || strings.Contains(string(r.body), "total_pages") {
		t.Errorf("the last page is %s of %+v", got, info)
	}
	if got, _ := names("name=tenant"); got != "[{tenants}]" {
		t.Errorf("found %s", got)
	}
	for _, query := range []string{"per_page=9", "per_page=10001", "page=0", "page=x"} {
		a.get(list+"?"+query).fails(400, 7400)
	}

	a.json("DELETE", list+"/"+id, nil).ok().is("null")
	for _, method := range []string{"GET", "DELETE"} {
		a.json(method, list+"/"+id, nil).fails(404, 7404)
	}
}
