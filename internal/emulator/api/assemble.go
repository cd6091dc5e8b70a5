package api

import (
	"encoding/json"
	"net/http"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// An assembly is everything that goes into the next state of an uploaded script.
type assembly struct {
	account string
	scripts *store.Scripts // of the place that the script is in
	name    string
	self    string        // the script's name when it is an account Worker, "" for a user Worker
	old     *store.Script // nil: the script is new
	up      upload
	strict  bool // an inherit binding that cannot be resolved is an error
}

// assemble makes a script out of an upload. An upload replaces everything: settings and tags it does not mention go
// back to their defaults, bindings it neither names nor keeps are gone.
func (s *Server) assemble(tx *store.Tx, a assembly) (store.Script, error) {
	var script store.Script
	if a.old != nil {
		// These two are set through their own endpoints and have nothing to do with uploads.
		script.Subdomain, script.Schedules = a.old.Subdomain, a.old.Schedules
	}
	if err := s.apply(tx, a.account, a.self, &script, a.up.metadata); err != nil {
		return store.Script{}, err
	}
	bindings, err := resolveBindings(a.up.metadata, previousBindings(a.old), a.strict)
	if err != nil {
		return store.Script{}, err
	}
	if err := checkTargets(tx, a.account, a.self, bindings); err != nil {
		return store.Script{}, err
	}
	script.Bindings = bindings
	if script.MigrationTag, err = migrate(a.old, a.up.metadata["migrations"]); err != nil {
		return store.Script{}, err
	}
	if script.Assets, err = s.assembleAssets(tx, a); err != nil {
		return store.Script{}, err
	}
	script.HasAssets = script.Assets != nil
	if err := checkAssetsBinding(&script); err != nil {
		return store.Script{}, err
	}
	if len(a.up.code.modules) == 0 && !script.HasAssets {
		return store.Script{}, errNoMainModule
	}
	a.up.code.store(tx, &script)
	return script, nil
}

func previousBindings(old *store.Script) []store.Binding {
	if old == nil {
		return nil
	}
	return old.Bindings
}

// migrate returns the Durable Object migration tag after an upload. Migrations are a chain: each upload says which tag
// it expects to find, and leaving it out says "none so far".
func migrate(old *store.Script, raw json.RawMessage) (string, error) {
	var current string
	if old != nil {
		current = old.MigrationTag
	}
	var migrations *struct {
		OldTag string `json:"old_tag"`
		NewTag string `json:"new_tag"`
	}
	if raw == nil {
		return current, nil
	}
	if err := json.Unmarshal(raw, &migrations); err != nil {
		return "", named(err, "migrations")
	}
	if migrations == nil {
		return current, nil
	}
	if migrations.OldTag != current {
		return "", fail(http.StatusBadRequest, workersMigrationTagMismatch,
			"Actor migration tag precondition failed, got tag '%s' when expected tag is '%s'.", migrations.OldTag, current)
	}
	return migrations.NewTag, nil
}
