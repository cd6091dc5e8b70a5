package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

// bubble runs something in a bubble, where time passes when nothing else can
// happen. It stays until a goroutine that esbuild leaves behind for a moment is gone.
func bubble(t *testing.T, run func(*testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(time.Second)
		run(t)
	})
}

// simulation is a local account behind a network of this process: real HTTP,
// but over connections that a test can break, and without a socket, so that in
// a bubble of testing/synctest an hour passes in no time.
type simulation struct {
	t       *testing.T
	dir     string
	account *emulator.Emulator
	network *network
	server  *http.Server
	handler *switchable // what the server answers with; the account unless changed

	// url is where the account is reached over the network of this machine; ""
	// for the connections of this process.
	url string

	// terminal is what the program writes its progress to, as to a terminal;
	// nil if there is none.
	terminal *os.File
}

// startSimulation serves the account in a folder. It is to be stopped.
func startSimulation(t *testing.T, dir string, options emulator.Options) *simulation {
	t.Helper()
	options.Dir, options.NoSync = filepath.Join(dir, "account"), true
	account, err := emulator.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	if err := account.EnsureZone(emulator.LocalAccountID, "example.com"); err != nil {
		t.Fatal(err)
	}
	s := &simulation{t: t, dir: dir, account: account, network: newNetwork(), handler: &switchable{}}
	s.handler.set(account)
	s.server = &http.Server{Handler: s.handler}
	go func() { _ = s.server.Serve(s.network) }()
	return s
}

// switchable is a handler that can be changed while it serves.
type switchable struct{ now atomic.Pointer[http.Handler] }

func (s *switchable) set(h http.Handler) { s.now.Store(&h) }

func (s *switchable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*s.now.Load()).ServeHTTP(w, r)
}

func (s *simulation) stop() {
	_ = s.server.Close()
	s.network.clients.CloseIdleConnections()
	if err := s.account.Close(); err != nil {
		s.t.Error(err)
	}
}

// write writes the stack file.
func (s *simulation) write(text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "wfpsync.yaml"), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// outcome is what a run of the program came to.
type outcome struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

// run runs a command line in the folder of the stack file.
func (s *simulation) run(ctx context.Context, args ...string) outcome {
	p := program{url: "http://localhost", terminal: s.terminal, cache: filepath.Join(s.dir, "cache")}
	if s.url != "" {
		p.url = s.url
	} else {
		p.transport = s.network.clients
	}
	return p.run(ctx, append(args, "-f", s.dir)...)
}

// program is the program in this process, with an account that is served at a
// URL.
type program struct {
	url       string
	transport http.RoundTripper // nil: the network of this machine
	terminal  *os.File          // as in simulation
	cache     string            // folder; "" keeps nothing
}

func (p program) run(ctx context.Context, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	env := map[string]string{
		"CLOUDFLARE_BASE_URL":   p.url + emulator.BasePath,
		"CLOUDFLARE_API_TOKEN":  "test",
		"CLOUDFLARE_ACCOUNT_ID": emulator.LocalAccountID,
		"A_SECRET":              "value",
		cacheVariable:           p.cache,
	}
	a := &app{
		stdin: os.Stdin, stdout: &stdout, stderr: &stderr, now: time.Now,
		lookupEnv:  func(name string) (string, bool) { value, set := env[name]; return value, set },
		isTerminal: func(*os.File) bool { return false },
		transport:  p.transport,
	}
	if p.terminal != nil {
		a.stderr, a.isTerminal = p.terminal, func(f *os.File) bool { return f == p.terminal }
	}
	began := time.Now()
	code := a.run(ctx, args)
	return outcome{code, stdout.String(), stderr.String(), time.Since(began)}
}

// must runs a command line that must exit with a code.
func (s *simulation) must(code int, args ...string) outcome {
	s.t.Helper()
	o := s.run(s.t.Context(), args...)
	if o.code != code {
		s.t.Fatalf("wfpsync %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), o.code, code, o.stdout, o.stderr)
	}
	return o
}

// network is a listener, and the transport of clients that connect to it.
type network struct {
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
	clients *http.Transport
}

func newNetwork() *network {
	n := &network{conns: make(chan net.Conn), closed: make(chan struct{})}
	n.clients = &http.Transport{
		MaxIdleConnsPerHost:   64,
		ResponseHeaderTimeout: 2 * time.Minute, // as in production
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			near, far := net.Pipe()
			reset := &atomic.Bool{}
			select {
			case n.conns <- &conn{far, reset}:
				return &conn{near, reset}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-n.closed:
				return nil, &net.OpError{Op: "dial", Net: "pipe", Err: syscall.ECONNREFUSED}
			}
		},
	}
	return n
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "simulation", Net: "pipe"} }

// conn is one end of a connection, and either end can break both.
type conn struct {
	net.Conn
	broken *atomic.Bool
}

// reset breaks a connection as a RST does.
func (c *conn) reset() {
	c.broken.Store(true)
	c.Close()
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	return n, c.explained("read", err)
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, c.explained("write", err)
}

func (c *conn) explained(op string, err error) error {
	if err != nil && c.broken.Load() {
		return &net.OpError{Op: op, Net: "pipe", Err: syscall.ECONNRESET}
	}
	return err
}

// listenForSignals begins to, in this process, outside of any bubble: the
// runtime's goroutine for it lives until the process ends.
var listenForSignals = sync.OnceFunc(func() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	signal.Stop(signals)
})

// copyDir copies a folder of files and folders.
func copyDir(t *testing.T, to, from string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
}
