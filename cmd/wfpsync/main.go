// Command wfpsync keeps a Cloudflare Workers for Platforms account in the shape
// a stack file describes.
//
// This package is flags, wiring and exit codes: the only place that prints,
// reads the environment or exits. One file holds one command.
package main

import (
	"context"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/term"
)

func main() {
	// What panics in a goroutine ends the process with 2 if nothing is said, which means something else here. With
	// SIGABRT, shells see 134.
	debug.SetTraceback("crash")
	os.Exit(newApp().run(context.Background(), os.Args[1:]))
}

// newApp returns the program as the operating system started it.
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
