package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// migrationSteps are the fields of a migration besides its tag. wrangler spells
// them as the API does.
var migrationSteps = []string{"new_classes", "new_sqlite_classes", "renamed_classes", "deleted_classes", "transferred_classes"}

// loadMigrations reads `migrations`.
func (l *loader) loadMigrations(list *document.Value) []spec.Migration {
	var migrations []spec.Migration
	tags := map[string]diag.Range{}
	for _, item := range list.ItemsOrNil() {
		tag := item.Get("tag")
		if first, again := tags[tag.String()]; again {
			l.Report(spec.RuleMigration, tag.Range(), fmt.Sprintf("two migrations have the tag %q", tag.String()), "the platform remembers the tag of the last one it ran: give each its own",
				diag.Related{Range: first, Message: "the other one"})
		}
		tags[tag.String()] = tag.Range()
		m := spec.Migration{Tag: tag.String(), Step: spec.Object{}}
		for _, field := range migrationSteps {
			if value := item.Get(field).JSON(); !canon.IsVacant(value) {
				m.Step[field] = value
			}
		}
		migrations = append(migrations, m)
	}
	return migrations
}

// checkClasses reports bindings to Durable Object classes of the Worker itself
// that no migration creates. A file that lists no migrations may be meant for a
// Worker whose migrations have run already; only a plan can tell.
// Source: Cloudflare's error 10061, as in github.com/cloudflare/workers-sdk/issues/10246.
func (l *loader) checkClasses(a spec.Address, s *spec.Script) {
	for _, b := range s.UncreatedClasses(a) {
		message := fmt.Sprintf("no migration creates the Durable Object class %q", b.ClassName())
		if len(s.Migrations) > 0 {
			l.Report(spec.RuleClassNotCreated, b.At, message, fmt.Sprintf("add it to a new migration under `migrations`: `new_sqlite_classes: [%s]`; a class of another Worker needs `script_name`", b.ClassName()))
		} else {
			l.Warn(spec.RuleClassNotCreated, b.At, message, fmt.Sprintf("write `migrations: [{ tag: v1, new_sqlite_classes: [%s] }]`: Cloudflare refuses the upload, unless the Worker is there and has the class", b.ClassName()))
		}
	}
}
