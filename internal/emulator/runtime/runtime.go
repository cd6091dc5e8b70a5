// Package runtime runs the Workers of a local account on the real workerd.
//
// One workerd is configured with one Worker of ours, the host (host/host.js).
// The host loads every other Worker when a request first needs it: it asks this
// package for the code and the bindings, over a Unix socket that no other
// Worker can name. So nothing is restarted when a Worker changes, and a Worker
// that is not called costs nothing. Only the account's dispatcher, which gets
// nearly all requests, is also configured (dispatcher.go), once it has not
// changed for a moment.
//
// workerd holds no state except Durable Objects and D1 databases, and those are
// on disk: a process can be replaced at any time. The listening socket is ours
// and outlives it, so that requests wait for the next process and none is
// refused.
//
// This is a runtime for development. User Workers cannot reach the machine's
// own network, and so not the account's API, but isolates in one process do not
// contain hostile code.
package runtime

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// Options configure a Runtime. Tell, Origin and Limits are optional.
type Options struct {
	Account  string // the account of the Workers
	Listener *net.TCPListener
	Tell     func(Message) // called with each message, concurrently
	Origin   Origin        // for code that was uploaded without a source map
	Limits   Limits
}

// Parts are what a Runtime works with.
type Parts struct {
	Binary string       // workerd, see Find
	Store  *store.Store // has the Workers
	Dir    string       // folder of Durable Objects, D1 tables and R2 objects
}

// An Origin returns the position in a source for a position in a Worker's
// module, both as in stack traces, or "" if it is unknown. Lines and columns
// count from 1. It is called concurrently.
type Origin func(worker, module string, line, column int) string

// Limits are when to replace a process by a new one. No request is lost. The
// zero value has defaults.
type Limits struct {
	Loads  int           // Worker versions loaded into one process; each takes 1.6 MB or more
	Memory int64         // bytes of one process
	Stuck  time.Duration // processor time without a response: an endless loop
	Names  int           // of Workers, existing or not, that processes may remember; with more, they forget all
}

var usualLimits = Limits{Loads: 300, Memory: 1 << 30, Stuck: 10 * time.Second, Names: 100_000}

func (l Limits) orDefaults() Limits {
	if l.Loads == 0 {
		l.Loads = usualLimits.Loads
	}
	if l.Memory == 0 {
		l.Memory = usualLimits.Memory
	}
	if l.Stuck == 0 {
		l.Stuck = usualLimits.Stuck
	}
	if l.Names == 0 {
		l.Names = usualLimits.Names
	}
	return l
}

// A Message is for those who watch the Workers.
type Message struct {
	Worker string // "worker" or "namespace/worker"; empty: from the runtime itself
	Level  string // debug, log, info, warn or error
	Text   string

	// Time is when the Worker sent it; zero if that is not known.
	Time time.Time
	// Ray is the CF-Ray header of the request during which a Worker sent the
	// message. It is empty if there is none: for a request that another Worker
	// made, a call, a cron trigger or a queue.
	Ray string
}

// RayHeader is the header in which a client may choose the CF-Ray of its
// request, such as 0123456789abcdef-LOC, to recognize the messages of Workers
// during it. No Worker sees it.
const RayHeader = "X-Wfpsync-Ray"

// A Runtime serves requests until it is closed.
type Runtime struct {
	parts   Parts
	options Options
	date    string // the newest that workerd knows
	heard   bool   // Tell is set; otherwise Workers have no tail, which costs half a hop for every request
	files   files
	account *http.Server
	socket  *os.File // the listening socket, which processes inherit
	queues  *queues
	rules   ruleCache
	cache   responseCache

	mu         sync.Mutex
	live       map[*process]bool // all that may get requests
	generation int               // of the newest
	asked      map[workerID]bool // what processes may know
	clearing   bool              // processes are being told to forget all, and may still know more than asked
	touched    time.Time         // when the account's own Workers changed, unless the dispatcher was compared since

	unfit string // the revision of a dispatcher with which no process started; for the supervisor

	unwatch func()
	stop    context.CancelFunc
	stopped chan struct{}
}

// A workerID identifies a Worker. Workers of the account itself have no
// namespace.
type workerID struct{ namespaceID, name string }

// startLimit limits how long a process takes to start, even on a busy machine.
const startLimit = 30 * time.Second

