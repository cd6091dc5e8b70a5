package runtime

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// TestAcceptWithRequest: who connects and says nothing is not accepted yet.
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
