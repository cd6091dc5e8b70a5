package emulator_test

import (
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// TestRunHugeLogs: a Worker that prints far too much is told so, in workerd's words, and answers, as the others do; many
// lines are all heard.
func TestRunHugeLogs(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.script(worker("loud"), `export default { fetch(request) {
  if (request.url.endsWith("/huge")) console.log("x".repeat(5_000_000));
  else for (let i = 0; i < 500; i++) console.log("line", i);
  return new Response("said");
} }`, nil).ok()
	r.script(worker("quiet"), `export default { fetch: () => new Response("fine") }`, nil).ok()
	r.says("loud.localhost", "/huge", "said")
	r.says("quiet.localhost", "/", "fine")
	if m := r.hears("Log size limit exceeded"); m.Worker != "loud" || m.Level != "warn" {
		t.Errorf("too much is told as %+v", m)
	}
	r.says("loud.localhost", "/many", "said")
	r.hears("line 499")
	r.says("quiet.localhost", "/", "fine")
}

// TestRunSlowWorker: others are answered while a Worker takes its time, and nobody takes it for an endless loop.
func TestRunSlowWorker(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{Stuck: 300 * time.Millisecond})
	r.script(worker("slow"), `export default { async fetch() { await scheduler.wait(4000); return new Response("at last") } }`, nil).ok()
	r.script(worker("quick"), `export default { fetch: () => new Response("at once") }`, nil).ok()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.says("slow.localhost", "/", "at last")
	}()
	for quick := 0; ; quick++ {
		select {
		case <-done:
			if quick == 0 {
				t.Error("nobody was answered while the slow Worker waited")
			}
			r.neverSaid("loop")
			return
		default:
			r.says("quick.localhost", "/", "at once")
		}
	}
}

// TestRunSeveral runs accounts beside each other, each on a port of its own.
func TestRunSeveral(t *testing.T) {
	first, second := run(t, emulator.Options{}, runtime.Limits{}), run(t, emulator.Options{}, runtime.Limits{})
	first.script(worker("w"), `export default { fetch: () => new Response("first") }`, nil).ok()
	second.script(worker("w"), `export default { fetch: () => new Response("second") }`, nil).ok()
	first.says("anything", "/", "first")
	second.says("anything", "/", "second")
	first.Runtime.Close()
	second.says("anything", "/", "second")
}
