package runtime_test

import (
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// TestRunHugeLogs: a Worker that prints far too much gets a message from
// workerd, and still responds, as do the others. Many lines are all heard.
func TestRunHugeLogs(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Script(emulatortest.Worker("loud"), `export default { fetch(request) {
  if (request.url.endsWith("/huge")) console.log("x".repeat(5_000_000));
  else for (let i = 0; i < 500; i++) console.log("line", i);
  return new Response("said");
} }`, nil).OK()
	r.Script(emulatortest.Worker("quiet"), `export default { fetch: () => new Response("fine") }`, nil).OK()
	r.Says("loud.localhost", "/huge", "said")
	r.Says("quiet.localhost", "/", "fine")
	if m := r.Hears("Log size limit exceeded"); m.Worker != "loud" || m.Level != "warn" {
		t.Errorf("too much is told as %+v", m)
	}
	r.Says("loud.localhost", "/many", "said")
	r.Hears("line 499")
	r.Says("quiet.localhost", "/", "fine")
}

// TestRunSlowWorker: others are served while a Worker is slow, and it does not
// count as an endless loop.
func TestRunSlowWorker(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{Stuck: 300 * time.Millisecond})
	r.Script(emulatortest.Worker("slow"), `export default { async fetch() { await scheduler.wait(4000); return new Response("at last") } }`, nil).OK()
	r.Script(emulatortest.Worker("quick"), `export default { fetch: () => new Response("at once") }`, nil).OK()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Says("slow.localhost", "/", "at last")
	}()
	for quick := 0; ; quick++ {
		select {
		case <-done:
			if quick == 0 {
				t.Error("no request was answered while the slow Worker waited")
			}
			r.NeverSaid("loop")
			return
		default:
			r.Says("quick.localhost", "/", "at once")
		}
	}
}

// TestRunSeveral runs accounts side by side, each on its own port.
func TestRunSeveral(t *testing.T) {
	first, second := emulatortest.Run(t, emulator.Options{}, runtime.Limits{}), emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	first.Script(emulatortest.Worker("w"), `export default { fetch: () => new Response("first") }`, nil).OK()
	second.Script(emulatortest.Worker("w"), `export default { fetch: () => new Response("second") }`, nil).OK()
	first.Says("anything", "/", "first")
	second.Says("anything", "/", "second")
	first.Runtime.Close()
	second.Says("anything", "/", "second")
}
