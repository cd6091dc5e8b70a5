package guarded

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain makes sure that no request leaves a goroutine behind: a wait that
// never ends, or a response that nothing reads. Idle connections in the
// transports of tests do not count.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
	)
}
