// Command wfpsync keeps a Cloudflare Workers for Platforms account in the shape
// a stack file describes.
//
// This package is flags, wiring and exit codes: the only place that prints,
// reads the environment or exits. One file holds one command.
package main

import (
	"context"
	"os"
	"time"

	"golang.org/x/term"
)

func main() {
	os.Exit(newApp().run(context.Background(), os.Args[1:]))
}

// newApp is the program as the operating system started it.
func newApp() *app {
	return &app{
		stdin:      os.Stdin,
		stdout:     os.Stdout,
		stderr:     os.Stderr,
		lookupEnv:  os.LookupEnv,
		environ:    os.Environ,
		now:        time.Now,
		isTerminal: func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) },
	}
}