// Start starts a Runtime. It takes over the listener, even if it fails.
func Start(ctx context.Context, parts Parts, options Options) (_ *Runtime, err error) {
	options.Limits = options.Limits.orDefaults()
	heard := options.Tell != nil
	if !heard {
		options.Tell = func(Message) {}
	}
	defer options.Listener.Close() // the duplicate stays
	r := &Runtime{parts: parts, options: options, heard: heard, live: map[*process]bool{}, asked: map[workerID]bool{}, stopped: make(chan struct{})}
	defer func() {
		if err != nil {
			r.release()
		}
	}()
	if r.socket, err = options.Listener.File(); err != nil {
		return nil, err
	}
	if err := acceptWithRequest(options.Listener); err != nil {
		return nil, err
	}
	objects, err := makeObjects(parts.Dir)
	if err != nil {
		return nil, err
	}
	if r.files, err = writeFiles(objects); err != nil {
		return nil, err
	}
	r.queues = newQueues(r.consumer, r.deliver, r.tell)
	if r.account, err = r.files.serve(r.handler()); err != nil {
		return nil, err
	}
	if r.date, err = newestDate(ctx, parts.Binary); err != nil {
		return nil, err
	}
	r.unwatch = parts.Store.Watch(r.changed)
	first, err := r.launch(ctx, nil)
	if err != nil {
		return nil, err
	}
	var supervised context.Context
	supervised, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(r.stopped)
		r.supervise(supervised, first)
	}()
	return r, nil
}

// Close ends all processes.
func (r *Runtime) Close() {
	r.stop()
	<-r.stopped
	r.release()
}

// release releases everything that Start acquired.
func (r *Runtime) release() {
	if r.unwatch != nil {
		r.unwatch()
	}
	if r.queues != nil {
		r.queues.close()
	}
	for _, p := range r.processes() {
		p.end(endGrace)
	}
	if r.account != nil {
		_ = r.account.Close()
	}
	if r.socket != nil {
		_ = r.socket.Close()
	}
	r.files.remove()
}

func (r *Runtime) tell(level, format string, args ...any) {
	r.options.Tell(Message{Level: level, Text: fmt.Sprintf(format, args...)})
}

func (r *Runtime) processes() []*process {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []*process
	for p := range r.live {
		list = append(list, p)
	}
	return list
}

// forgetLimit limits how long a write waits for a process to forget. A process
// that does not respond for that long is stuck, or looks like it. It is killed,
// because it must not serve old versions.
const forgetLimit = 3 * time.Second

// changed makes the processes forget what a transaction changed. When it
// returns, no process knows it any more.
func (r *Runtime) changed(changes []store.Change) {
	for _, c := range changes {
		if c.Queue != "" && c.Account == r.options.Account {
			r.queues.look(c.Queue)
		}
		if c.Queue == "" && (c.NamespaceID == "" || c.Script == "") {
			r.mu.Lock()
			r.touched = time.Now()
			r.mu.Unlock()
		}
	}
	if order, any := r.forgets(changes); any {
		r.order(order)
	}
}

// order tells all processes what to forget.
func (r *Runtime) order(order forgetting) {
	var all sync.WaitGroup
	for _, p := range r.processes() {
		all.Go(func() {
			<-p.ready // or dead; at most startLimit
			ctx, cancel := context.WithTimeout(context.Background(), forgetLimit)
			defer cancel()
			if err := p.control(ctx, "/forget", order, nil); err != nil {
				p.kill("it did not respond to an update; probably a Worker is in an endless loop")
				<-p.exited
			}
		})
	}
	all.Wait()
}

// A forgetting tells the host what to forget.
type forgetting struct {
	All bool     `json:"all,omitempty"`
	IDs []string `json:"ids,omitempty"`
}

// forgets returns what the processes must forget. It leaves out user Workers
// that no process has asked for: thousands may be uploaded without a message to
// workerd.
func (r *Runtime) forgets(changes []store.Change) (order forgetting, any bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range changes {
		if c.Account != "" && c.Account != r.options.Account || c.Queue != "" {
			continue
		}
		at := workerID{c.NamespaceID, c.Script}
		switch {
		case c.Script == "", r.clearing:
			order.All = true
		case c.NamespaceID == "":
			order.IDs = append(order.IDs, at.key())
		case r.asked[at]:
			order.IDs = append(order.IDs, at.key())
			delete(r.asked, at)
		}
	}
	return order, order.All || len(order.IDs) > 0
}

// key returns the host's name for a Worker.
func (p workerID) key() string { return p.namespaceID + "/" + p.name }

// noteAsked must be called before the account is read, so that a change in
// between is sent. A client may ask for thousands of names that do not exist.
// If there are too many, all are forgotten, here and in the processes.
func (r *Runtime) noteAsked(at workerID) {
	r.mu.Lock()
	clear := len(r.asked) >= r.options.Limits.Names && !r.asked[at] && !r.clearing
	if clear {
		r.asked, r.clearing = map[workerID]bool{}, true
	}
	r.asked[at] = true
	r.mu.Unlock()
	if !clear {
		return
	}
	r.order(forgetting{All: true})
	r.mu.Lock()
	r.clearing = false
	r.mu.Unlock()
}
