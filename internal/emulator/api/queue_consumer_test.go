package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestQueueConsumers(t *testing.T) {
	frozen := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return frozen }}})
	queue := a.Queue("jobs")
	a.Upload(emulatortest.Worker("worker"), nil).OK()
	list := "/queues/" + queue + "/consumers"
	create := func(fields object) *emulatortest.Response {
		t.Helper()
		return a.JSON("POST", list, fields)
	}
	for name, fields := range map[string]object{
		"no type":     {"script_name": "worker"},
		"no Worker":   {"type": "worker", "script_name": "none"},
		"batch size":  {"type": "worker", "script_name": "worker", "settings": object{"batch_size": 101}},
		"retries":     {"type": "worker", "script_name": "worker", "settings": object{"max_retries": 101}},
		"wait":        {"type": "worker", "script_name": "worker", "settings": object{"max_wait_time_ms": 60001}},
		"concurrency": {"type": "worker", "script_name": "worker", "settings": object{"max_concurrency": 251}},
	} {
		t.Run(name, func(t *testing.T) { create(fields).Fails(400, 10026) })
	}
	view := func(id, settings, dead string) string {
		return fmt.Sprintf(`{"consumer_id":%q,"type":"worker","script":"worker","queue_id":%q,"queue_name":"jobs",
			"created_on":"2026-11-21T12:00:00.000000Z"%s,"settings":%s}`, id, queue, dead, settings)
	}
	const usual = `{"batch_size":10,"max_retries":3,"retry_delay":0,"max_concurrency":null,"max_wait_time_ms":5000}`
	created := create(object{"type": "worker", "script_name": "worker"}).OK()
	id := created.Object()["consumer_id"].(string)
	created.Is(view(id, usual, ""))
	create(object{"type": "worker", "script_name": "worker"}).Fails(400, 11004)
	create(object{"type": "http_pull"}).Fails(400, 11004)

	// Settings that are left out go back to the defaults, and a dead letter
	// queue is created.
	put := func(fields object) *emulatortest.Response { t.Helper(); return a.JSON("PUT", list+"/"+id, fields) }
	put(object{"type": "worker", "script_name": "worker", "dead_letter_queue": "failed", "settings": object{"max_concurrency": 5, "batch_size": 1}}).OK().
		Is(view(id, `{"batch_size":1,"max_retries":3,"retry_delay":0,"max_concurrency":5,"max_wait_time_ms":5000}`, `,"dead_letter_queue":"failed"`))
	var queues []object
	a.Get("/queues?name=failed&name=jobs").OK().Into(&queues)
	if len(queues) != 2 || queues[1]["consumers_total_count"] != 1.0 {
		t.Errorf("the queues are %v", queues)
	}
	put(object{"type": "worker", "script_name": "worker"}).OK().Is(view(id, usual, ""))
	a.Get(list).OK().Is("[" + view(id, usual, "") + "]")
	a.Get(list + "/" + id).OK().Is(view(id, usual, ""))
	a.Get(list+"/none").Fails(404, 11000)
	a.Get("/queues/none/consumers").Fails(404, 11000)

	// Neither the queue nor the Worker can be deleted while they are connected.
	a.JSON("DELETE", "/queues/"+queue, nil).Fails(400, 11005)
	a.JSON("DELETE", emulatortest.Worker("worker"), nil).Fails(400, 10064)
	a.JSON("DELETE", list+"/"+id, nil).OK()
	a.JSON("DELETE", list+"/"+id, nil).Fails(404, 11000)
	a.JSON("DELETE", "/queues/"+queue, nil).OK()

	// Consumers that pull have a lease. A Worker that is deleted by force is
	// removed as a consumer.
	other := a.Queue("other")
	list = "/queues/" + other + "/consumers"
	pull := create(object{"type": "http_pull", "settings": object{"visibility_timeout_ms": 1000}}).Object()
	if settings := pull["settings"].(map[string]any); settings["visibility_timeout_ms"] != 1000.0 || pull["script"] != nil {
		t.Errorf("created %v", pull)
	}
	a.JSON("DELETE", list+"/"+pull["consumer_id"].(string), nil).OK()
	create(object{"type": "worker", "script_name": "worker"}).OK()
	a.JSON("DELETE", emulatortest.Worker("worker")+"?force=true", nil).OK()
	a.Get(list).OK().Is(`[]`)
}
