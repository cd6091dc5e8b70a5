package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// signal [TERM] REGEXP CODE COMMAND ARG… runs a command, interrupts or terminates
// it as soon as a request matches, or with `says REGEXP` instead, as soon as it has
// written what matches to stderr, and expects its exit code. Its output is in the
// files stdout and stderr.
func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	var sent os.Signal = os.Interrupt
	if args[0] == "TERM" {
		sent, args = syscall.SIGTERM, args[1:]
	}
	stderr := &growing{}
	seen := func(pattern *regexp.Regexp) bool { return worldOf(ts).saw(pattern) }
	if args[0] == "says" {
		seen, args = func(pattern *regexp.Regexp) bool { return pattern.MatchString(stderr.String()) }, args[1:]
	}
	pattern := regexp.MustCompile(args[0])
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	program, err := lookPath(ts.Getenv("PATH"), args[2])
	ts.Check(err)
	cmd := exec.Command(program, args[3:]...)
	var stdout bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), &stdout, stderr
	for _, name := range []string{"PATH", "HOME", "CLOUDFLARE_BASE_URL", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID", "WFPSYNC_VAR_EDGE", "PROBE", requestLogVariable, cacheVariable, shapeVariable} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	ts.Check(cmd.Start())
	deadline := time.Now().Add(patience)
	for !seen(pattern) && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	ts.Check(cmd.Process.Signal(sent))
	_ = cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs("stdout"), stdout.Bytes(), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("stderr"), []byte(stderr.String()), 0o644))
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit code %d, want %d\n%s%s", got, want, stdout.String(), stderr.String())
	}
}

// growing is what a process has written until now.
type growing struct {
	mu   sync.Mutex
	text strings.Builder
}

func (g *growing) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.Write(b)
}

func (g *growing) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.String()
}
