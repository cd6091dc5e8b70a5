package runtime_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// TestRunQueueDelay: a message waits for its own delay, or else for that of the
// binding, or else for that of the queue.
func TestRunQueueDelay(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	id := r.Queue("jobs")
	r.JSON("PATCH", "/queues/"+id, object{"settings": object{"delivery_delay": 3}}).OK()
	r.Script(emulatortest.Worker("producer"), `export default { async fetch(request, env) {
  const sent = Date.now();
  await env.LATE.send({ what: "queue", sent });
  await env.SOON.send({ what: "binding", sent });
  await env.LATE.send({ what: "message", sent }, { delaySeconds: 0 });
  return new Response("sent");
} }`, object{"bindings": []any{
		object{"type": "queue", "name": "LATE", "queue_name": "jobs"},
		object{"type": "queue", "name": "SOON", "queue_name": "jobs", "delivery_delay": 1},
	}}).OK()
	r.Script(emulatortest.Worker("consumer"), `export default { queue(batch) {
  for (const { body } of batch.messages) console.log(body.what, "after", Date.now() - body.sent);
} }`, nil).OK()
	r.JSON("POST", "/queues/"+id+"/consumers", object{
		"type": "worker", "script_name": "consumer", "settings": object{"batch_size": 1, "max_wait_time_ms": 0},
	}).OK()
	r.Says("producer.localhost", "/", "sent")
	waited := map[string]time.Duration{}
	for _, what := range []string{"message", "binding", "queue"} {
		_, text, _ := strings.Cut(r.Hears(what+" after ").Text, " after ")
		ms, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		waited[what] = time.Duration(ms) * time.Millisecond
	}
	// No message is early, and one with a shorter delay comes first. How late
	// they are depends on the machine.
	if waited["binding"] < time.Second || waited["queue"] < 3*time.Second || waited["message"] > waited["binding"] || waited["binding"] > waited["queue"] {
		t.Errorf("the delays are %v", waited)
	}
}
