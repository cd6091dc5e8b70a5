package runtime

import (
	"regexp"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// A dispatcher is the account's dispatcher as part of workerd's configuration,
// and not loaded by the host. Its isolate receives all requests, and a user
// Worker that is loaded already is one hop away from it. A loaded dispatcher
// would need the host before and after it (see host/dispatcher.js).
//
// A configuration cannot change until its process ends, but requests need not
// wait for that: once the dispatcher learns that the account has another one,
// it leaves everything to the host, which loads the new one, until the
// supervisor has started the next process.
type dispatcher struct {
	Worker string
	code
}

// failsElsewhere reports whether the code may throw where host/tell.js does not
// see it: after its response, in a timer, while a response streams, or in an
// entrypoint of its own. It only looks for words, and returns true when in
// doubt. Then the dispatcher has a tail, which sees everything but costs time.
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

// settling is how long the account's own Workers must stay unchanged before a
// process for a new dispatcher is worth it.
const settling = time.Second

// dispatcherScript returns the Worker that can be the configured dispatcher.
// Scripts in the older syntax and Workers with static files first are loaded
// like all others.
func (r *Runtime) dispatcherScript(tx *store.Tx) (script store.Script, found bool) {
	script, found = tx.Workers(r.options.Account).Get(OnlyDispatcher(tx, r.options.Account))
	return script, found && script.HasModules && script.Assets == nil
}

// dispatcherRevision returns the current dispatcher and its revision, or empty
// texts.
func (r *Runtime) dispatcherRevision(tx *store.Tx) (worker, revised string) {
	script, found := r.dispatcherScript(tx)
	if !found {
		return "", ""
	}
	return script.Name, revision(script, r.bind(tx, "", script, true).Stubs)
}

// dispatcher returns the dispatcher to be configured, or nil. Code that cannot
// run here is left out: the host says why when it loads it.
func (r *Runtime) dispatcher() *dispatcher {
	var made *dispatcher
	_ = r.parts.Store.View(func(tx *store.Tx) error { // everything works without one, too
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

// outdated reports whether the next process would have another dispatcher. It
// returns false while that may still change.
func (r *Runtime) outdated(p *process) bool {
	r.mu.Lock()
	since := r.touched
	r.mu.Unlock()
	if since.IsZero() || time.Since(since) < settling {
		return false
	}
	var now string
	_ = r.parts.Store.View(func(tx *store.Tx) error { // it is called again
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
