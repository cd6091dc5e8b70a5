package account

import (
	"sync"

	"github.com/wfpsync/wfpsync/spec"
)

// sharedCode holds code that was downloaded once, however many Workers run it: a
// fleet that somebody else has written as a whole mostly runs the same.
type sharedCode struct {
	mu       sync.Mutex
	byDigest map[string]*spec.Code
}

// in gives an inspected Worker the code that another one has already.
func (s *sharedCode) in(live *spec.Live) {
	if live == nil {
		return
	}
	script, ok := live.Resource.(spec.Scripted)
	if !ok || script.AsScript().Code == nil || len(script.AsScript().Code.Modules) == 0 {
		return
	}
	definition := script.AsScript()
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.byDigest[definition.Code.Digest]; known != nil {
		definition.Code = known
		return
	}
	if s.byDigest == nil {
		s.byDigest = map[string]*spec.Code{}
	}
	s.byDigest[definition.Code.Digest] = definition.Code
}
