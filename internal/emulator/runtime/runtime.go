// Package runtime runs the Workers of a local account on the real workerd.
//
// One workerd is configured with one Worker of ours, the host (host/host.js). The host loads every other one when a
// request first needs it: it asks this package, over a Unix socket that no other Worker can name, for the code and the
// bindings. So nothing is restarted when a Worker changes, and one that nobody calls costs nothing. Only the account's
// dispatcher, through which nearly all requests come, is configured too, as the front (front.go), as soon as it has not
// changed for a moment.
//
// workerd holds no state but Durable Objects and D1 databases, and those are on disk: a process can be replaced at any
// time. The listening socket is ours and outlives it, so that requests wait for the next process and none is refused.
//
// This is a runtime for development. User Workers cannot reach the machine's own network, and with it the account's
// API, but isolates of one process are no boundary for hostile code.
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

// Options are whose Workers run, where they are reached, and who is told what they print. Tell, Origin and Limits need not
// be set.
type Options struct {
	Account  string // whose Workers these are
	Listener *net.TCPListener
	Tell     func(Message) // is called by many goroutines at once
	Origin   Origin        // for code that was uploaded without a source map
	Limits   Limits
}

// Parts are what a Runtime works with.
type Parts struct {
	Binary string       // workerd, see Find
	Store  *store.Store // where the Workers are
	Dir    string       // where Durable Objects, D1 tables and R2 objects are kept
}

// An Origin says which place in a source a place of a Worker's module was made of, both as stacks write them; "" when it
// does not know. Lines and columns count from 1. It is called by many goroutines at once.
type Origin func(worker, module string, line, column int) string

// Limits are when a process is replaced by a new one, which loses no request. The zero value has defaults.
type Limits struct {
	Loads  int           // Worker versions loaded into one process; each takes 1.6 MB or more
	Memory int64         // bytes of one process
	Stuck  time.Duration // processor time spent without an answer: an endless loop
	Names  int           // of Workers, there or not, that processes may remember; more make them forget all, and go on
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

// A Message is what somebody who watches the Workers wants to know.
type Message struct {
	Worker string // "worker" or "namespace/worker"; empty: the runtime itself speaks
	Level  string // debug, log, info, warn or error
	Text   string

	// Time is when a Worker said it; zero where nobody noted it.
	Time time.Time
	// Ray is the CF-Ray header of the request during which a Worker said it. It is empty where there was none: a request
	// that another Worker made up, a call, a cron trigger or a queue.
	Ray string
}

// RayHeader is the header by which somebody who sends a request says which CF-Ray it has, such as 0123456789abcdef-LOC, to
// tell apart what Workers say during it. No Worker gets to see it.
const RayHeader = "X-Wfpsync-Ray"

// A Runtime answers requests until it is closed.
type Runtime struct {
	parts   Parts
	options Options
	date    string // the newest that workerd knows
	heard   bool   // Tell is somebody's; else Workers have no tail, which costs half a hop for every request
	files   files
	account *http.Server
	socket  *os.File // the listening socket, for processes to inherit
	queues  *queues
	rules   ruleCache
	cache   responseCache

	mu         sync.Mutex
	live       map[*process]bool // all that may get requests
	generation int               // of the newest
	asked      map[workerID]bool // what processes may know of
	clearing   bool              // they are being told to forget all, and may know of more than that
	touched    time.Time         // when the account's own Workers changed, unless the front was compared since

	unfit string // the revision of a front with which no process started; the supervisor's

	unwatch func()
	stop    context.CancelFunc
	stopped chan struct{}
}

// A place is where a Worker is asked for. Workers of the account itself have no namespace.
type workerID struct{ namespaceID, name string }

// startLimit bounds how long a process takes to start, on a machine that does many other things.
const startLimit = 30 * time.Second

// Start starts a Runtime. The listener is the Runtime's from then on, whatever Start returns.
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

// release gives back everything that Start took.
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

// forgetLimit bounds how long a write waits for a process to forget. One that does not listen for that long is stuck,
// or will be taken for it: it is killed, because it must not answer with what it knows.
const forgetLimit = 3 * time.Second

// changed makes the processes forget what a transaction changed. It returns when no process knows it any more.
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
			<-p.ready // or dead; bounded by startLimit
			ctx, cancel := context.WithTimeout(context.Background(), forgetLimit)
			defer cancel()
			if err := p.control(ctx, "/forget", order, nil); err != nil {
				p.kill("it did not take notice of an update; probably a Worker is in an endless loop")
				<-p.exited
			}
		})
	}
	all.Wait()
}

// A forgetting is what the host is told to forget.
type forgetting struct {
	All bool     `json:"all,omitempty"`
	IDs []string `json:"ids,omitempty"`
}

// forgets returns what the processes must forget. User Workers that none has asked for are not mentioned: thousands
// may be uploaded without a word to workerd.
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

// id is the host's name for a place.
func (p workerID) key() string { return p.namespaceID + "/" + p.name }

// noteAsked must come before the account is read, so that a change in between is told. Somebody may ask for thousands
// of names that do not exist; when there are too many, all are forgotten, here and there.
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
