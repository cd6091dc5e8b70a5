package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
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

	"github.com/wfpsync/wfpsync/internal/browsertest"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/schema"
)

// The scripts run the real program against the local account. A script is a
// story from a user's day; see `go doc github.com/rogpeppe/go-internal/testscript`
// for the language, and the commands below for what it knows besides.

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"wfpsync": mainWithRequestLog, "gh": fakeGH})
}

// mainWithRequestLog is main, but notes the requests to the account on this
// machine in a file, for the checks that hold for every script.
func mainWithRequestLog() {
	a := newApp()
	log, err := os.OpenFile(os.Getenv(requestLogVariable), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	a.listShape = testedShape()
	a.observe = func(r emulator.Request) { fmt.Fprintf(log, "%s %s\n", r.Method, r.Path) }
	os.Exit(a.run(context.Background(), os.Args[1:]))
}

const requestLogVariable = "WFPSYNC_TEST_REQUEST_LOG"

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
			env.Values[devKey{}] = &devRun{t: t}
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

// condition is what a script can ask of the machine: [workerd] and [chromium], that
// there is one, and [needs:PROGRAM]; and [tags], that lists show the tags of user
// Workers. What this machine has not is not tested on it.
func condition(name string) (bool, error) {
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

// deadline ends a script that hangs long before the test binary is killed.
func deadline(t *testing.T) time.Time {
	limit := time.Now().Add(8 * time.Minute)
	if end, ok := t.Deadline(); ok && end.Before(limit) {
		return end
	}
	return limit
}

type worldKey struct{}

// world is the account that a script's commands talk to.
type world struct {
	dir    string // of the local account
	url    string // of the emulator, when it is served
	mu     sync.Mutex
	seen   []emulator.Request
	all    []emulator.Request // not forgotten by `requests reset`
	served *emulator.Emulator
	forge  *forge // that the workflow of CI talks to
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

func (w *world) observe(r emulator.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen, w.all = append(w.seen, r), append(w.all, r)
}

// checkNoUserWorkerWentPublic holds for every script: a request for a user
// Worker never goes to the account's own scripts, which would publish a
// customer's code.
func checkNoUserWorkerWentPublic(t *testing.T, env *testscript.Env) {
	w := env.Values[worldKey{}].(*world)
	account := regexp.MustCompile(` /client/v4/accounts/[^/]+/workers/scripts/([^/?]+)`)
	inNamespace := regexp.MustCompile(`/workers/dispatch/namespaces/[^/]+/scripts/([^/?]+)`)
	var requests []string
	for _, r := range w.all {
		requests = append(requests, r.Method+" "+r.Path)
	}
	if log, err := os.ReadFile(filepath.Join(env.WorkDir, ".requests")); err == nil {
		requests = append(requests, strings.Split(string(log), "\n")...)
	}
	userWorkers := map[string]bool{}
	for _, r := range requests {
		if m := inNamespace.FindStringSubmatch(r); m != nil {
			userWorkers[m[1]] = true
		}
	}
	for _, r := range requests {
		if m := account.FindStringSubmatch(r); m != nil && userWorkers[m[1]] {
			t.Errorf("a user Worker was asked for among the account's own: %s", r)
		}
	}
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

// example NAME copies an example into the working directory.
func cmdExample(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.CopyFS(ts.MkAbs("."), os.DirFS(filepath.Join(ts.Getenv("EXAMPLES"), args[0]))))
}

// replace FILE OLD NEW edits a file; OLD must be in it. \n stands for a line break.
func cmdReplace(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	data, err := os.ReadFile(name)
	ts.Check(err)
	unescape := strings.NewReplacer(`\n`, "\n")
	before, after := unescape.Replace(args[1]), unescape.Replace(args[2])
	if !strings.Contains(string(data), before) {
		ts.Fatalf("%s has no %q", args[0], before)
	}
	ts.Check(os.WriteFile(name, []byte(strings.ReplaceAll(string(data), before, after)), 0o644))
}

// consume QUEUE WORKER makes a Worker the consumer of a queue, as somebody else
// would; the Worker - is nobody.
func cmdConsume(ts *testscript.TestScript, _ bool, args []string) {
	var answer struct {
		Result []struct {
			ID        string `json:"queue_id"`
			Consumers []struct {
				ID string `json:"consumer_id"`
			}
		}
	}
	_, body := ask(ts, http.MethodGet, "/queues?name="+args[0])
	ts.Check(json.Unmarshal(body, &answer))
	path := "/queues/" + answer.Result[0].ID + "/consumers"
	var status int
	if args[1] == "-" {
		status, body = ask(ts, http.MethodDelete, path+"/"+answer.Result[0].Consumers[0].ID)
	} else {
		status, body = ask(ts, http.MethodPost, path, fmt.Sprintf(`{"type":"worker","script_name":%q}`, args[1]))
	}
	if status != http.StatusOK {
		ts.Fatalf("status %d: %s", status, body)
	}
}

// zone NAME… gives the account zones.
func cmdZone(ts *testscript.TestScript, _ bool, args []string) {
	worldOf(ts).with(ts, func(account *emulator.Emulator) {
		for _, name := range args {
			ts.Check(account.EnsureZone(emulator.LocalAccountID, name))
		}
	})
}

// append FILE TEXT adds a text at the end of a file. \n stands for a line break.
func cmdAppend(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	data, err := os.ReadFile(name)
	ts.Check(err)
	ts.Check(os.WriteFile(name, append(data, strings.ReplaceAll(args[1], `\n`, "\n")...), 0o644))
}

// emulator start [SHAPE…] [slow] serves an account over HTTP for the rest of the
// script, and points wfpsync at it.
// emulator shape [SHAPE…] changes how it lists user Workers; see [shapeWord].
func cmdEmulator(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	shape, latency := emulator.ListShape{}, time.Duration(0)
	if args[0] == "start" {
		shape = testedShape()
	}
	for _, word := range args[1:] {
		if word == "slow" {
			latency = 300 * time.Millisecond
		} else if !shapeWord(&shape, word) {
			ts.Fatalf("unknown word %q", word)
		}
	}
	if args[0] == "shape" {
		w.served.SetListShape(shape)
		return
	}
	account, err := emulator.Open(emulator.Options{Dir: w.dir, ListShape: shape, Latency: latency, Observe: w.observe})
	ts.Check(err)
	ts.Check(account.EnsureZone(emulator.LocalAccountID, "example.com"))
	server := httptest.NewServer(account)
	ts.Defer(func() {
		server.Close()
		_ = account.Close()
	})
	w.served, w.url = account, server.URL
	ts.Setenv("CLOUDFLARE_BASE_URL", server.URL+"/client/v4")
	ts.Setenv("CLOUDFLARE_API_TOKEN", "test-token")
	ts.Setenv("CLOUDFLARE_ACCOUNT_ID", emulator.LocalAccountID)
}

// trouble WORD… lets the account that is served answer as the real API does when
// something is wrong; no words end all trouble.
func cmdTrouble(ts *testscript.TestScript, _ bool, args []string) {
	var t emulator.Trouble
	for _, word := range args {
		product, denied := strings.CutPrefix(word, "without:")
		key, unsuccessful := strings.CutPrefix(word, "kv-unsuccessful:")
		switch {
		case denied:
			t.Denied = append(t.Denied, product)
		case unsuccessful:
			t.KVUnsuccessful = append(t.KVUnsuccessful, key)
		case word == "invalid-token":
			t.InvalidToken = true
		case word == "expired-token":
			t.TokenStatus = "expired"
		case word == "not-entitled":
			t.NotEntitled = true
		case word == "no-saas":
			t.NoSaaS = true
		case word == "no-metadata":
			t.NoMetadata = true
		case word == "no-account":
			t.NoAccounts = true
		case word == "two-accounts":
			t.SecondAccount = true
		case word == "html":
			t.HTML = true
		case word == "skewed":
			t.Skew = 2 * time.Hour
		default:
			ts.Fatalf("unknown trouble %q", word)
		}
	}
	worldOf(ts).served.SetTrouble(t)
}

// with runs something on the account, which may or may not be served.
func (w *world) with(ts *testscript.TestScript, do func(*emulator.Emulator)) {
	if w.served != nil {
		do(w.served)
		return
	}
	account, err := emulator.Open(emulator.Options{Dir: w.dir})
	ts.Check(err)
	defer func() { ts.Check(account.Close()) }()
	do(account)
}

// upload NAMESPACE NAME [TAG…] uploads a script as somebody else would; the
// namespace - stands for the account itself.
// upload NAMESPACE *N uploads N scripts.
func cmdUpload(ts *testscript.TestScript, _ bool, args []string) {
	namespace := strings.TrimPrefix(args[0], "-")
	metadata, err := json.Marshal(map[string]any{"tags": args[2:], "compatibility_date": "2026-01-01"})
	ts.Check(err)
	worldOf(ts).with(ts, func(account *emulator.Emulator) {
		ts.Check(account.Seed(emulator.LocalAccountID, namespace, func(yield func(emulator.Seed) bool) {
			if n, many := strings.CutPrefix(args[1], "*"); many {
				count, err := strconv.Atoi(n)
				ts.Check(err)
				for i := range count {
					if !yield(emulator.Seed{Name: fmt.Sprintf("seeded-%05d", i), Metadata: metadata}) {
						return
					}
				}
				return
			}
			yield(emulator.Seed{Name: args[1], Metadata: metadata})
		}))
	})
}

// tamper NAMESPACE NAME settings JSON | code TEXT | touch | delete changes a
// script behind our back, an hour from now.
func cmdTamper(ts *testscript.TestScript, _ bool, args []string) {
	t := emulator.Tampering{ModifiedOn: time.Now().Add(time.Hour)}
	switch args[2] {
	case "settings":
		t.Settings = json.RawMessage(args[3])
	case "code":
		t.Modules = []emulator.Module{{Name: "index.js", Content: []byte(args[3])}}
	case "touch":
		t.Settings = json.RawMessage("{}")
	case "delete":
		t.Delete = true
	default:
		ts.Fatalf("unknown tampering %q", args[2])
	}
	worldOf(ts).with(ts, func(account *emulator.Emulator) {
		ts.Check(account.Tamper(emulator.LocalAccountID, strings.TrimPrefix(args[0], "-"), args[1], t))
	})
}

// requests reset forgets the requests so far.
// requests N REGEXP expects N requests whose "METHOD PATH" matches.
func cmdRequests(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	w.mu.Lock()
	defer w.mu.Unlock()
	if args[0] == "reset" {
		w.seen = nil
		return
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	pattern := regexp.MustCompile(args[1])
	var list []string
	got := 0
	for _, r := range w.seen {
		line := r.Method + " " + r.Path
		list = append(list, line)
		if pattern.MatchString(line) {
			got++
		}
	}
	if got != want {
		ts.Fatalf("%d requests match %q, want %d:\n%s", got, args[1], want, strings.Join(list, "\n"))
	}
}

// sent N expects that N static files were uploaded since `requests reset`.
func cmdSent(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	w.mu.Lock()
	defer w.mu.Unlock()
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	for _, r := range w.seen {
		got += r.Files
	}
	if got != want {
		ts.Fatalf("%d static files were sent, want %d", got, want)
	}
}

// assets NAMESPACE NAME puts the static files that a script serves into the file
// assets.txt, each as PATH TYPE HASH CONTENT; the namespace - stands for the
// account itself.
func cmdAssets(ts *testscript.TestScript, _ bool, args []string) {
	var b strings.Builder
	worldOf(ts).with(ts, func(account *emulator.Emulator) {
		served, err := account.ServedAssets(emulator.LocalAccountID, strings.TrimPrefix(args[0], "-"), args[1])
		ts.Check(err)
		for _, file := range served {
			fmt.Fprintf(&b, "%s %q %s %q\n", file.Path, file.Type, file.Hash, file.Content)
		}
	})
	ts.Check(os.WriteFile(ts.MkAbs("assets.txt"), []byte(b.String()), 0o644))
}

// api METHOD PATH [BODY] asks the account, as curl would, and puts the answer into
// the file api.json. PATH begins after /accounts/ID.
func cmdAPI(ts *testscript.TestScript, neg bool, args []string) {
	status, body := ask(ts, args[0], args[1], args[2:]...)
	if ok := status < 400; ok == neg {
		ts.Fatalf("status %d: %s", status, body)
	}
	ts.Check(os.WriteFile(ts.MkAbs("api.json"), body, 0o644))
}

func ask(ts *testscript.TestScript, method, path string, sent ...string) (int, []byte) {
	var status int
	var body []byte
	worldOf(ts).with(ts, func(account *emulator.Emulator) { status, body = request(account, method, path, sent...) })
	return status, body
}

// tenants N [BROKEN] writes a stack file with N user Workers, each with code
// and a variable of its own.
func cmdTenants(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var b bytes.Buffer
	b.WriteString("version: 1\nname: fleet\ndefaults: { compatibility_date: 2026-10-01 }\ndispatch_namespaces: { fleet: {} }\nuser_workers:\n")
	for i := range n {
		fmt.Fprintf(&b, "  tenant-%05d:\n    dispatch_namespace: fleet\n    script: export default { fetch() { return new Response('tenant %d') } }\n    vars: { ID: '%d' }\n", i, i, i)
	}
	ts.Check(os.WriteFile(ts.MkAbs("wfpsync.yaml"), b.Bytes(), 0o644))
}

// empty expects an account without anything in it.
func cmdEmpty(ts *testscript.TestScript, _ bool, _ []string) {
	for _, path := range []string{"/workers/dispatch/namespaces", "/workers/scripts", "/storage/kv/namespaces"} {
		status, body := ask(ts, http.MethodGet, path)
		var answer struct{ Result []any }
		ts.Check(json.Unmarshal(body, &answer))
		if status != http.StatusOK || len(answer.Result) > 0 {
			ts.Fatalf("%s is not empty: %s", path, body)
		}
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

func (w *world) saw(pattern *regexp.Regexp) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.seen {
		if pattern.MatchString(r.Method + " " + r.Path) {
			return true
		}
	}
	return false
}

// fake STATUS BODY [REGEXP] points wfpsync at a server that answers everything
// so; or what matches, as "METHOD PATH", and the account that is served the rest.
func cmdFake(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	pattern := regexp.MustCompile(strings.Join(args[2:], ""))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !pattern.MatchString(r.Method + " " + r.URL.Path) {
			worldOf(ts).served.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(args[1]))
	}))
	ts.Defer(server.Close)
	ts.Setenv("CLOUDFLARE_BASE_URL", server.URL+"/client/v4")
	ts.Setenv("CLOUDFLARE_API_TOKEN", "test-token")
}

// digest FILE VARIABLE puts a plan's digest into a variable.
func cmdDigest(ts *testscript.TestScript, _ bool, args []string) {
	var plan struct{ Digest string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &plan))
	ts.Setenv(args[1], plan.Digest)
}

// valid FILE checks a plan, and valid events FILE the events of an apply, each
// against its schema.
func cmdValid(ts *testscript.TestScript, _ bool, args []string) {
	documents, validate := []string{ts.ReadFile(args[len(args)-1])}, schema.ValidatePlan
	if args[0] == "events" {
		documents, validate = strings.Split(strings.TrimSpace(documents[0]), "\n"), schema.ValidateEvent
	}
	for _, document := range documents {
		var value any
		ts.Check(json.Unmarshal([]byte(document), &value))
		for _, violation := range validate(value) {
			ts.Fatalf("%s: %s: %s in\n%s", args[0], violation.Pointer, violation.Message, document)
		}
	}
}
