package store

import (
	"fmt"
	goruntime "runtime"
	"runtime/debug"
	"strings"
)

// guarded runs work on the file. bbolt reads its file as memory, and trusts it:
// a missing part causes a fault, and a wrong one a panic. Both mean that the
// file is damaged. That is remembered.
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

// damagedBy returns the error of every later access.
func (s *Store) damagedBy(reason any) error {
	err := fmt.Errorf("the local account in %s %w: %v; put a copy of account.db in its place, or delete it to begin with an empty account", s.dir, ErrDamaged, reason)
	s.damage.CompareAndSwap(nil, &err)
	return *s.damage.Load()
}

// PanicOrigin returns where a panic began, and must be called by a deferred
// function that has recovered it. Others may have recovered it before and
// panicked again.
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
