package runtime

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// attributes puts workerd into a process group of its own, so that a Ctrl-C in the terminal reaches wfpsync alone, and
// has the kernel kill it when wfpsync is gone.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// acceptWithRequest has connections accepted when their first bytes have come. A workerd that ends drops a connection
// that it has accepted and has read nothing of, and with it a request that is on its way. What is left of that is the
// moment between accepting and reading.
func acceptWithRequest(listener *net.TCPListener) error {
	raw, err := listener.SyscallConn()
	if err != nil {
		return err
	}
	const wait = 5 // seconds, then one that says nothing is accepted as well
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_DEFER_ACCEPT, wait))
	})
	if err != nil {
		return err
	}
	return failed
}

// identity tells a file from every other, and from itself after it was written to: nothing sets the time of a change.
func identity(info os.FileInfo) string {
	at := info.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%d %d %d %d.%d", at.Dev, at.Ino, at.Size, at.Ctim.Sec, at.Ctim.Nsec)
}

// usage is the processor time and the memory that a process has taken so far.
func usage(pid int) (cpu time.Duration, memory int64, known bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, false
	}
	// The second field is a name in parentheses, and the rest is counted from behind it; see proc(5).
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 22 {
		return 0, 0, false
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	pages, _ := strconv.ParseInt(fields[21], 10, 64)
	const tick = time.Second / 100 // USER_HZ, the same on every Linux
	return time.Duration(user+system) * tick, pages * int64(os.Getpagesize()), true
}
