package spec

import (
	"fmt"
	"maps"

	"github.com/wfpsync/wfpsync/internal/diag"
	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// Migration creates, renames, moves or deletes Durable Object classes of a
// Worker. Migrations are a chain: the platform remembers the tag of the last
// one it ran, and an upload carries those that come after it.
// Source: Durable Objects migrations; API reference, "Upload Worker Module".
type Migration struct {
	Tag string `json:"tag"`

	// Step is what to do, in the API's fields.
	Step Object `json:"step"`
}

// migrationSteps are the fields of a migration besides its tag. wrangler spells
// them as the API does.
var migrationSteps = []string{"new_classes", "new_sqlite_classes", "renamed_classes", "deleted_classes", "transferred_classes"}

// loadMigrations reads `migrations`.
func (l *loader) loadMigrations(list *document.Value) []Migration {
	var migrations []Migration
	tags := map[string]diag.Range{}
	for _, item := range list.ItemsOrNil() {
		tag := item.Get("tag")
		if first, again := tags[tag.String()]; again {
			l.report(RuleMigration, tag.Range(), fmt.Sprintf("two migrations have the tag %q", tag.String()), "the platform remembers the tag of the last one it ran: give each its own",
				diag.Related{Range: first, Message: "the other one"})
		}
		tags[tag.String()] = tag.Range()
		m := Migration{Tag: tag.String(), Step: Object{}}
		for _, field := range migrationSteps {
			if value := item.Get(field).JSON(); !isVacant(value) {
				m.Step[field] = value
			}
		}
		migrations = append(migrations, m)
	}
	return migrations
}

// lastTag is the tag that the platform remembers when all migrations have run.
func lastTag(migrations []Migration) string {
	if len(migrations) == 0 {
		return ""
	}
	return migrations[len(migrations)-1].Tag
}

// PendingMigrations is the upload's metadata field that runs the migrations
// after the one the account remembers; nil when there is nothing to run. known
// is false when the file does not list the one that the account remembers.
func (s *Script) PendingMigrations(remembered string) (pending Object, known bool) {
	rest := s.Migrations
	if remembered != "" {
		for i, m := range s.Migrations {
			if m.Tag == remembered {
				rest, known = s.Migrations[i+1:], true
			}
		}
		if !known {
			return nil, len(s.Migrations) == 0
		}
	}
	if len(rest) == 0 {
		return nil, true
	}
	steps := make([]any, len(rest))
	for i, m := range rest {
		steps[i] = maps.Clone(m.Step)
	}
	pending = Object{"new_tag": lastTag(rest), "steps": steps}
	if remembered != "" {
		pending["old_tag"] = remembered
	}
	return pending, true
}
