package differential_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/spec"
)

// findWorkerd finds the workerd that `make runtime` installs.
func findWorkerd(t testing.TB) string {
	t.Helper()
	file := os.Getenv("WFPSYNC_WORKERD")
	if file == "" {
		var err error
		if file, err = wfpsync.FindWorkerd(); err != nil {
			t.Fatal(err)
		}
	}
	if file == "" {
		t.Skip("there is no workerd: `make runtime` installs it for the tests")
	}
	return file
}

// A runner is a workerd that runs the bundles of one project, each in an
// isolate of its own.
type runner struct {
	url     string
	client  http.Client
	workers map[string]worker
}

// A worker is what the host loads.
type worker struct {
	Main    string                    `json:"mainModule"`
	Modules map[string]map[string]any `json:"modules"`
	Date    string                    `json:"compatibilityDate"`
	Flags   []string                  `json:"compatibilityFlags"`
	Env     map[string]string         `json:"env"`
}

// kinds are the loader's words for the types of modules.
var kinds = map[spec.ModuleType]string{
	spec.ESModule: "js", spec.CommonJS: "cjs", spec.WebAssembly: "wasm", spec.TextModule: "text", spec.BinaryModule: "data",
}

// config is a host that loads Workers. They reach what listens on this machine.
const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ( name = "host", worker = (
      modules = [ ( name = "host.js", esModule = embed "host.js" ) ],
      compatibilityDate = "2026-11-17",
      bindings = [ ( name = "LOADER", workerLoader = ( id = "differential" ) ), ( name = "CODE", service = "code" ) ],
      globalOutbound = "machine" ) ),
    ( name = "code", external = ( address = "%s", http = () ) ),
    ( name = "machine", network = ( allow = ["local"] ) ),
  ],
  sockets = [ ( name = "http", address = "127.0.0.1:0", http = (), service = "host" ) ],
);
`

// startRunner starts a workerd for one project.
func startRunner(t testing.TB, workerd string) *runner {
	t.Helper()
	r := &runner{client: http.Client{Timeout: 20 * time.Second}, workers: map[string]worker{}}
	code := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		_ = json.NewEncoder(w).Encode(r.workers[strings.TrimPrefix(request.URL.Path, "/")])
	}))
	t.Cleanup(code.Close)
	folder := t.TempDir()
	host, err := os.ReadFile("host.js")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"host.js": string(host), "config.capnp": fmt.Sprintf(config, code.Listener.Addr())} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	events, eventsOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close()
	var said bytes.Buffer
	cmd := exec.Command(workerd, "serve", "--experimental", "--control-fd=3", "config.capnp")
	cmd.Dir, cmd.ExtraFiles, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = folder, []*os.File{eventsOut}, &said, &said, time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventsOut.Close()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if testing.Verbose() && said.Len() > 0 {
			t.Log(shorten(said.String(), 4000))
		}
	})
	var event struct{ Port int }
	if err := json.NewDecoder(bufio.NewReader(events)).Decode(&event); err != nil {
		t.Fatalf("workerd does not start: %v\n%s", err, said.String())
	}
	r.url = fmt.Sprintf("http://127.0.0.1:%d", event.Port)
	return r
}

// An answer is what a bundle answers to a request. Where a tool made no bundle,
// the body is what the tool said.
type answer struct {
	status int
	body   string
}

// run sends a project's requests to a bundle.
func (r *runner) run(t testing.TB, id string, b bundle, c column, env map[string]string, requests []request) []answer {
	t.Helper()
	if b.Failed != "" {
		return []answer{{body: b.Failed}}
	}
	loaded := worker{Main: b.Main, Modules: map[string]map[string]any{}, Date: c.date, Flags: append([]string{}, c.flags...), Env: env}
	for _, m := range b.Modules {
		var content any = string(m.Content)
		if m.Type == spec.WebAssembly || m.Type == spec.BinaryModule {
			content = m.Content // base64 in JSON
		}
		kind, known := kinds[m.Type]
		if !known {
			t.Fatalf("%s has a module of type %q", id, m.Type)
		}
		// Imports of "./NAME" and uploads of "./NAME" mean NAME.
		loaded.Modules[strings.TrimPrefix(m.Name, "./")] = map[string]any{kind: content}
	}
	r.workers[id] = loaded
	var answers []answer
	for _, wanted := range requests {
		answers = append(answers, r.send(t, id, wanted))
	}
	return answers
}

// send sends a request to a bundle.
func (r *runner) send(t testing.TB, id string, wanted request) answer {
	t.Helper()
	request, err := http.NewRequest(wanted.method, r.url+wanted.path, strings.NewReader(wanted.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Differential-Worker", id)
	request.Host = "worker.example.com"
	response, err := r.client.Do(request)
	if err != nil {
		return answer{body: err.Error()}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{body: err.Error()}
	}
	return answer{response.StatusCode, string(body)}
}

// right reports whether a bundle has answered each request as wanted.
func right(answers []answer, requests []request) bool {
	if len(answers) != len(requests) {
		return false
	}
	for i, a := range answers {
		if a.status != requests[i].status || requests[i].want != anything && strings.TrimSpace(a.body) != requests[i].want {
			return false
		}
	}
	return true
}

// wrong is the first answer that is not as wanted, in a line.
func wrong(answers []answer, requests []request) string {
	for i, a := range answers {
		if !right(answers[i:i+1], requests[i:i+1]) {
			return a.of(requests[i])
		}
	}
	return "right"
}

// of says what was answered to a request, in a line.
func (a answer) of(r request) string {
	if a.status == 0 {
		return shorten(a.body, 200)
	}
	return fmt.Sprintf("%s %s: %d %s", r.method, r.path, a.status, shorten(a.body, 200))
}

// shorten puts text on a line, of a length that can be read.
func shorten(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
