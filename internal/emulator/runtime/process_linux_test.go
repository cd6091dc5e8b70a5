package runtime

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestAcceptWithRequest: a connection without data is not accepted yet.
func TestAcceptWithRequest(t *testing.T) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := acceptWithRequest(listener); err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accept := func(within time.Duration) error {
		if err := listener.SetDeadline(time.Now().Add(within)); err != nil {
			t.Fatal(err)
		}
		accepted, err := listener.Accept()
		if err == nil {
			accepted.Close()
		}
		return err
	}
	if err := accept(200 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a silent connection: %v", err)
	}
	if _, err := client.Write([]byte("GET")); err != nil {
		t.Fatal(err)
	}
	if err := accept(30 * time.Second); err != nil {
		t.Errorf("a connection with a request: %v", err)
	}
}

// TestAwaitReadyInterrupted: if the user stops us while workerd starts, the
// error does not say that workerd was too slow.
func TestAwaitReadyInterrupted(t *testing.T) {
	events, silent, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	p := &process{
		cmd: exec.Command("sleep", "60"), client: controlClient(filepath.Join(t.TempDir(), "none")), noise: &lastLines{}, events: events, sockets: 1,
		ready: make(chan struct{}), exited: make(chan struct{}),
	}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	cancel(interrupted)
	if err := p.awaitReady(ctx); err != interrupted {
		t.Errorf("starting ended with: %v", err)
	}
	<-p.exited
}
