package wfpsync_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync"
)

// TestLibrary builds examples/library outside of the module, as another
// person's program, lets it sign a customer up, and sends a request to the
// customer's Worker.
func TestLibrary(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("examples/library")); err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	goIn(t, dir, "mod", "edit", "-replace=github.com/wfpsync/wfpsync="+here)
	goIn(t, dir, "build", "-o", "signup", ".")

	program := exec.CommandContext(t.Context(), filepath.Join(dir, "signup"), "-local", ".wfpsync", "-listen", "127.0.0.1:0")
	program.Dir, program.Stderr = dir, t.Output()
	program.Cancel = func() error { return program.Process.Signal(os.Interrupt) }
	program.WaitDelay = 10 * time.Second
	printed, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	var signups, customers string
	for lines := bufio.NewScanner(printed); signups == "" && lines.Scan(); {
		if url, ok := strings.CutPrefix(lines.Text(), "customers answer at "); ok {
			customers = url
		}
		if url, ok := strings.CutPrefix(lines.Text(), "sign-ups are taken at "); ok {
			signups = url
		}
	}
	if signups == "" {
		t.Fatalf("the program says no address: %v", program.Wait())
	}

	for _, test := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"id":"globex","plan":"free"}`, http.StatusCreated, ""},
		{`{"id":"globex","plan":"pro"}`, http.StatusUnprocessableEntity, "is given twice"},
		{`{"id":"no name","plan":"pro"}`, http.StatusUnprocessableEntity, "cannot be the name of a user Worker"},
	} {
		status, answer := ask(t, http.MethodPost, signups, "", test.body)
		if status != test.status || !strings.Contains(answer, test.want) {
			t.Errorf("%s: status %d, %s", test.body, status, answer)
		}
	}
	list, err := os.ReadFile(filepath.Join(dir, "customers.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"id":"acme","plan":"pro"}` + "\n" + `{"id":"globex","plan":"free"}` + "\n"; string(list) != want {
		t.Errorf("the list is\n%swant\n%s", list, want)
	}
	if customers != "" { // workerd is installed
		for host, want := range map[string]string{
			"globex.example.com": "Hello from globex, on the plan free.\n",
			"nobody.example.com": "Unknown customer.\n",
		} {
			if _, answer := ask(t, http.MethodGet, customers, host, ""); answer != want {
				t.Errorf("%s answers %q, want %q", host, answer, want)
			}
		}
	}

	if err := program.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := program.Wait(); err != nil {
		t.Error(err)
	}
	// A plan of the whole file finds nothing to change after the service.
	local, err := wfpsync.OpenLocal(wfpsync.LocalOptions{Dir: filepath.Join(dir, ".wfpsync")})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	if plan := planOf(t, dir, local); plan.HasChanges() {
		t.Errorf("the plan has the changes %v", plan.Changes)
	}
}

// goIn runs the go command in a folder, without the network.
func goIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// ask sends a request to a host at an address.
func ask(t *testing.T, method, url, host, body string) (status int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}
