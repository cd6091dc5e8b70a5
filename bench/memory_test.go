package bench_test

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/proctest"
)

// active is how many of the user Workers get requests.
const active = 100

// BenchmarkMemory measures the memory of all processes, ours, the workerd that
// runs the Workers and the one that checks uploads, when some of the user
// Workers have had requests: right after the first request to each, and after a
// load on one. It prints each process's resident pages (RSS), and its share of
// those that several processes have (PSS).
func BenchmarkMemory(b *testing.B) {
	p := newPlatform(b)
	defer p.run(b).Close()
	p.upload(b, "t0", tenantCode) // starts the validator
	for b.Loop() {
		for i := range active {
			name := fmt.Sprintf("t%d", i)
			ask(b, p.url, name+".example.com", "hello from")
		}
	}
	reportMemory(b, "called")
	load(b, p.url, "t1.example.com", 5*time.Second)
	reportMemory(b, "loaded")
}

func reportMemory(b *testing.B, when string) {
	pids := []int{os.Getpid()}
	for _, process := range proctest.Children(b, os.Getpid(), "workerd") {
		pids = append(pids, process.Pid)
	}
	var rss, pss int
	for _, pid := range pids {
		rss += memory(b, pid, "Rss:")
		pss += memory(b, pid, "Pss:")
	}
	b.ReportMetric(float64(rss)/1024, "MB-RSS-"+when)
	b.ReportMetric(float64(pss)/1024, "MB-PSS-"+when)
}

// memory matches a line of the kernel's figures about a process's memory, in
// kB.
func memory(b *testing.B, pid int, line string) int {
	b.Helper()
	file, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	check(b, err)
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), line); found {
			n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(value, "kB")))
			check(b, err)
			return n
		}
	}
	b.Fatalf("process %d has no %s", pid, line)
	return 0
}
