//go:build !linux

package runtime

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// attributes are the system's own: the kernel does not end workerd with wfpsync here.
func attributes() *syscall.SysProcAttr { return nil }

// acceptWithRequest does nothing here: a connection made in the moment in which a workerd ends may be lost.
func acceptWithRequest(*net.TCPListener) error { return nil }

// identity tells a file from itself after it was written to, unless its time was set back.
func identity(info os.FileInfo) string {
	return fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano())
}

// usage is not known here: whether a process is stuck shows in its silence alone, and its memory is not bounded.
func usage(int) (cpu time.Duration, memory int64, known bool) { return 0, 0, false }
