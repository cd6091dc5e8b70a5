package main

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

// killsVariable is how often TestKill kills, for who has the time.
const killsVariable = "WFPSYNC_TEST_KILLS"

// killed is a local account that outlives the programs that talk to it, and
// counts what they upload.
type killed struct {
	account  *emulator.Emulator
	requests atomic.Int32
	at       int32         // the request to tell of; 0 for none
	reached  chan struct{} // is closed when it comes

	mu      sync.Mutex
	uploads map[string]int // that were done, by path
}

var upload = regexp.MustCompile(`/scripts/([^/?]+)$`)

func (k *killed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if k.requests.Add(1) == k.at {
		close(k.reached)
	}
	recorder := httptest.NewRecorder()
	k.account.ServeHTTP(recorder, r)
	if recorder.Code == http.StatusOK && r.Method == http.MethodPut && upload.MatchString(r.URL.Path) {
		k.mu.Lock()
		k.uploads[r.URL.Path]++
		k.mu.Unlock()
	}
	for name, values := range recorder.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes())
}

// TestKill kills the program in the midst of 300 changes, at a request that is
// drawn. The next run does the rest, and uploads nothing that was done.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	t.Parallel()
	kills := 10
	if raceDetector { // which slows the program down, too
		kills = 2
	}
	if value := os.Getenv(killsVariable); value != "" {
		n, err := strconv.Atoi(value)
		if err != nil {
			t.Fatal(err)
		}
		kills = n
	}
	program, err := exec.LookPath("wfpsync")
	if err != nil {
		t.Fatal(err)
	}
	stack := manyTenants(298) + "workers: { router: { script: 'export default {}', dispatch_namespaces: [{ binding: NS, namespace: fleet }] } }\n"
	want, requests, _ := killOnce(t, program, stack, 0, 0)
	random := rand.New(rand.NewPCG(2026, 9))
	repeated, completed := 0, 0
	for range kills {
		at := int32(1 + random.IntN(requests))
		got, _, uploads := killOnce(t, program, stack, at, time.Duration(random.IntN(3000))*time.Microsecond)
		if got != want {
			t.Fatalf("killed at request %d, the account is\n%s\nwant\n%s", at, got, want)
		}
		for path, n := range uploads {
			completed++
			if n > 1 {
				repeated++
				t.Errorf("killed at request %d: %s was uploaded %d times", at, path, n)
			}
		}
	}
	t.Logf("%d kills among %d requests; %d uploads, %d of them repeated", kills, requests, completed, repeated)
}

// killOnce applies a stack to an empty account, kills that, and applies it again.
func killOnce(t *testing.T, program, stack string, at int32, later time.Duration) (account string, requests int, uploads map[string]int) {
	t.Helper()
	dir, err := os.MkdirTemp("", "wfpsync-kill-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "wfpsync.yaml"), []byte(stack), 0o644); err != nil {
		t.Fatal(err)
	}
	local, err := emulator.Open(emulator.Options{Dir: filepath.Join(dir, "account"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	k := &killed{account: local, uploads: map[string]int{}, at: at, reached: make(chan struct{})}

	run := func(server *httptest.Server) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), program, "apply", "--auto-approve", "--quiet", "-f", dir)
		cmd.Env = append(os.Environ(),
			"CLOUDFLARE_BASE_URL="+server.URL+emulator.BasePath, "CLOUDFLARE_API_TOKEN=test", "CLOUDFLARE_ACCOUNT_ID="+emulator.LocalAccountID,
			requestLogVariable+"="+filepath.Join(dir, "requests"))
		return cmd
	}
	if at > 0 {
		server := httptest.NewServer(k)
		victim := run(server)
		if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = victim.Wait()
		}()
		select {
		case <-k.reached:
		case <-ended: // a run on a slow machine looks more often than one on a fast one
		case <-time.After(time.Minute):
			t.Errorf("request %d did not come", at)
		}
		time.Sleep(later) // for some moment between two requests
		_ = victim.Process.Kill()
		<-ended
		server.Close() // waits until what was sent is done
	}
	server := httptest.NewServer(k)
	defer server.Close()
	if out, err := run(server).CombinedOutput(); err != nil {
		t.Fatalf("killed at request %d, then: %v\n%s", at, err, out)
	}
	return dump(t, local), int(k.requests.Load()), k.uploads
}
