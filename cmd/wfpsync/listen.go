package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// listenOn listens on a port, on this machine alone. Where it cannot, the error names the flag that chooses another.
func listenOn(port int, flag string) (*net.TCPListener, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		return listener.(*net.TCPListener), nil
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is in use by another program: choose another with %s, or let %[2]s 0 pick a free one", port, flag)
	}
	if op := new(net.OpError); errors.As(err, &op) {
		err = op.Err // without the address, which is in the message already
	}
	return nil, fmt.Errorf("port %d cannot be listened on: %w; choose another with %s, or let %[3]s 0 pick a free one", port, err, flag)
}
