package runtime

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	goruntime "runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A process is one workerd.
type process struct {
	cmd        *exec.Cmd
	client     *http.Client // to its control socket
	started    time.Time
	dispatcher string // its revision; empty for none
	noise      *lastLines
	events     *os.File // it reports its sockets there
	sockets    int      // how many it reports

	ready  chan struct{} // closed when it responds, or has ended
	exited chan struct{} // closed when it has ended
	alone  chan struct{} // closed when all processes before it have ended and it knows, or when it has ended
	why    atomic.Pointer[string]
}

// A role is the purpose of a process.
type role struct {
	generation int         // number among the processes with the same files
	public     *os.File    // the socket for requests; a validator has none
	dispatcher *dispatcher // may be nil
	follows    bool        // it must wait for succeed before it may have Durable Objects and databases
}

// startProcess starts workerd with the host, and with the dispatcher if there
// is one. It does not wait until the process is ready. The process inherits the
// sockets for requests and for orders.
func startProcess(binary string, f files, role role) (*process, error) {
	config, err := f.configure(role)
	if err != nil {
		return nil, err
	}
	path := f.controlSocket(role.generation)
	orders, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		return nil, err
	}
	orders.SetUnlinkOnClose(false)
	defer orders.Close()
	ordersFile, err := orders.File()
	if err != nil {
		return nil, err
	}
	defer ordersFile.Close()
	events, eventsFile, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer eventsFile.Close() // so that reading ends with the process

	// A child's inherited descriptors are numbered from 3.
	inherited := []*os.File{eventsFile, ordersFile}
	args := []string{"serve", "--experimental", "--control-fd=3", "--socket-fd", "control=4"}
	constant := "validator"
	if role.public != nil {
		inherited = append(inherited, role.public)
		args = append(args, "--socket-fd", "http=5")
		constant = "server"
	}
	p := &process{
		cmd:     exec.Command(binary, append(args, config, constant)...),
		client:  controlClient(path),
		started: time.Now(),
		noise:   &lastLines{},
		events:  events,
		sockets: len(inherited) - 1,
		ready:   make(chan struct{}),
		exited:  make(chan struct{}),
		alone:   make(chan struct{}),
	}
	if role.dispatcher != nil {
		p.dispatcher = role.dispatcher.Revision
	}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stderr, p.cmd.ExtraFiles = f.dir, environment(), p.noise, inherited
	p.cmd.SysProcAttr = attributes()
	if err := p.start(); err != nil {
		events.Close()
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	go func() {
		<-p.ready
		f.unconfigure(role.generation)
		<-p.exited
		_ = os.Remove(path)
	}()
	return p, nil
}

// start starts the process from a thread that lives as long as the process. On
// Linux the kernel kills a child with the thread that started it. So workerd
// cannot outlive a wfpsync that was killed.
func (p *process) start() error {
	started := make(chan error)
	go func() {
		goruntime.LockOSThread()
		defer goruntime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = p.cmd.Wait() // ProcessState says how it ended
		close(p.exited)
	}()
	return <-started
}

// awaitReady waits until the process responds. A process that does not respond
// in time is killed. If only the context ends, the process is not to blame.
func (p *process) awaitReady(ctx context.Context) error {
	defer close(p.ready)
	err := p.awaitSockets(ctx)
	if err == nil {
		return nil
	}
	p.end(0)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if said := p.noise.String(); said != "" {
		return fmt.Errorf("%s did not start: %w:\n%s", p.cmd.Path, err, said)
	}
	return fmt.Errorf("%s did not start: %w", p.cmd.Path, err)
}

// awaitSockets waits until the process listens on all its sockets. It reports
// each in a line of its events.
func (p *process) awaitSockets(ctx context.Context) error {
	listening := make(chan error, 2)
	go func() {
		defer p.events.Close()
		lines := bufio.NewScanner(p.events)
		for seen := 0; lines.Scan(); {
			if strings.Contains(lines.Text(), `"listen"`) {
				seen++
			}
			if seen == p.sockets {
				listening <- nil
				break
			}
		}
		listening <- errors.New("it ended at once")
		_, _ = io.Copy(io.Discard, p.events) // until it has ended
	}()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	select {
	case err := <-listening:
		return err
	case <-ctx.Done():
		return fmt.Errorf("it was not ready in time: %w", context.Cause(ctx))
	}
}

func controlClient(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
		IdleConnTimeout: time.Minute,
	}}
}

// control gives the host an order and decodes its response.
func (p *process) control(ctx context.Context, order string, body, answer any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://host"+order, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		return fmt.Errorf("workerd answered %s: %s", response.Status, text)
	}
	if answer == nil {
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// succeed tells the process when all earlier ones have ended. before is the
// last of them, or nil.
func (p *process) succeed(before *process) {
	defer close(p.alone)
	if before == nil {
		return
	}
	<-before.exited
	<-before.alone
	for <-p.ready; ; {
		ctx, cancel := context.WithTimeout(context.Background(), forgetLimit)
		err := p.control(ctx, "/alone", nil, nil)
		cancel()
		if err == nil {
			return
		}
		select {
		case <-p.exited:
			return
		case <-time.After(100 * time.Millisecond): // it is busy or stuck, which the supervisor notices
		}
	}
}

func (p *process) isAlone() bool {
	select {
	case <-p.alone:
		return true
	default:
		return false
	}
}

// kill ends the process at once, and remembers why.
func (p *process) kill(why string) {
	p.why.CompareAndSwap(nil, &why)
	_ = p.cmd.Process.Kill() // it may have ended
}

// end lets the process finish its requests, for a limited time, and waits until
// it has ended.
func (p *process) end(grace time.Duration) {
	defer p.client.CloseIdleConnections()
	if grace > 0 {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-p.exited:
			return
		case <-timer.C:
		}
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// obituary says how the process ended. It must have ended.
func (p *process) obituary() string {
	if why := p.why.Load(); why != nil {
		return *why
	}
	text := "it ended with " + p.cmd.ProcessState.String()
	if said := p.noise.String(); said != "" {
		text += ":\n" + said
	}
	return text
}

// lastLines keeps the last lines that are written to it.
type lastLines struct {
	mu   sync.Mutex
	text []byte
}

const lastLinesKept = 2 << 10

func (l *lastLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	if extra := len(l.text) - lastLinesKept; extra > 0 {
		l.text = append(l.text[:0], l.text[extra:]...)
	}
	return len(b), nil
}

func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(string(l.text))
}
