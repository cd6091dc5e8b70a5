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

// LocalAccountID is the id of the account that every local account has. Any other id is an account of its own.
const LocalAccountID = emulator.LocalAccountID

const localAccountName = emulator.LocalAccountName

// LocalOptions are how an account on this machine is opened. Only Dir must be set.
type LocalOptions struct {
	// Dir is the folder that the account lives in. It is created when it is not there, for its owner alone: secrets are in it.
	Dir string

	// Workerd is the file of workerd, the runtime that Cloudflare runs Workers on. Uploads are then started, as the
	// platform starts them, and [Local.Run] runs Workers. "" is an account that does neither.
	Workerd string

	// Listener is where the API answers other programs, whose requests [Local.Close] lets end; nil for a loopback port,
	// which is there for this program.
	Listener net.Listener

	// Command says who has the account open, such as "wfpsync dev", and Shared that others may use its API meanwhile. The
	// error of another program that wants the account says so.
	Command string
	Shared  bool

	// ListNested and ListWithoutTags are shapes in which the API has listed user Workers: as its reference documents, and
	// as it once did.
	ListNested, ListWithoutTags bool

	// NoSync leaves it to the operating system when what is written comes to the disk. It is for tests: much is written
	// faster, and a power cut may lose it.
	NoSync bool

	// Middleware, unless nil, is put before the API, such as one that counts requests.
	Middleware func(api http.Handler) http.Handler
}

// Local is a Cloudflare account on this machine: the API, with what it keeps in a folder, and the Workers. Programs talk to
// it as to the real one, at [Local.URL] with any token; [Connect] does, too. It may be used by many goroutines.
type Local struct {
	emulator *emulator.Emulator
	server   *http.Server
	url      string
	grace    time.Duration // for the requests of other programs to end
	release  func()
}

const maxGrace = 5 * time.Second

// OpenLocal opens the account in a folder, and serves its API until the account is closed. If another program has it open,
// the error is an *[InUseError].
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

// Close ends the API and closes the account. What [Local.Run] has started must be closed before.
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

// URL returns where the API is, as CLOUDFLARE_BASE_URL takes it.
func (l *Local) URL() string { return l.url }

// Handler returns what answers the API's requests, for programs that serve it elsewhere as well.
func (l *Local) Handler() http.Handler { return l.emulator }

// EnsureZone gives an account a zone, such as example.com, unless it has it. A stack's zones are there as soon as a plan
// names them.
func (l *Local) EnsureZone(accountID, name string) error {
	return l.emulator.EnsureZone(accountID, name)
}

// Message is what a Worker printed.
type Message struct {
	Worker string // "worker" or "namespace/worker"; "" when the runtime itself speaks
	Level  string // debug, log, info, warn or error
	Text   string
}

// Running is the Workers of an account that answer requests.
type Running struct {
	runtime *runtime.Runtime
	address string
}

// Run runs the Workers of an account on a loopback port, as they are at each moment: what is uploaded meanwhile answers from
// then on. The host of a request says who answers it, as routes and custom domains do. Where none matches, the only
// dispatcher answers. Tell, unless nil, hears what the Workers print, from many goroutines at once.
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

// URL returns where the Workers answer.
func (r *Running) URL() string { return "http://" + r.address }

// Close stops the Workers.
func (r *Running) Close() { r.runtime.Close() }

// FindWorkerd returns the file of the workerd that `wfpsync local install-runtime` has installed for this user, and whose
// digest is the pinned one; "" when there is none.
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

// addZones gives an account the zones that a stack names. Hosts whose zone the account does not have get one for their
// domain.
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
	Process int    // of the other program; 0 when it is not known, and then neither is what follows
	Command string // such as "wfpsync dev"
	API     string // where others can use the account meanwhile; "" when they cannot
}

func (e *InUseError) Error() string {
	if e.Process == 0 {
		return fmt.Sprintf("the local account in %s is in use by another wfpsync", e.Dir)
	}
	return fmt.Sprintf("the local account in %s is in use by `%s` (process %d)", e.Dir, e.Command, e.Process)
}

// A holder is who has the account open: noted beside the account for the message to another program that wants it. The
// lock is on the account's own file, so what a killed program leaves of its note means nothing.
type holder struct {
	Process int    `json:"process"`
	Command string `json:"command"`
	API     string `json:"api,omitempty"`
}

const holderFile = "in-use.json"

// leave writes the note, until what it returns is called. A note that cannot be written is a message that says less.
func (h holder) leave(dir string) (release func()) {
	name := filepath.Join(dir, holderFile)
	note, _ := json.Marshal(h) // nothing in it can fail
	_ = os.WriteFile(name, note, 0o600)
	return func() { _ = os.Remove(name) }
}

// inUse returns the error of an account that another program has open.
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
