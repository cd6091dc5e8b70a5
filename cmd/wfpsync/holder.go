package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// A holder is who has the account on this machine open: noted beside the account for the message to somebody else who wants
// it. The lock is on the account's own file, so what a killed program leaves of its note means nothing.
type holder struct {
	Process int    `json:"process"`
	Command string `json:"command"`       // such as "wfpsync dev"
	API     string `json:"api,omitempty"` // where others can use the account meanwhile; "" for a command that is done soon
}

const holderFile = "in-use.json"

func (a *app) holderFile() string { return filepath.Join(a.flags.local.dir, holderFile) }

// hold notes that this program has the local account open, until what it returns is called. A note that cannot be written is
// a message that says less.
func (a *app) hold(api string) (release func()) {
	note, _ := json.Marshal(holder{os.Getpid(), a.command, api}) // nothing in it can fail
	_ = os.WriteFile(a.holderFile(), note, 0o600)
	return func() { _ = os.Remove(a.holderFile()) }
}

// heldBy is who has the local account open, if that is known.
func (a *app) heldBy() (h holder, known bool) {
	note, err := os.ReadFile(a.holderFile())
	if err != nil || json.Unmarshal(note, &h) != nil || h.Command == "" {
		return holder{}, false
	}
	process, err := os.FindProcess(h.Process)
	return h, err == nil && !errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// inUse is the error of a local account that somebody else has open.
func (a *app) inUse() error {
	h, known := a.heldBy()
	if !known {
		return fmt.Errorf("the local account in %s is in use by another wfpsync: wait for it, or name another folder with --local=DIR", a.flags.local.dir)
	}
	who := fmt.Sprintf("the local account in %s is in use by `%s` (process %d)", a.flags.local.dir, h.Command, h.Process)
	switch {
	case h.API == "":
		return fmt.Errorf("%s: wait for it", who)
	case a.servesLocal:
		return fmt.Errorf("%s: stop that one, or give this one an account of its own with --local=DIR", who)
	}
	return fmt.Errorf("%s: stop it, or use the account through it, with CLOUDFLARE_BASE_URL=%s and CLOUDFLARE_API_TOKEN=local in the environment and without --local", who, h.API)
}
