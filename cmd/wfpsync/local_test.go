package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync"
)

// TestLocalServes starts `wfpsync local` on a free port and asks it what any
// other client would.
func TestLocalServes(t *testing.T) {
	reader, writer := io.Pipe()
	a := &app{
		stdin: os.Stdin, stdout: writer, stderr: io.Discard, now: time.Now,
		lookupEnv:  func(string) (string, bool) { return "", false },
		isTerminal: func(*os.File) bool { return false },
	}
	ctx, stop := context.WithCancel(t.Context())
	code := make(chan int)
	go func() {
		code <- a.run(ctx, []string{"local", "--port", "0", "--zone", "example.com", "--local=" + t.TempDir()})
		writer.Close()
	}()

	var url string
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		if m := regexp.MustCompile(`CLOUDFLARE_BASE_URL=(\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			url = m[1]
			break
		}
	}
	if url == "" {
		t.Fatalf("no address was printed; exit code %d", <-code)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()

	for path, want := range map[string]int{
		"/user/tokens/verify":     http.StatusOK,
		"/zones?name=example.com": http.StatusOK,
		"/no/such/path":           http.StatusNotFound,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer local")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("GET %s: status %d, want %d", path, answer.StatusCode, want)
		}
	}
	stop()
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d after it was stopped", got)
	}
}

// TestLocalAccountIsLocked: while one process has the account on this machine
// open, another one says so, and comes in when it is closed.
func TestLocalAccountIsLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	nothing := func(string) (string, bool) { return "", false }
	first := &app{flags: globalFlags{local: localFlag{dir: dir}}, lookupEnv: nothing}
	opened, err := first.openLocal(wfpsync.LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	second := &app{flags: globalFlags{local: localFlag{dir: dir}}, lookupEnv: nothing}
	if _, err := second.openLocal(wfpsync.LocalOptions{}); err == nil || !strings.Contains(err.Error(), "is in use by another wfpsync: wait for it") {
		t.Errorf("got %v", err)
	}
	closed := make(chan error)
	go func() { closed <- opened.Close() }()
	waited, err := second.openLocal(wfpsync.LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := waited.Close(); err != nil {
		t.Error(err)
	}
}
