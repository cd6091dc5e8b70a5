package account

import (
	"context"
	"sync"
)

// shared is a value that several goroutines need and one reads. Those that wait
// for it hold no lock, and stop waiting when their context ends.
type shared[T any] struct {
	mu    sync.Mutex
	done  chan struct{} // closed after the read
	value T
	err   error
}

func (s *shared[T]) get(ctx context.Context, read func(context.Context) (T, error)) (T, error) {
	s.mu.Lock()
	first := s.done == nil
	if first {
		s.done = make(chan struct{})
	}
	s.mu.Unlock()
	if first {
		s.value, s.err = read(ctx)
		close(s.done)
		return s.value, s.err
	}
	select {
	case <-s.done:
		return s.value, s.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
