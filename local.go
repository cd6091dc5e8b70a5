package wfpsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/spec"
)

// LocalAccountID is the id of the account that every local account has. Any
// other id is an account of its own.
const LocalAccountID = emulator.LocalAccountID

const localAccountName = emulator.LocalAccountName

// LocalOptions say how to open an account on this machine. Only Dir is
// required.
type LocalOptions struct {
	// Dir is the account's folder. It is created if it does not exist, readable
	// by its owner only, because it holds secrets.
	Dir string

	// Workerd is the path of workerd, the runtime that Cloudflare runs Workers
	// on. Uploads are then started, as the platform does, and [Local.Run] runs
	// Workers. With "" the account does neither.
	Workerd string

	// Listener serves the API to other programs, whose requests [Local.Close]
	// lets finish. Nil is a loopback port for this program.
	Listener net.Listener

	// Command is the command that has the account open, such as "wfpsync dev".
	// Shared says that others may use its API meanwhile. Another program that
	// wants the account gets both in its error.
	Command string
	Shared  bool

	// ListNested and ListWithoutTags select shapes in which the API has listed
	// user Workers: as its reference documents, and as it once did.
	ListNested, ListWithoutTags bool

	// NoSync lets the operating system decide when to write to the disk. It is
	// for tests: writing is much faster, and a power failure may lose data.
	NoSync bool

	// Middleware, unless nil, wraps the API's handler, for example to count
	// requests.
	Middleware func(api http.Handler) http.Handler
}

// Local is a Cloudflare account on this machine: the API, whose data is in a
// folder, and the Workers. Programs use it like the real one, at [Local.URL]
// with any token; so does [Connect]. It is safe for concurrent use.
type Local struct {
	emulator *emulator.Emulator
	server   *http.Server
	url      string
	grace    time.Duration // for the requests of other programs to finish
	release  func()
}

const maxGrace = 5 * time.Second

// OpenLocal opens the account in a folder, and serves its API until the account
// is closed. If another program has it open, the error is an *[InUseError].
func OpenLocal(o LocalOptions) (*Local, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	opened, err := emulator.Open(emulator.Options{
		Dir: dir, Workerd: o.Workerd, NoSync: o.NoSync,
		Options: api.Options{ListShape: api.ListShape{Nested: o.ListNested, WithoutTags: o.ListWithoutTags}},
	})
	switch {
	case errors.Is(err, emulator.ErrInUse):
		return nil, inUse(o.Dir)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("the local account in %s cannot be written: %w", o.Dir, err)
	case err != nil:
		return nil, err
	}
	l := &Local{emulator: opened}
	if o.Listener != nil {
		l.grace = maxGrace
	} else {
		if o.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			_ = opened.Close() // the first error says more
			return nil, err
		}
	}
	var handler http.Handler = opened
	if o.Middleware != nil {
		handler = o.Middleware(opened)
	}
	l.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	l.url = "http://" + o.Listener.Addr().String() + emulator.BasePath
	note := holder{Process: os.Getpid(), Command: o.Command}
	if o.Shared {
		note.API = l.url
	}
	l.release = note.leave(dir)
	go func() { _ = l.server.Serve(o.Listener) }()
	return l, nil
}

// Close stops the API and closes the account. First close what [Local.Run] has
// started.
func (l *Local) Close() error {
	if l.grace > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), l.grace)
		defer cancel()
		_ = l.server.Shutdown(ctx)
	}
	_ = l.server.Close()
	l.release()
	return l.emulator.Close()
}

// URL returns the API's URL, as CLOUDFLARE_BASE_URL takes it.
func (l *Local) URL() string { return l.url }

// Handler returns the API's handler, for programs that also serve it elsewhere.
func (l *Local) Handler() http.Handler { return l.emulator }

// EnsureZone adds a zone, such as example.com, to an account unless it exists.
// A stack's zones are added when they are first planned.
func (l *Local) EnsureZone(accountID, name string) error {
	return l.emulator.EnsureZone(accountID, name)
}

