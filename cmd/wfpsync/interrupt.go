package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// errInterrupted is why a context of [app.interruptible] ended.
var errInterrupted = &exit{code: exitInterrupted, err: errors.New("interrupted; nothing was changed")}

// interrupts is what the signals of a run do: while it reads, the first one
// ends it; while it changes the account, the first one lets what is under way
// end, and the second one ends it. One more ends the process, as if nothing
// looked for signals.
type interrupts struct {
	mu     sync.Mutex
	drain  chan struct{} // not nil while changes are made
	note   func(string)  // tells the person, while changes are made
	closed bool
}

type interruptsKey struct{}

// interruptible runs something with a context that a signal ends.
func (a *app) interruptible(parent context.Context, run func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	state := &interrupts{}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
				if !state.beginDraining() {
					cancel(errInterrupted)
					signal.Stop(signals) // what does not look at the context is ended by the next one
					return
				}
			}
		}
	}()
	err := run(context.WithValue(ctx, interruptsKey{}, state))
	if err != nil && errors.Is(context.Cause(ctx), errInterrupted) && exitCode(err) == exitError {
		return errInterrupted // what the context's end broke is not worth telling
	}
	return err
}

// beginDraining closes the drain, if there is one that is open.
func (i *interrupts) beginDraining() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.drain == nil || i.closed {
		return false
	}
	i.closed = true
	close(i.drain)
	i.note("\nInterrupted: finishing what is under way. Interrupt again to abandon it.")
	return true
}

// drainOnInterrupt says that changes are being made from now on. The channel
// closes with the first signal; note tells the person.
func (a *app) drainOnInterrupt(ctx context.Context, note func(string)) <-chan struct{} {
	drain := make(chan struct{})
	if state, ok := ctx.Value(interruptsKey{}).(*interrupts); ok {
		state.mu.Lock()
		state.drain, state.note = drain, note
		state.mu.Unlock()
	}
	return drain
}

// errTimedOut is why a context of [timed] ended.
var errTimedOut = errors.New("timed out; nothing was changed. --timeout gives it more time")

// timed runs something with a context that ends after a while; 0 is for ever.
func timed(parent context.Context, limit time.Duration, run func(context.Context) error) error {
	if limit == 0 {
		return run(parent)
	}
	ctx, cancel := context.WithTimeoutCause(parent, limit, errTimedOut)
	defer cancel()
	err := run(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errTimedOut) && exitCode(err) == exitError {
		return errTimedOut // what the context's end broke is not worth telling
	}
	return err
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
