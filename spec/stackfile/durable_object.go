package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// Durable Objects and Workflows are classes that a Worker exports. A binding to
// one names the class, and the Worker unless that is the one that is bound.

// durableObjectBinding reads an item of `durable_objects.bindings`.
func (l *loader) durableObjectBinding(item *document.Value) (spec.Binding, bool) {
	b := copyFields(spec.Binding{Type: spec.BindingDurableObject, At: item.Get("class_name").Range()}, item, "class_name", "environment")
	return l.withScriptName(b, item), true
}

// workflowBinding reads an item of `workflows`.
func (l *loader) workflowBinding(item *document.Value) (spec.Binding, bool) {
	b := copyFields(spec.Binding{Type: spec.BindingWorkflow, At: item.Range()}, item, "class_name")
	b.Properties = b.Properties.With("workflow_name", item.Get("name").String())
	return l.withScriptName(b, item), true
}

// withScriptName sets the Worker that exports the class: one of the file, by
// key, or any of the account, by name.
func (l *loader) withScriptName(b spec.Binding, item *document.Value) spec.Binding {
	name := item.Get("script_name")
	if name == nil {
		return b
	}
	b.At = name.Range()
	b.Properties = b.Properties.With("script_name", l.nameOf(spec.KindWorker, name))
	return b
}

// workflow writes a binding to a Workflow.
func (w *bindingWriter) workflow(g *bindingGroup, b spec.Binding, properties spec.Object) bool {
	if !onlyHas(properties, "workflow_name", "class_name", "script_name") {
		return false
	}
	item := g.item(b)
	for property, value := range properties {
		if property == "workflow_name" {
			property = "name"
		}
		item[property] = value
	}
	return w.put(g, item)
}

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
			if value := item.Get(field).JSON(); !canon.IsUnset(value) {
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
