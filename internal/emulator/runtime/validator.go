package runtime

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// A Program is code that is about to be uploaded.
type Program struct {
	Main     string
	AsModule bool
	Modules  []Module
	Date     string
	Flags    []string
	Env      map[string]any // its variables
}

// Started is the result of starting a Program.
type Started struct {
	Failure  string   `json:"error"`    // why it does not start, in workerd's words; empty: it does
	Handlers []string `json:"handlers"` // of its default export
	Classes  []string `json:"classes"`  // that it exports by name
}

// A Validator starts code in its own workerd, as the platform does with every
// upload: an endless loop at the top of a module must not stop the processes
// that serve requests.
type Validator struct {
	binary string

	mu         sync.Mutex // one at a time: workerd runs them in one thread
	files      files
	process    *process // nil until it is needed
	generation int
	verdicts   map[[sha256.Size]byte]Started
}

// NewValidator returns a Validator, which starts its workerd when it is first
// needed.
func NewValidator(binary string) *Validator {
	return &Validator{binary: binary, verdicts: map[[sha256.Size]byte]Started{}}
}

const (
	// startupLimit is the processor time that the platform allows for the top
	// level of all modules.
	// Source: https://developers.cloudflare.com/workers/platform/limits/
	startupLimit = time.Second
	// startupWait is how long it may take on a busy machine, where elapsed time
	// says little.
	startupWait = 20 * time.Second
	// startupMessage is the platform's message; wrangler looks for it.
	startupMessage = "Error: Script startup exceeded CPU time limit."
	// keptVerdicts limits memory. Thousands of user Workers share a few
	// programs.
	keptVerdicts = 1000
)

// Start starts a program and ends it again. An error means that it could not be
// tried.
func (v *Validator) Start(ctx context.Context, program Program) (Started, error) {
	newest, err := newestDate(ctx, v.binary)
	if err != nil {
		return Started{}, err
	}
	made, err := newCode(program.Main, program.AsModule, program.Modules, known(program.Date, newest, time.Now()), program.Flags)
	if err != nil {
		return Started{Failure: err.Error()}, nil
	}
	made.bindings = bindings{Env: map[string]any{}, Stubs: []stub{}, Wrap: wrapping{AsModule: program.AsModule, Bindings: []map[string]any{}}}
	if program.looksAtEnv() {
		made.Env = program.Env
	}
	raw, err := json.Marshal(made)
	if err != nil {
		return Started{}, err
	}
	key := sha256.Sum256(raw)
	v.mu.Lock()
	defer v.mu.Unlock()
	if verdict, known := v.verdicts[key]; known {
		return verdict, nil
	}
	verdict, err := v.try(ctx, made)
	if errors.Is(err, errEnded) { // probably because of another program; if this one did it, it will again
		verdict, err = v.try(ctx, made)
	}
	if err != nil {
		return Started{}, err
	}
	verdict.Failure = strings.TrimPrefix(verdict.Failure, "Failed to start Worker:\n")
	if len(v.verdicts) == keptVerdicts {
		clear(v.verdicts)
	}
	v.verdicts[key] = verdict
	return verdict, nil
}

// looksAtEnv reports whether the top level of the modules can see variables: in
// the older syntax they are globals, and modules can import them. For all other
// programs, variables make no difference.
func (p Program) looksAtEnv() bool {
	if !p.AsModule {
		return true
	}
	for _, m := range p.Modules {
		if strings.Contains(string(m.Content), "cloudflare:workers") {
			return true
		}
	}
	return false
}

// errEnded says that code could not be tried, because the validator's workerd
// had ended.
var errEnded = errors.New("workerd ended")

// try starts code in the validator's workerd. If the workerd is stuck, it is
// killed.
func (v *Validator) try(ctx context.Context, made code) (Started, error) {
	if err := v.ensure(ctx); err != nil {
		return Started{}, err
	}
	p := v.process
	waiting, cancel := context.WithTimeout(ctx, startupWait)
	defer cancel()
	type outcome struct {
		started Started
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		o.err = p.control(waiting, "/start", made, &o.started)
		done <- o
	}()
	began, _, _ := usage(p.cmd.Process.Pid)
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case o := <-done:
			switch {
			case o.err == nil:
				return o.started, nil
			case ctx.Err() != nil:
				v.drop("its client has gone")
				return Started{}, context.Cause(ctx)
			case errors.Is(o.err, context.DeadlineExceeded):
				v.drop("it was stuck")
				return Started{Failure: startupMessage}, nil
			}
			v.drop("it did not answer")
			return Started{}, fmt.Errorf("start the script: %w: %w: %s", errEnded, o.err, p.obituary())
		case <-ticker.C:
			if cpu, _, known := usage(p.cmd.Process.Pid); known && cpu-began > startupLimit+compileLimit {
				v.drop("it was stuck")
				return Started{Failure: startupMessage}, nil
			}
		}
	}
}

// compileLimit is the time for what the platform does not count: parsing, and
// workerd's own work.
const compileLimit = time.Second

// ensure starts the validator's workerd unless it is running.
func (v *Validator) ensure(ctx context.Context) error {
	if v.process != nil {
		select {
		case <-v.process.exited:
			v.process = nil
		default:
			return nil
		}
	}
	if v.files.dir == "" {
		made, err := writeFiles("")
		v.files = made
		if err != nil {
			return err
		}
	}
	v.generation++
	p, err := startProcess(v.binary, v.files, role{generation: v.generation})
	if err != nil {
		return err
	}
	if err := p.awaitReady(ctx); err != nil {
		return err
	}
	v.process = p
	return nil
}

func (v *Validator) drop(why string) {
	v.process.kill(why)
	v.process.end(0)
	v.process = nil
}

// Close ends the validator's workerd.
func (v *Validator) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.process != nil {
		v.drop("it is not needed any more")
	}
	v.files.remove()
}
