package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wfpsync/wfpsync/internal/emulator/proctest"
)

// installedWorkerd is the real runtime, or "".
func installedWorkerd() string {
	a := &app{lookupEnv: os.LookupEnv}
	file, _ := a.workerdIfAny()
	return file
}

// patience is how long a script waits for what dev does.
const patience = 30 * time.Second

// devRun is a `wfpsync dev` that a script has started.
type devRun struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	page   string // its URL
	api    string // that of the account
	mu     sync.Mutex
	stderr bytes.Buffer
	exited chan struct{}
}

type devKey struct{}

func (d *devRun) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stderr.Write(b)
}

func (d *devRun) said() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stderr.String()
}

// dev start ARG… starts `wfpsync dev` on a free port; $API is the account's API.
// dev answers HOST PATH REGEXP waits until a request is answered with a body that matches.
// dev heads HOST PATH REGEXP waits until the status and the headers, sorted, of one that follows no redirect match.
// dev page PATH REGEXP waits until its page has something there that matches.
// dev says REGEXP waits until dev has printed it, errors included.
// dev kill-runtime kills its workerd.
// dev stop interrupts it; it must end at once, and leave no process behind.
func cmdDev(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] == "start" {
		startDev(ts, args[1:])
		return
	}
	d := ts.Value(devKey{}).(*devRun)
	switch args[0] {
	case "answers":
		want := regexp.MustCompile(args[3])
		d.await(ts, func() (string, bool) {
			body := get(d.url+args[2], args[1])
			return body, want.MatchString(body)
		})
	case "heads":
		want := regexp.MustCompile(args[3])
		d.await(ts, func() (string, bool) {
			head := getHead(d.url+args[2], args[1])
			return head, want.MatchString(head)
		})
	case "page":
		want := regexp.MustCompile(args[2])
		d.await(ts, func() (string, bool) {
			body := get(d.page+args[1], "")
			return body, want.MatchString(body)
		})
	case "says":
		want := regexp.MustCompile(args[1])
		d.await(ts, func() (string, bool) { return "", want.MatchString(d.said()) })
	case "kill-runtime":
		for _, process := range d.runtimes() {
			ts.Check(process.Kill())
		}
	case "stop":
		runtimes := d.runtimes()
		ts.Check(d.cmd.Process.Signal(os.Interrupt))
		d.await(ts, func() (string, bool) { return "it still runs", isClosed(d.exited) })
		if code := d.cmd.ProcessState.ExitCode(); code != exitOK {
			ts.Fatalf("dev ended with %d:\n%s", code, d.said())
		}
		for _, process := range runtimes {
			d.await(ts, func() (string, bool) { return "workerd still runs", proctest.Gone(process) })
		}
	default:
		ts.Fatalf("unknown word %q", args[0])
	}
}

// runtimes are the workerd processes that it has started.
func (d *devRun) runtimes() []*os.Process {
	return proctest.Children(d.t, d.cmd.Process.Pid, "workerd")
}

func startDev(ts *testscript.TestScript, args []string) {
	program, err := lookPath(ts.Getenv("PATH"), "wfpsync")
	ts.Check(err)
	d := ts.Value(devKey{}).(*devRun)
	*d = devRun{t: d.t, exited: make(chan struct{})}
	d.cmd = exec.Command(program, append([]string{"dev", "--port", "0"}, args...)...)
	d.cmd.Dir, d.cmd.Stderr = ts.MkAbs("."), d
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "WFPSYNC_WORKERD", requestLogVariable} {
		d.cmd.Env = append(d.cmd.Env, name+"="+ts.Getenv(name))
	}
	stdout, err := d.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(d.cmd.Start())
	ts.Defer(func() { _ = d.cmd.Process.Kill() })
	found := make(chan string, 1)
	go func() {
		defer close(d.exited)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if m := regexp.MustCompile(` at http://localhost:(\d+) .* page is at (http://localhost:\d+) and the API at (\S+)\.$`).FindStringSubmatch(lines.Text()); m != nil {
				d.page, d.api = m[2], m[3]
				found <- "http://127.0.0.1:" + m[1]
			}
		}
		_ = d.cmd.Wait()
	}()
	select {
	case d.url = <-found:
		ts.Setenv("API", d.api)
	case <-d.exited:
		ts.Fatalf("dev ended:\n%s", d.said())
	case <-time.After(patience):
		ts.Fatalf("dev is not ready:\n%s", d.said())
	}
}

// await asks until something holds.
func (d *devRun) await(ts *testscript.TestScript, holds func() (string, bool)) {
	last, ok := holds()
	for end := time.Now().Add(patience); !ok && time.Now().Before(end); last, ok = holds() {
		time.Sleep(10 * time.Millisecond)
	}
	if !ok {
		ts.Fatalf("waited in vain; the last answer was %q, and dev said\n%s", last, d.said())
	}
}

// get is the answer of a host, "" for that of the URL.
func get(url, host string) string {
	_, body := getAll(&http.Client{Timeout: patience}, url, host)
	return body
}

func getHead(url, host string) string {
	stays := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	head, body := getAll(&http.Client{Timeout: patience, CheckRedirect: stays}, url, host)
	return cmp.Or(head, body)
}

// getAll returns the status and the headers of an answer, and its body, or why there is none.
func getAll(client *http.Client, url, host string) (head, body string) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return "", err.Error()
	}
	request.Host = host
	response, err := client.Do(request)
	if err != nil {
		return "", err.Error()
	}
	defer response.Body.Close()
	var b strings.Builder
	fmt.Fprintln(&b, response.StatusCode)
	_ = response.Header.Write(&b) // a builder takes everything
	content, err := io.ReadAll(response.Body)
	return strings.ReplaceAll(b.String(), "\r", ""), string(content) + errorText(err)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// occupy VARIABLE listens on a port for the rest of the script.
func cmdOccupy(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = listener.Close() })
	ts.Setenv(args[0], strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
}

// TestRuntimeDiesWithDev kills `wfpsync dev` the hard way: workerd must not
// outlive it.
func TestRuntimeDiesWithDev(t *testing.T) {
	if installedWorkerd() == "" {
		t.Skip("there is no workerd: `make runtime` installs it for the tests")
	}
	testscript.Run(t, testscript.Params{
		Files: []string{filepath.Join("testdata", "dev_killed.txtar")},
		Setup: func(env *testscript.Env) error { return setUpDev(t, env) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"example": cmdExample,
			"dev":     cmdDev,
			"killed": func(ts *testscript.TestScript, _ bool, _ []string) {
				d := ts.Value(devKey{}).(*devRun)
				runtimes := d.runtimes()
				if len(runtimes) == 0 {
					ts.Fatalf("there is no workerd to die")
				}
				ts.Check(d.cmd.Process.Kill())
				for _, process := range runtimes {
					d.await(ts, func() (string, bool) { return "workerd still runs", proctest.Gone(process) })
				}
			},
		},
	})
}

func setUpDev(t *testing.T, env *testscript.Env) error {
	examples, err := filepath.Abs("../../examples")
	env.Setenv("EXAMPLES", examples)
	env.Setenv("WFPSYNC_WORKERD", installedWorkerd())
	env.Setenv(requestLogVariable, filepath.Join(env.WorkDir, ".requests"))
	env.Values[devKey{}] = &devRun{t: t}
	return err
}
