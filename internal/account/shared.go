package account

import (
	"context"
	"sync"
)

// shared is what several need and one reads. Whoever waits for it holds no lock
// meanwhile, and leaves when its context ends.
type shared[T any] struct {
	mu    sync.Mutex
	done  chan struct{} // closed when it was read
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
