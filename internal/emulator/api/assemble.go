package api

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// An assembly has everything that the next state of an uploaded script is made
// of.
type assembly struct {
	account string
	scripts *store.Scripts // of the script's container
	name    string
	self    string        // the script's name if it is an account Worker, "" for a user Worker
	old     *store.Script // nil: the script is new
	up      upload
	strict  bool // an inherit binding that cannot be resolved is an error
}

// assemble makes a script from an upload. An upload replaces everything:
// settings and tags that it leaves out go back to their defaults, and bindings
// that it neither names nor keeps are removed.
func (s *Server) assemble(tx *store.Tx, a assembly) (store.Script, error) {
	var script store.Script
	if a.old != nil {
		// These two have their own endpoints, and uploads do not change them.
		script.Subdomain, script.Schedules = a.old.Subdomain, a.old.Schedules
	}
	if err := s.apply(tx, a.account, a.self, &script, a.up.metadata); err != nil {
		return store.Script{}, err
	}
	bindings, err := resolveBindings(a.up.metadata, previousBindings(a.old), a.strict)
	if err != nil {
		return store.Script{}, err
	}
	if script.MigrationTag, script.Classes, err = migrate(a.old, a.up.metadata["migrations"]); err != nil {
		return store.Script{}, err
	}
	if err := checkTargets(binder{tx, a.account, a.self, script.Classes}, bindings); err != nil {
		return store.Script{}, err
	}
	script.Bindings = bindings
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

// A migrationStep is what one migration does to the Durable Object classes of a
// script.
type migrationStep struct {
	NewClasses         []string     `json:"new_classes"`
	NewSQLiteClasses   []string     `json:"new_sqlite_classes"`
	RenamedClasses     []movedClass `json:"renamed_classes"`
	TransferredClasses []movedClass `json:"transferred_classes"`
	DeletedClasses     []string     `json:"deleted_classes"`
}

type movedClass struct{ From, To string }

// after returns the classes after the step.
func (m migrationStep) after(classes []string) []string {
	gone := slices.Clone(m.DeletedClasses)
	added := slices.Concat(m.NewClasses, m.NewSQLiteClasses)
	for _, class := range m.RenamedClasses {
		gone, added = append(gone, class.From), append(added, class.To)
	}
	for _, class := range m.TransferredClasses { // the other script keeps its class
		added = append(added, class.To)
	}
	left := slices.DeleteFunc(slices.Clone(classes), func(class string) bool { return slices.Contains(gone, class) })
	return slices.Compact(slices.Sorted(slices.Values(append(left, added...))))
}

// migrate returns the Durable Object migration tag after an upload, and the
// script's classes. Migrations are a chain: each upload says which tag it
// expects, and without one it expects that there is none yet.
func migrate(old *store.Script, raw json.RawMessage) (tag string, classes []string, err error) {
	if old != nil {
		tag, classes = old.MigrationTag, old.OwnClasses()
	}
	var migrations *struct {
		OldTag string          `json:"old_tag"`
		NewTag string          `json:"new_tag"`
		Steps  []migrationStep `json:"steps"` // or the fields of a single step beside the tags
		migrationStep
	}
	if raw == nil {
		return tag, classes, nil
	}
	if err := json.Unmarshal(raw, &migrations); err != nil {
		return "", nil, named(err, "migrations")
	}
	if migrations == nil {
		return tag, classes, nil
	}
	if migrations.OldTag != tag {
		return "", nil, fail(http.StatusBadRequest, workersMigrationTagMismatch,
			"Actor migration tag precondition failed, got tag '%s' when expected tag is '%s'.", migrations.OldTag, tag)
	}
	for _, step := range append(migrations.Steps, migrations.migrationStep) {
		classes = step.after(classes)
	}
	return migrations.NewTag, classes, nil
}
