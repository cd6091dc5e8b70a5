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
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wfpsync/wfpsync/internal/emulator/proctest"
	"github.com/wfpsync/wfpsync/internal/polyfills"
)

// installedWorkerd returns the real runtime, or "".
func installedWorkerd() string {
	a := &app{lookupEnv: os.LookupEnv}
	file, _ := a.workerdIfAny()
	return file
}

// installedPolyfills is the folder of the polyfills that `make runtime` has installed, "" without any.
func installedPolyfills() string {
	cache, err := polyfills.Cache()
	if err != nil {
		return ""
	}
	if _, err := polyfills.Open(cache); err != nil {
		return ""
	}
	return cache
}

// patience is how long a script waits for what dev does.
const patience = 90 * time.Second

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
	begun  chan string // the answer of `begins`
}

// devRuns are those of a script, by the names that it gives them; most have one, without a name.
type devRuns struct {
	t      *testing.T
	byName map[string]*devRun
}

type devKey struct{}

// devOf returns the `wfpsync dev` of a name.
func devOf(ts *testscript.TestScript, name string) *devRun {
	d := ts.Value(devKey{}).(*devRuns).byName[name]
	if d == nil {
		ts.Fatalf("there is no `dev %s`", strings.TrimSpace(name+" start"))
	}
	return d
}

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
// dev begins HOST PATH sends a request and does not wait for the answer.
// dev ends REGEXP waits for it.
// dev loaded HOST PATH REGEXP kills its workerd again and again under a load of such requests.
// dev says REGEXP waits until dev has printed it, errors included; with ! it has not.
// dev said N REGEXP waits until dev has printed it so often, and expects that it was not more.
// dev kill-runtime kills its workerd.
// dev stop interrupts it; it must end at once, and leave no process behind.
// dev kill kills it; it must leave no process behind.
// dev NAME: WORD… is another one, beside the others.
func cmdDev(ts *testscript.TestScript, neg bool, args []string) {
	name, named := strings.CutSuffix(args[0], ":")
	if named {
		args = args[1:]
	} else {
		name = ""
	}
	if args[0] == "start" {
		startDev(ts, name, args[1:])
		return
	}
	d := devOf(ts, name)
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
	case "begins":
		begun := make(chan string, 1)
		d.begun = begun
		go func() { begun <- get(d.url+args[2], args[1]) }()
	case "ends":
		if answer := <-d.begun; !regexp.MustCompile(args[1]).MatchString(answer) {
			ts.Fatalf("the answer was %q, and dev said\n%s", answer, d.said())
		}
	case "loaded":
		d.loaded(ts, args[1], args[2], regexp.MustCompile(args[3]))
	case "says":
		want := regexp.MustCompile(args[1])
		if neg {
			if said := d.said(); want.MatchString(said) {
				ts.Fatalf("dev said\n%s", said)
			}
			return
		}
		d.await(ts, func() (string, bool) { return "", want.MatchString(d.said()) })
	case "said":
		want, err := strconv.Atoi(args[1])
		ts.Check(err)
		got, pattern := 0, regexp.MustCompile(args[2])
		d.await(ts, func() (string, bool) {
			got = len(pattern.FindAllString(d.said(), -1))
			return fmt.Sprintf("%d times", got), got >= want
		})
		if got > want {
			ts.Fatalf("dev said that %d times, want %d:\n%s", got, want, d.said())
		}
	case "kill-runtime":
		d.killRuntimes(ts)
	case "kill":
		d.end(ts, os.Kill)
	case "stop":
		d.end(ts, os.Interrupt)
		if code := d.cmd.ProcessState.ExitCode(); code != exitOK {
			ts.Fatalf("dev ended with %d:\n%s", code, d.said())
		}
	default:
		ts.Fatalf("unknown word %q", args[0])
	}
}

// runtimes returns the workerd processes that it has started.
func (d *devRun) runtimes() []*os.Process {
	return proctest.Children(d.t, d.cmd.Process.Pid, "workerd")
}

func (d *devRun) killRuntimes(ts *testscript.TestScript) {
	for _, process := range d.runtimes() {
		ts.Check(process.Kill())
	}
}

// end waits until dev and its workerd are gone.
func (d *devRun) end(ts *testscript.TestScript, by os.Signal) {
	runtimes := d.runtimes()
	if len(runtimes) == 0 {
		ts.Fatalf("there is no workerd that could be left behind")
	}
	ts.Check(d.cmd.Process.Signal(by))
	d.await(ts, func() (string, bool) { return "it still runs", isClosed(d.exited) })
	for _, process := range runtimes {
		d.await(ts, func() (string, bool) { return "workerd still runs", proctest.Gone(process) })
	}
}

// How a runtime is killed under load: so often, while so many ask without a pause.
const (
	loadedKills   = 3
	loadedClients = 8
)

// loaded kills the runtime while clients ask on and on. Each of them may lose the request that was with the runtime when it
// died, and no other.
func (d *devRun) loaded(ts *testscript.TestScript, host, path string, want *regexp.Regexp) {
	var answered, lost atomic.Int32
	var wrong atomic.Value
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range loadedClients {
		clients.Go(func() {
			for !isClosed(stop) {
				if answer := get(d.url+path, host); want.MatchString(answer) {
					answered.Add(1)
				} else {
					lost.Add(1)
					wrong.Store(answer)
				}
			}
		})
	}
	goesOn := func() {
		before := answered.Load()
		d.await(ts, func() (string, bool) { return "no request is answered", answered.Load() > before+10*loadedClients })
	}
	goesOn()
	for range loadedKills {
		d.killRuntimes(ts)
		goesOn()
	}
	close(stop)
	clients.Wait()
	ts.Logf("%d requests were answered and %d lost", answered.Load(), lost.Load())
	if n := lost.Load(); n > loadedKills*loadedClients {
		ts.Fatalf("%d requests were lost and %d answered; the last one that was lost got %q, and dev said\n%s", n, answered.Load(), wrong.Load(), d.said())
	}
}

func startDev(ts *testscript.TestScript, name string, args []string) {
	program, err := lookPath(ts.Getenv("PATH"), "wfpsync")
	ts.Check(err)
	runs := ts.Value(devKey{}).(*devRuns)
	d := &devRun{t: runs.t, exited: make(chan struct{})}
	runs.byName[name] = d
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

// once sends a request once: what was sent on a connection that had been used before is sent again where that one breaks.
var once = &http.Transport{DisableKeepAlives: true}

// get returns the answer of a host, "" for that of the URL.
func get(url, host string) string {
	_, body := getAll(&http.Client{Transport: once, Timeout: patience}, url, host)
	return body
}

func getHead(url, host string) string {
	stays := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	head, body := getAll(&http.Client{Transport: once, Timeout: patience, CheckRedirect: stays}, url, host)
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
