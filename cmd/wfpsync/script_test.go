package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wfpsync/wfpsync/internal/browsertest"
	"github.com/wfpsync/wfpsync/internal/emulator"
)

// The scripts run the real program against the local account. A script is a
// story from a user's day; see `go doc github.com/rogpeppe/go-internal/testscript`
// for the language, and the commands below for what it knows besides.

func TestMain(m *testing.M) {
	testscript.Main(quickly{m}, map[string]func(){"wfpsync": mainWithRequestLog, "gh": fakeGH})
}

// quickly runs the tests, which make much garbage from little that stays, with fewer
// collections of it; and as many of them at once as keep the processors busy, since
// some wait for a process or a browser.
type quickly struct{ *testing.M }

func (q quickly) Run() int {
	debug.SetGCPercent(thriftless)
	debug.SetMemoryLimit(1 << 30)
	if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	return q.M.Run()
}

// thriftless is GOGC for the tests, and for the programs of the scripts.
const thriftless = 400

// mainWithRequestLog is main, but notes the requests to the account on this
// machine in a file, for the checks that hold for every script.
func mainWithRequestLog() {
	a := newApp()
	log, err := os.OpenFile(os.Getenv(requestLogVariable), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	a.noSync = true
	a.middleware = func(local http.Handler) http.Handler {
		local.(*emulator.Emulator).ForTests().SetListShape(testedShape())
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			local.ServeHTTP(w, r)
			fmt.Fprintf(log, "%s %s\n", r.Method, r.RequestURI)
		})
	}
	code := a.run(context.Background(), os.Args[1:])
	if file := os.Getenv(statusVariable); file != "" {
		status, _ := os.ReadFile("/proc/self/status") // who wants it looks what is in it
		if err := os.WriteFile(file, status, 0o600); err != nil {
			panic(err)
		}
	}
	os.Exit(code)
}

const (
	requestLogVariable = "WFPSYNC_TEST_REQUEST_LOG"
	statusVariable     = "WFPSYNC_TEST_STATUS" // a file for what Linux knows about the process
)

func TestScripts(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Deadline:            deadline(t),
		UpdateScripts:       os.Getenv("WFPSYNC_UPDATE_SCRIPTS") != "",
		RequireExplicitExec: false,
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			env.Setenv(shapeVariable, os.Getenv(shapeVariable))
			env.Setenv(cacheVariable, filepath.Join(env.WorkDir, ".cache"))
			env.Setenv(requestLogVariable, filepath.Join(env.WorkDir, ".requests"))
			env.Setenv("WORKERD", installedWorkerd())
			env.Setenv("POLYFILLS", installedPolyfills())
			env.Setenv("ONLY_WFPSYNC", filepath.SplitList(env.Getenv("PATH"))[0]) // a PATH
			env.Setenv("GOGC", strconv.Itoa(thriftless))
			env.Values[devKey{}] = &devRuns{t: t, byName: map[string]*devRun{}}
			env.Values[browserKey{}] = new(*browsertest.Tab)
			env.Values[worldKey{}] = &world{dir: filepath.Join(env.WorkDir, ".wfpsync", "local")}
			env.Defer(func() { checkNoUserWorkerWentPublic(t, env) })
			return nil
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":      cmdExits,
			"example":    cmdExample,
			"replace":    cmdReplace,
			"append":     cmdAppend,
			"emulator":   cmdEmulator,
			"trouble":    cmdTrouble,
			"zone":       cmdZone,
			"dns":        cmdDNS,
			"saas":       cmdSaaS,
			"consume":    cmdConsume,
			"upload":     cmdUpload,
			"product":    cmdProduct,
			"page":       cmdPage,
			"shows":      cmdShows,
			"tamper":     cmdTamper,
			"requests":   cmdRequests,
			"sent":       cmdSent,
			"assets":     cmdAssets,
			"api":        cmdAPI,
			"tenants":    cmdTenants,
			"empty":      cmdEmpty,
			"signal":     cmdSignal,
			"dispatcher": cmdDispatcher,
			"fake":       cmdFake,
			"digest":     cmdDigest,
			"forge":      cmdForge,
			"ci":         cmdCI,
			"gitlab":     cmdGitLab,
			"valid":      cmdValid,
			"dev":        cmdDev,
			"occupy":     cmdOccupy,
			"browser":    cmdBrowser,
			"kv":         cmdKV,
			"rows":       cmdRows,
		},
	})
}

// condition returns what a script can ask of the machine: [workerd] and
// [chromium], that there is one, and [needs:PROGRAM]; and [tags], that lists
// show the tags of user Workers. What this machine has not is not tested on it.
func condition(name string) (bool, error) {
	if name == "polyfills" {
		return installedPolyfills() != "", nil
	}
	if name == "workerd" {
		return installedWorkerd() != "", nil
	}
	if name == "tags" {
		return !testedShape().WithoutTags, nil
	}
	if name == "chromium" {
		_, err := browsertest.Find()
		return err == nil, nil
	}
	program, ok := strings.CutPrefix(name, "needs:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	_, err := exec.LookPath(program)
	return err == nil, nil
}

// deadline ends a script that hangs before the test binary is killed. All scripts
// together take four minutes, and four times that under the race detector.
func deadline(t *testing.T) time.Time {
	limit := time.Now().Add(25 * time.Minute)
	if end, ok := t.Deadline(); ok && end.Before(limit) {
		return end
	}
	return limit
}

// exits CODE COMMAND ARG… runs a command that must exit with CODE.
func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exitErr *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exitErr) {
		got = exitErr.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func lookPath(path, name string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		if file := filepath.Join(dir, name); isFile(file) {
			return file, nil
		}
	}
	return "", fmt.Errorf("no %s in %s", name, path)
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
