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

func TestQueues(t *testing.T) {
	frozen := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return frozen }}})
	const list = "/queues"
	id := a.Queue("jobs")
	one := list + "/" + id
	view := func(delay int, paused bool, retention, writes int, producers string) string {
		return fmt.Sprintf(`{"queue_id":%q,"queue_name":"jobs","settings":{"delivery_delay":%d,"delivery_paused":%v,"message_retention_period":%d},
			"created_on":"2026-11-21T12:00:00.000000Z","modified_on":"2026-11-21T12:00:00.00000%dZ","producers":[%s],"producers_total_count":%d,
			"consumers":[],"consumers_total_count":0}`, id, delay, paused, retention, writes, producers, strings.Count(producers, "script"))
	}
	a.Get(one).OK().Is(view(0, false, 345600, 0, ""))
	a.JSON("POST", list, object{"queue_name": "jobs"}).Fails(409, 11009)
	for _, name := range []string{"", "a b", "-jobs", "jobs-", strings.Repeat("x", 64)} {
		a.JSON("POST", list, object{"queue_name": name}).Fails(400, 11003)
	}
	a.JSON("POST", list, "x").Fails(400, 10026)

	settings := func(method string, settings object) *emulatortest.Response {
		t.Helper()
		return a.JSON(method, one, object{"settings": settings})
	}
	settings("PATCH", object{"delivery_delay": 5, "delivery_paused": true}).OK().Is(view(5, true, 345600, 1, ""))
	settings("PATCH", object{"message_retention_period": 60}).OK().Is(view(5, true, 60, 2, ""))
	settings("PUT", object{"delivery_delay": 7}).OK().Is(view(7, false, 345600, 3, ""))
	for _, bad := range []object{{"delivery_delay": -1}, {"delivery_delay": 86401}, {"message_retention_period": 59}, {"message_retention_period": 1209601}, {"delivery_delay": "x"}} {
		settings("PATCH", bad).Fails(400, 10026)
	}
	other := a.Queue("other")
	a.JSON("PATCH", list+"/"+other, object{"queue_name": "jobs"}).Fails(409, 11009)
	a.JSON("PATCH", list+"/"+other, object{"queue_name": "renamed"}).OK()

	var page []struct {
		Name string `json:"queue_name"`
	}
	if r := a.Get(list + "?per_page=1&page=2").OK().Into(&page); fmt.Sprint(page) != "[{renamed}]" || r.ResultInfo.TotalPages != 2 {
		t.Errorf("the second page is %v of %+v", page, r.ResultInfo)
	}
	if a.Get(list + "?name=jobs").OK().Into(&page); fmt.Sprint(page) != "[{jobs}]" {
		t.Errorf("found %v", page)
	}
	a.Get(list+"?per_page=101").Fails(400, 10026)

	// A queue that something is bound to cannot be deleted.
	a.Namespace("prod")
	bound := object{"bindings": []any{object{"type": "queue", "name": "JOBS", "queue_name": "jobs"}}}
	a.Upload(emulatortest.Worker("router"), bound).OK()
	a.Upload(emulatortest.Script("prod", "acme"), bound).OK()
	a.Get(one).OK().Is(view(7, false, 345600, 3, `{"type":"worker","script":"router"},{"type":"worker","script":"acme"}`))
	a.JSON("DELETE", one, nil).Fails(400, 11005)
	a.Upload(emulatortest.Worker("router"), nil).OK()
	a.JSON("DELETE", one, nil).Fails(400, 11005)
	a.JSON("DELETE", emulatortest.Script("prod", "acme"), nil).OK()
	a.JSON("DELETE", one, nil).OK().Is("null")
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		a.JSON(method, one, object{}).Fails(404, 11000)
	}
}
