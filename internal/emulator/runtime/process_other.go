//go:build !linux

package runtime

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// attributes returns the defaults: on this system the kernel does not kill
// workerd when wfpsync ends.
func attributes() *syscall.SysProcAttr { return nil }

// acceptWithRequest does nothing here. A connection may be lost that is made at
// the moment when a workerd ends.
func acceptWithRequest(*net.TCPListener) error { return nil }

// identity distinguishes a file from itself before a write, unless its time was
// set back.
func identity(info os.FileInfo) string {
	return fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano())
}

// usage is not known here. So only silence shows that a process is stuck, and
// its memory is not limited.
func usage(int) (cpu time.Duration, memory int64, known bool) { return 0, 0, false }
