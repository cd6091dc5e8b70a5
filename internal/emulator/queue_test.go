package emulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

func TestQueues(t *testing.T) {
	frozen := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return frozen }}})
	const list = "/queues"
	id := a.queue("jobs")
	one := list + "/" + id
	view := func(delay int, paused bool, retention, writes int, producers string) string {
		return fmt.Sprintf(`{"queue_id":%q,"queue_name":"jobs","settings":{"delivery_delay":%d,"delivery_paused":%v,"message_retention_period":%d},
			"created_on":"2026-11-21T12:00:00.000000Z","modified_on":"2026-11-21T12:00:00.00000%dZ","producers":[%s],"producers_total_count":%d,
			"consumers":[],"consumers_total_count":0}`, id, delay, paused, retention, writes, producers, strings.Count(producers, "script"))
	}
	a.get(one).ok().is(view(0, false, 345600, 0, ""))
	a.json("POST", list, object{"queue_name": "jobs"}).fails(409, 11009)
	for _, name := range []string{"", "a b", "-jobs", "jobs-", strings.Repeat("x", 64)} {
		a.json("POST", list, object{"queue_name": name}).fails(400, 11003)
	}
	a.json("POST", list, "x").fails(400, 10026)

	settings := func(method string, settings object) *answer {
		t.Helper()
		return a.json(method, one, object{"settings": settings})
	}
	settings("PATCH", object{"delivery_delay": 5, "delivery_paused": true}).ok().is(view(5, true, 345600, 1, ""))
	settings("PATCH", object{"message_retention_period": 60}).ok().is(view(5, true, 60, 2, ""))
	settings("PUT", object{"delivery_delay": 7}).ok().is(view(7, false, 345600, 3, ""))
	for _, bad := range []object{{"delivery_delay": -1}, {"delivery_delay": 86401}, {"message_retention_period": 59}, {"message_retention_period": 1209601}, {"delivery_delay": "x"}} {
		settings("PATCH", bad).fails(400, 10026)
	}
	other := a.queue("other")
	a.json("PATCH", list+"/"+other, object{"queue_name": "jobs"}).fails(409, 11009)
	a.json("PATCH", list+"/"+other, object{"queue_name": "renamed"}).ok()

	var page []struct {
		Name string `json:"queue_name"`
	}
	if r := a.get(list + "?per_page=1&page=2").ok().into(&page); fmt.Sprint(page) != "[{renamed}]" || r.ResultInfo.TotalPages != 2 {
		t.Errorf("the second page is %v of %+v", page, r.ResultInfo)
	}
	if a.get(list + "?name=jobs").ok().into(&page); fmt.Sprint(page) != "[{jobs}]" {
		t.Errorf("found %v", page)
	}
	a.get(list+"?per_page=101").fails(400, 10026)

	// A queue that something is bound to stays.
	a.namespace("prod")
	bound := object{"bindings": []any{object{"type": "queue", "name": "JOBS", "queue_name": "jobs"}}}
	a.upload(worker("router"), bound).ok()
	a.upload(script("prod", "acme"), bound).ok()
	a.get(one).ok().is(view(7, false, 345600, 3, `{"type":"worker","script":"router"},{"type":"worker","script":"acme"}`))
	a.json("DELETE", one, nil).fails(400, 11005)
	a.upload(worker("router"), nil).ok()
	a.json("DELETE", one, nil).fails(400, 11005)
	a.json("DELETE", script("prod", "acme"), nil).ok()
	a.json("DELETE", one, nil).ok().is("null")
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		a.json(method, one, object{}).fails(404, 11000)
	}
}
