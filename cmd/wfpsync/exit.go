package main

import "errors"

// The exit codes. Scripts rely on them: 2 is given only on request, and never
// for a mistake in the command line.
const (
	exitOK          = 0
	exitError       = 1
	exitChanges     = 2   // changes are pending; plan --detailed-exitcode
	exitRefused     = 3   // a guard, or another owner, is in the way
	exitStale       = 4   // the account is not what the saved plan was made for
	exitPartial     = 5   // some changes were made and some were not
	exitUsage       = 64  // the command line makes no sense
	exitBug         = 70  // wfpsync itself is wrong; EX_SOFTWARE in sysexits.h
	exitInterrupted = 130 // stopped by a signal
)

// exit is an error that knows its exit code. A silent one has been told
// already, or is no mistake at all.
type exit struct {
	code   int
	err    error
	silent bool
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// usage returns a mistake in the command line.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exit{code: exitUsage, err: err}
}

// told ends the run with a code, everything having been said.
func told(code int) error { return &exit{code: code, silent: true} }

// exitCode maps every error to its code.
func exitCode(err error) int {
	var e *exit
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return e.code
	default:
		return exitError
	}
}