// Message is a line that a Worker printed.
type Message struct {
	Worker string // "worker" or "namespace/worker"; "" for the runtime itself
	Level  string // debug, log, info, warn or error
	Text   string
}

// Running is a running runtime with an account's Workers.
type Running struct {
	runtime *runtime.Runtime
	address string
}

// Run serves the Workers of an account on a loopback port. What is uploaded
// meanwhile is served from then on. The host of a request selects the Worker,
// by its routes and custom domains; if none matches, the only dispatcher
// answers. tell, unless nil, gets what the Workers print, and must be safe for
// concurrent use.
func (l *Local) Run(ctx context.Context, accountID string, tell func(Message)) (*Running, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	options := runtime.Options{Account: accountID, Listener: listener.(*net.TCPListener)}
	if tell != nil {
		options.Tell = func(m runtime.Message) { tell(Message{m.Worker, m.Level, m.Text}) }
	}
	run, err := l.emulator.Run(ctx, options)
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	return &Running{run, listener.Addr().String()}, nil
}

// URL returns the Workers' URL.
func (r *Running) URL() string { return "http://" + r.address }

// Close stops the Workers.
func (r *Running) Close() { r.runtime.Close() }

// FindWorkerd returns the path of the workerd that `wfpsync local
// install-runtime` has installed for this user and whose digest is the pinned
// one; "" if there is none.
func FindWorkerd() (string, error) {
	cache, err := runtime.Cache()
	if err != nil {
		return "", nil
	}
	file, err := runtime.Find(runtime.Places{Cache: cache})
	if errors.Is(err, runtime.ErrNotFound) {
		return "", nil
	}
	return file, err
}

// addZones adds to an account the zones that a stack names. A host without a
// zone gets one for its domain.
func (l *Local) addZones(accountID string, stack *spec.Stack) error {
	for _, zone := range stack.Zones() {
		if strings.Contains(zone, ".") {
			if err := l.emulator.EnsureZone(accountID, zone); err != nil {
				return err
			}
		}
	}
	for _, host := range stack.HostsWithoutZone() {
		if err := l.emulator.EnsureZoneOf(accountID, host); err != nil {
			return err
		}
	}
	return nil
}

// InUseError says that another program has a local account open.
type InUseError struct {
	Dir     string // of the account
	Process int    // of the other program; 0 if it is not known, and then the rest is not either
	Command string // such as "wfpsync dev"
	API     string // where others can use the account meanwhile; "" if they cannot
}

func (e *InUseError) Error() string {
	if e.Process == 0 {
		return fmt.Sprintf("the local account in %s is in use by another wfpsync", e.Dir)
	}
	return fmt.Sprintf("the local account in %s is in use by `%s` (process %d)", e.Dir, e.Command, e.Process)
}

// holder is the note about which program has the account open. It is next to
// the account, for the error of another program that wants it. The lock is on
// the account's own file, so the note of a killed program means nothing.
type holder struct {
	Process int    `json:"process"`
	Command string `json:"command"`
	API     string `json:"api,omitempty"`
}

const holderFile = "in-use.json"

// leave writes the note, and returns a function that removes it. If writing
// fails, the error of the other program just says less.
func (h holder) leave(dir string) (release func()) {
	name := filepath.Join(dir, holderFile)
	note, _ := json.Marshal(h) // these types cannot fail
	_ = os.WriteFile(name, note, 0o600)
	return func() { _ = os.Remove(name) }
}

// inUse returns the error for an account that another program has open.
func inUse(dir string) *InUseError {
	note, err := os.ReadFile(filepath.Join(dir, holderFile))
	var h holder
	if err != nil || json.Unmarshal(note, &h) != nil || h.Command == "" {
		return &InUseError{Dir: dir}
	}
	process, err := os.FindProcess(h.Process)
	if err != nil || errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone) {
		return &InUseError{Dir: dir}
	}
	return &InUseError{Dir: dir, Process: h.Process, Command: h.Command, API: h.API}
}
