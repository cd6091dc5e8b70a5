package emulator_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

// object is a JSON object.
type object = map[string]any

func TestRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "local")
	paths := []string{"/accounts", "/workers/dispatch/namespaces", "/workers/dispatch/namespaces/prod/scripts", "/workers/scripts",
		emulatortest.Script("prod", "acme") + "/settings", emulatortest.Worker("router") + "/versions", emulatortest.Worker("router") + "/deployments", "/storage/kv/namespaces", "/d1/database", "/r2/buckets", "/queues", "/zones",
		"/workers/domains", emulatortest.Worker("router") + "/schedules", emulatortest.Worker("router") + "/subdomain"}
	var before []string
	t.Run("first", func(t *testing.T) {
		a := emulatortest.Open(t, emulator.Options{Dir: dir})
		a.Namespace("prod")
		kv := a.KV("store")
		a.Database("tenants")
		a.JSON("POST", "/r2/buckets", object{"name": "uploads"}).OK()
		queue := a.Queue("jobs")
		zone := a.Zone("example.com")
		a.Upload(emulatortest.Script("prod", "acme"), object{"tags": []string{"x"}, "bindings": []any{
			object{"type": "secret_text", "name": "S", "text": "hidden"}, object{"type": "kv_namespace", "name": "KV", "namespace_id": kv}}}).OK()
		a.Upload(emulatortest.Worker("router"), nil).OK()
		a.JSON("POST", "/zones/"+zone+"/workers/routes", object{"pattern": "*/*", "script": "router"}).OK()
		a.JSON("PUT", "/workers/domains", object{"hostname": "app.example.com", "service": "router"}).OK()
		a.JSON("POST", "/queues/"+queue+"/consumers", object{"type": "worker", "script_name": "router"}).OK()
		a.JSON("PUT", emulatortest.Worker("router")+"/schedules", []any{object{"cron": "0 0 * * *"}}).OK()
		a.JSON("POST", emulatortest.Worker("router")+"/subdomain", object{"enabled": true}).OK()
		a.Send("PUT", "/storage/kv/namespaces/"+kv+"/values/k", "", strings.NewReader("v")).OK()
		paths = append(paths, "/storage/kv/namespaces/"+kv+"/values/k", "/zones/"+zone+"/workers/routes")
		for _, path := range paths {
			before = append(before, string(a.Get(path).OK().Body))
		}
	})
	t.Run("second", func(t *testing.T) {
		a := emulatortest.Open(t, emulator.Options{Dir: dir})
		for i, path := range paths {
			if got := string(a.Get(path).OK().Body); got != before[i] {
				t.Errorf("%s was %s and is %s", path, before[i], got)
			}
		}
		// The secret can still be inherited.
		a.Upload(emulatortest.Script("prod", "acme")+"?bindings_inherit=strict", object{"bindings": []any{object{"type": "inherit", "name": "S"}}}).OK()
	})
	if runtime.GOOS == "windows" {
		return // modes mean little on Windows
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "account.db"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
}

// TestOutOfGit: git ignores a folder that was made for an account. A folder
// that existed before is left unchanged.
func TestOutOfGit(t *testing.T) {
	there := t.TempDir()
	made := filepath.Join(there, "project", "account")
	emulatortest.Open(t, emulator.Options{Dir: made})
	if rules, err := os.ReadFile(filepath.Join(made, ".gitignore")); err != nil || string(rules) != "*\n" {
		t.Errorf("git is told %q, %v", rules, err)
	}
	emulatortest.Open(t, emulator.Options{Dir: there})
	if _, err := os.Stat(filepath.Join(there, ".gitignore")); !os.IsNotExist(err) {
		t.Errorf("git ignores a folder that is not ours: %v", err)
	}
}

func TestInUse(t *testing.T) {
	dir := t.TempDir()
	emulatortest.Open(t, emulator.Options{Dir: dir})
	second, err := emulator.Open(emulator.Options{Dir: dir})
	if !errors.Is(err, emulator.ErrInUse) {
		t.Errorf("the second Open returned %v", err)
	}
	if second != nil {
		t.Error("the second Open returned an emulator")
	}
}

func TestNotAnAccount(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "account.db"), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := emulator.Open(emulator.Options{Dir: dir}); err == nil || errors.Is(err, emulator.ErrInUse) {
		t.Errorf("Open returned %v", err)
	}
}

// serveVariable makes the test binary run an emulator that can be killed.
const serveVariable = "EMULATOR_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveVariable); dir != "" {
		serve(dir)
	}
	os.Exit(m.Run())
}

func serve(dir string) {
	e, err := emulator.Open(emulator.Options{Dir: dir})
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	panic(http.Serve(listener, e))
}

// TestKill kills an emulator in the middle of many uploads, and expects to find
// every one that it had confirmed.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), serveVariable+"="+dir)
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + strings.TrimSpace(address) + emulator.BasePath
	remote := &emulatortest.Account{T: t, Base: base, ID: emulator.LocalAccountID}
	remote.Namespace("prod")

	var answered sync.Map
	var uploads sync.WaitGroup
	enough := make(chan struct{})
	var once sync.Once
	for i := range 8 {
		uploads.Go(func() {
			for j := 0; ; j++ {
				name := fmt.Sprintf("w-%d-%d", i, j)
				request, _ := http.NewRequest("PUT", base+"/accounts/"+remote.ID+emulatortest.Script("prod", name), strings.NewReader("// "+name))
				request.Header.Set("Authorization", "Bearer x")
				request.Header.Set("Content-Type", "application/javascript")
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					return // killed
				}
				response.Body.Close()
				if response.StatusCode == http.StatusOK {
					answered.Store(name, true)
				}
				if j == 20 {
					once.Do(func() { close(enough) })
				}
			}
		})
	}
	<-enough
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait() // the test killed it
	uploads.Wait()

	a := emulatortest.Open(t, emulator.Options{Dir: dir})
	n := 0
	answered.Range(func(name, _ any) bool {
		n++
		if got := a.Get(emulatortest.Script("prod", name.(string)) + "/content").OK(); string(got.Body) != "// "+name.(string) {
			t.Errorf("%s is %q", name, got.Body)
		}
		return true
	})
	if n < 21 {
		t.Errorf("only %d uploads were answered", n)
	}
}
