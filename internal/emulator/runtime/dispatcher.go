package runtime

import (
	"regexp"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// A front is a Worker that is configured, and not loaded: the account's dispatcher. Its isolate is the first that a
// request meets, and from it a user Worker that is loaded already is one hop away, where a loaded dispatcher needs the
// host before and behind it (see host/front.js).
//
// What is configured stays as it is until the process ends, but nobody waits for that: a front that has heard that it is
// not what the account has any more leaves everything to the host, which loads the new one, until the supervisor has
// started the next process.
type dispatcher struct {
	Worker string
	code
}

// failsElsewhere reports whether the code may throw where host/tell.js does not see it: after it has answered, in a timer,
// while an answer streams, or in an entrypoint of its own. It looks at words only, and says yes when in doubt, for then
// the front has a tail and everything is told as well, at the price of the tail.
func (d dispatcher) failsElsewhere() bool {
	for _, module := range d.Modules {
		for _, kind := range []string{"js", "cjs"} {
			if text, ok := module[kind].(string); ok && elsewhere.MatchString(text) {
				return true
			}
		}
	}
	return false
}

var elsewhere = regexp.MustCompile(`waitUntil|setTimeout|setInterval|setImmediate|addEventListener|` +
	`Stream|asyncIterator|async\s*\*|async\s+function\s*\*|WebSocket|HTMLRewriter|` +
	`WorkerEntrypoint|WorkflowEntrypoint|DurableObject|RpcTarget|\bexports\b`)

// settling is how long the account's own Workers must not have changed before a new front is worth a process.
const settling = time.Second

// frontScript is the Worker that can be the front. Scripts in the older syntax and Workers whose static files come first
// are loaded like all others.
func (r *Runtime) dispatcherScript(tx *store.Tx) (script store.Script, found bool) {
	script, found = tx.Workers(r.options.Account).Get(OnlyDispatcher(tx, r.options.Account))
	return script, found && script.HasModules && script.Assets == nil
}

// frontRevision is which revision of which Worker would be the front now; both are empty for none.
func (r *Runtime) dispatcherRevision(tx *store.Tx) (worker, revised string) {
	script, found := r.dispatcherScript(tx)
	if !found {
		return "", ""
	}
	return script.Name, revision(script, r.bind(tx, "", script, true).Stubs)
}

// front is what is to be configured, or nil. Code that cannot run here is not: the host says why when it loads it.
func (r *Runtime) dispatcher() *dispatcher {
	var made *dispatcher
	_ = r.parts.Store.View(func(tx *store.Tx) error { // without a front everything works, too
		script, found := r.dispatcherScript(tx)
		if !found {
			return nil
		}
		loaded, err := r.codeOf(tx, "", script)
		if err == nil {
			made = &dispatcher{script.Name, loaded}
		}
		return err
	})
	return made
}

// outdated reports whether the next process would have another front, and is not about to have yet another one.
func (r *Runtime) outdated(p *process) bool {
	r.mu.Lock()
	since := r.touched
	r.mu.Unlock()
	if since.IsZero() || time.Since(since) < settling {
		return false
	}
	var now string
	_ = r.parts.Store.View(func(tx *store.Tx) error { // it is asked again
		_, now = r.dispatcherRevision(tx)
		return nil
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.touched.Equal(since) {
		r.touched = time.Time{}
	}
	if now == r.unfit {
		now = ""
	}
	return now != p.dispatcher
}
