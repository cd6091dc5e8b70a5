package account

import (
	"sync"

	"github.com/wfpsync/wfpsync/spec"
)

// sharedCode holds each downloaded code once, however many Workers run it. The
// Workers of a fleet that another program has written mostly run the same code.
type sharedCode struct {
	mu       sync.Mutex
	byDigest map[string]*spec.Code
}

// in makes an inspected Worker share code with the Workers before it.
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
