//go:build !linux

package runtime

import (
	"syscall"
	"time"
)

// attributes are the system's own: the kernel does not end workerd with wfpsync here.
func attributes() *syscall.SysProcAttr { return nil }

// usage is not known here: whether a process is stuck shows in its silence alone, and its memory is not bounded.
func usage(int) (cpu time.Duration, memory int64, known bool) { return 0, 0, false }
