package api

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// A Seed is a script that is created without a request. It passes the same
// checks as an upload and is stored in the same way, but needs no HTTP, and
// thousands share a transaction.
type Seed struct {
	Name string
	// Metadata is the metadata part of an upload; nil means {}. It need not
	// name the main module.
	Metadata json.RawMessage
	// Modules are the code, the main module first. Without any, the script is a
	// small Worker that responds.
	Modules []Module
	// ModifiedOn, unless it is zero, is the time of the script's last write.
	ModifiedOn time.Time
}

// A Module is a file of a script.
type Module struct {
	Name    string
	Type    string // empty: application/javascript+module
	Content []byte
}

// seedBatch is how many scripts one transaction takes: few enough to need
// little memory.
const seedBatch = 5000

const esModule = "application/javascript+module"

var seedModule = Module{
	Name: "index.js", Type: esModule,
	Content: []byte("export default { fetch() { return new Response(\"hello\") } }\n"),
}

// Seed writes scripts into a dispatch namespace, which it creates if it is
// missing; the namespace "" stands for the account itself. It replaces existing
// scripts.
func (s *Server) Seed(account, namespace string, seeds iter.Seq[Seed]) error {
	if err := s.EnsureAccount(account); err != nil {
		return err
	}
	batch := make([]Seed, 0, seedBatch)
	flush := func() error {
		err := s.store.Update(func(tx *store.Tx) error { return s.seed(tx, account, namespace, batch) })
		batch = batch[:0]
		return err
	}
	for seed := range seeds {
		if batch = append(batch, seed); len(batch) == seedBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (s *Server) seed(tx *store.Tx, account, namespace string, seeds []Seed) error {
	if namespace != "" {
		if _, exists := tx.DispatchNamespace(account, namespace); !exists {
			if err := checkNamespaceName(namespace); err != nil {
				return err
			}
			now := s.now()
			tx.PutDispatchNamespace(account, store.DispatchNamespace{ID: newUUID(), Name: namespace, CreatedOn: now, ModifiedOn: now})
		}
	}
	at, scripts, err := find(tx, account, namespace)
	if err != nil {
		return err
	}
	for _, seed := range seeds {
		up, err := seed.upload()
		if err == nil {
			err = s.seedScript(tx, target{container: at, account: account, scripts: scripts, name: seed.Name, from: "api"}, up, seed.ModifiedOn)
		}
		if err != nil {
			return fmt.Errorf("seed %q: %w", seed.Name, err)
		}
	}
	return nil
}

func (s *Server) seedScript(tx *store.Tx, t target, up upload, modifiedOn time.Time) error {
	script, err := s.write(tx, t, func(tx *store.Tx, old *store.Script) (store.Script, error) {
		return s.assemble(tx, assembly{account: t.account, scripts: t.scripts, name: t.name, self: t.container.owner(t.name), old: old, up: up, strict: true})
	})
	if err == nil && !modifiedOn.IsZero() {
		backdate(t.scripts, script, modifiedOn)
	}
	return err
}

// upload makes of a seed what readUpload makes of a request.
func (seed Seed) upload() (upload, error) {
	metadata := fields{}
	if seed.Metadata != nil {
		if err := json.Unmarshal(seed.Metadata, &metadata); err != nil {
			return upload{}, err
		}
	}
	modules := seed.Modules
	if len(modules) == 0 {
		modules = []Module{seedModule}
	}
	code, err := newCode(modules[0].Name, "", partsOf(modules))
	return upload{metadata: metadata, code: code}, err
}

func partsOf(modules []Module) []part {
	var parts []part
	for _, m := range modules {
		if m.Type == "" {
			m.Type = esModule
		}
		parts = append(parts, part{field: m.Name, file: m.Name, contentType: m.Type, data: m.Content})
	}
	return parts
}

// A Tampering is a change by someone else: another tool, a colleague in the
// dashboard, the platform itself.
type Tampering struct {
	// Settings, unless nil, are merged in like the settings part of PATCH
	// …/settings.
	Settings json.RawMessage
	// Modules, unless empty, replace the code; the first is the main module.
	Modules []Module
	// ModifiedOn, unless zero, becomes modified_on. Otherwise it becomes the
	// current time, as after any write. With the old value, modified_on does
	// not reveal the change.
	ModifiedOn time.Time
	// Delete deletes the script instead.
	Delete bool
}

// Tamper changes a script without a request, so that none is observed. The
// namespace "" stands for the account itself.
func (s *Server) Tamper(account, namespace, script string, t Tampering) error {
	var present fields
	if t.Settings != nil {
		if err := json.Unmarshal(t.Settings, &present); err != nil {
			return fmt.Errorf("tamper with %q: %w", script, err)
		}
	}
	return s.store.Update(func(tx *store.Tx) error {
		at, scripts, err := find(tx, account, namespace)
		if err != nil {
			return err
		}
		head, found := scripts.Head(script)
		switch {
		case !found:
			return errScriptNotFound
		case t.Delete && namespace == "":
			dropWorker(tx, account, head)
			return nil
		case t.Delete:
			scripts.Delete(script)
			return nil
		}
		written, err := s.write(tx, target{container: at, account: account, scripts: scripts, name: script, from: "dash"},
			func(tx *store.Tx, old *store.Script) (store.Script, error) {
				next := *old
				if len(t.Modules) > 0 {
					code, err := newCode(t.Modules[0].Name, "", partsOf(t.Modules))
					if err != nil {
						return next, err
					}
					code.store(tx, &next)
				}
				return next, s.changeSettings(tx, account, at.owner(script), &next, present, true)
			})
		if err == nil && !t.ModifiedOn.IsZero() {
			backdate(scripts, written, t.ModifiedOn)
		}
		return err
	})
}

// backdate sets modified_on, and created_on too if it would be later.
func backdate(scripts *store.Scripts, script store.Script, modifiedOn time.Time) {
	script.ModifiedOn = modifiedOn.UTC().Truncate(time.Microsecond)
	if script.CreatedOn.After(script.ModifiedOn) {
		script.CreatedOn = script.ModifiedOn
	}
	scripts.Put(script)
}

// find returns the container of a namespace's name, or of "".
func find(tx *store.Tx, account, namespace string) (scriptContainer, *store.Scripts, error) {
	if namespace == "" {
		return workers{}, tx.Workers(account), nil
	}
	n, err := findNamespace(tx, account, namespace, http.StatusNotFound)
	if err != nil {
		return nil, nil, err
	}
	return userWorkers{}, tx.UserWorkers(account, n.ID), nil
}
