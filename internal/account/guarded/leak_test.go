package guarded

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain makes sure that no request leaves a goroutine behind: a wait that
// nobody ends, an answer that nobody reads. Connections that idle in the
// transports of tests are no such thing.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
	)
}
