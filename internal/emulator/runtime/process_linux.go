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

// attributes puts workerd into its own process group, so that a Ctrl-C in the
// terminal reaches only wfpsync, and makes the kernel kill it when wfpsync
// ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// acceptWithRequest makes the kernel hand over connections only once they have
// data. A workerd that ends drops a connection that it has accepted but not
// read from, and the request that is on its way with it. That can still happen
// in the moment between accepting and reading.
func acceptWithRequest(listener *net.TCPListener) error {
	raw, err := listener.SyscallConn()
	if err != nil {
		return err
	}
	const wait = 5 // seconds; then a silent one is accepted as well
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_DEFER_ACCEPT, wait))
	})
	if err != nil {
		return err
	}
	return failed
}

// identity distinguishes a file from every other, and from itself before a
// write: the time of a change cannot be set.
func identity(info os.FileInfo) string {
	at := info.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%d %d %d %d.%d", at.Dev, at.Ino, at.Size, at.Ctim.Sec, at.Ctim.Nsec)
}

// usage returns the processor time and the memory that a process uses.
func usage(pid int) (cpu time.Duration, memory int64, known bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, false
	}
	// The second field is a name in parentheses. The other fields follow it;
	// see proc(5).
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
