package applier_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain checks that no run leaks a goroutine.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
