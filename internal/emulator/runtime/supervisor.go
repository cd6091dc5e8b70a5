package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	pingPeriod = time.Second
	// endGrace is how long a replaced process may take to finish its requests.
	endGrace = 10 * time.Second
	// silence is how long a process may not respond before it counts as stuck,
	// if its processor time is not known or does not grow: on a busy machine,
	// healthy processes are silent for seconds.
	silence = 30 * time.Second
	// shortLife is a life after which the next process is not started at once.
	shortLife    = 2 * time.Second
	longestPause = 5 * time.Second
)

// launch starts a process that serves requests, the first one or the next. A
// dispatcher with which none starts is left out from then on.
func (r *Runtime) launch(ctx context.Context, before *process) (*process, error) {
	dispatcher := r.dispatcher()
	if dispatcher != nil && dispatcher.Revision != r.unfit {
		p, err := r.launchWith(ctx, before, dispatcher)
		if err == nil || ctx.Err() != nil {
			return p, err
		}
		r.tell("debug", "%s is loaded for each process, and not configured: %v", dispatcher.Worker, err)
		r.unfit = dispatcher.Revision
	}
	return r.launchWith(ctx, before, nil)
}

func (r *Runtime) launchWith(ctx context.Context, before *process, dispatcher *dispatcher) (*process, error) {
	r.mu.Lock()
	r.generation++
	p, err := startProcess(r.parts.Binary, r.files, role{generation: r.generation, public: r.socket, dispatcher: dispatcher, follows: before != nil})
	if err == nil {
		r.live[p] = true
	}
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	go p.succeed(before)
	go func() {
		<-p.exited
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.live, p)
	}()
	return p, p.awaitReady(ctx)
}

// youngest returns the process that was started last, once it responds.
func (r *Runtime) youngest(ctx context.Context) (*process, error) {
	var young *process
	for _, p := range r.processes() {
		if young == nil || p.started.After(young.started) {
			young = p
		}
	}
	if young == nil {
		return nil, errors.New("the runtime is being restarted")
	}
	select {
	case <-young.ready:
		return young, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// supervise replaces processes that have ended, are stuck or have grown too
// large, until the context ends.
func (r *Runtime) supervise(ctx context.Context, p *process) {
	for pause := time.Duration(0); ; {
		reason, alive := r.watch(ctx, p)
		if ctx.Err() != nil {
			return
		}
		if !alive {
			r.tell("error", "the runtime is restarted: %s", p.obituary())
			if time.Since(p.started) > shortLife {
				pause = 0
			} else {
				pause = min(max(2*pause, 100*time.Millisecond), longestPause)
			}
			if !sleep(ctx, pause) {
				return
			}
		}
		next, err := r.launch(ctx, p)
		if err != nil {
			if ctx.Err() == nil {
				r.tell("error", "%v", err)
			}
			if !sleep(ctx, longestPause) {
				return
			}
			continue
		}
		if alive {
			go func(p *process) {
				p.end(endGrace)
				r.tell("debug", "the runtime was renewed: %s", reason)
			}(p)
		}
		p = next
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// watch waits until the process has to be replaced. If it is still alive, it
// returns the reason.
func (r *Runtime) watch(ctx context.Context, p *process) (reason string, alive bool) {
	ticker := time.NewTicker(pingPeriod)
	defer ticker.Stop()
	var before condition
	heard := heartbeat{at: time.Now()}
	heard.cpu, _, _ = usage(p.cmd.Process.Pid)
	for {
		select {
		case <-ctx.Done():
			return "", true
		case <-p.exited:
			return "", false
		case <-ticker.C:
		}
		var state condition
		ping, cancel := context.WithTimeout(ctx, pingPeriod)
		err := p.control(ping, "/ping", nil, &state)
		cancel()
		cpu, memory, known := usage(p.cmd.Process.Pid)
		switch {
		case err != nil && heard.stuck(cpu, known, r.options.Limits.Stuck):
			p.kill(fmt.Sprintf("it did not answer for %v; probably a Worker is in an endless loop", time.Since(heard.at).Round(time.Second)))
		case err != nil:
		default:
			heard = heartbeat{at: time.Now(), cpu: cpu}
			if reason := r.renewal(p, before, state, memory); reason != "" {
				return reason, true
			}
			before = state
		}
	}
}

// A condition is a process's own report.
type condition struct {
	Loads        int  `json:"loads"`        // versions of Workers, since its start
	Requests     int  `json:"requests"`     // that came to the host, since its start
	KeepsObjects bool `json:"keepsObjects"` // it has Durable Objects or databases
}

// renewal returns why to replace a process, or "". A process is not replaced
// while earlier ones run: its requests may wait for those to end.
//
// A new dispatcher only makes requests faster. Nothing is sacrificed for it:
// neither the memory of objects, nor a connection in use, on which a client may
// send a request just when it is closed.
func (r *Runtime) renewal(p *process, before, state condition, memory int64) string {
	switch {
	case !p.isAlone():
	case state.Loads > r.options.Limits.Loads:
		return fmt.Sprintf("it had loaded %d versions of Workers", state.Loads)
	case memory > r.options.Limits.Memory:
		return fmt.Sprintf("it had grown to %d MB", memory>>20)
	case !state.KeepsObjects && state.Requests == before.Requests && r.outdated(p):
		return "the account has another dispatcher"
	}
	return ""
}

// A heartbeat is when a process last responded, and its processor time then.
type heartbeat struct {
	at  time.Time
	cpu time.Duration
}

// stuck distinguishes an endless loop, which takes processor time, from a
// machine that is busy with something else.
func (h heartbeat) stuck(cpu time.Duration, known bool, limit time.Duration) bool {
	if known && cpu-h.cpu > limit {
		return true
	}
	return time.Since(h.at) > silence
}
