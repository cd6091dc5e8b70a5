package store

import (
	"fmt"
	goruntime "runtime"
	"runtime/debug"
	"strings"
)

// guarded does something with the file. bbolt trusts its file, which it reads as memory: what is missing of it is a fault,
// and what is not as it was written a panic. Both mean that the file is damaged, which is found out once.
func (s *Store) guarded(work func() error) (err error) {
	if damage := s.damage.Load(); damage != nil {
		return *damage
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		reason := recover()
		if reason == nil {
			return
		}
		if _, fault := reason.(interface{ Addr() uintptr }); fault {
			err = s.damagedBy("a part of account.db cannot be read")
		} else if strings.HasPrefix(PanicOrigin().Function, "go.etcd.io/bbolt") {
			err = s.damagedBy(reason)
		} else {
			panic(reason)
		}
	}()
	return work()
}

// damagedBy is the error of everything from now on.
func (s *Store) damagedBy(reason any) error {
	err := fmt.Errorf("the local account in %s %w: %v; put a copy of account.db in its place, or delete it to begin with an empty account", s.dir, ErrDamaged, reason)
	s.damage.CompareAndSwap(nil, &err)
	return *s.damage.Load()
}

// PanicOrigin is where the panic began that a deferred function has recovered, and calls it for; others may have recovered it
// before and passed it on.
func PanicOrigin() (origin goruntime.Frame) {
	callers := make([]uintptr, 256)
	frames := goruntime.CallersFrames(callers[:goruntime.Callers(1, callers)])
	for panicked, more := false, true; more; {
		var frame goruntime.Frame
		frame, more = frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicked = true
		case panicked && !strings.HasPrefix(frame.Function, "runtime."):
			origin, panicked = frame, false
		}
	}
	return origin
}
