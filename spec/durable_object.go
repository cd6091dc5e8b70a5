package spec

import (
	"maps"
)

// RelativeTo returns the binding without the name of the Worker that exports
// the class if that is the script at the address itself: naming it makes no
// difference.
func (b Binding) RelativeTo(a Address) Binding {
	if !BindingTypeOf(b.Type).class || b.Properties.Get("script_name") != a.Name {
		return b
	}
	namespace, _ := b.Properties.Get("dispatch_namespace").(string)
	if namespace != a.Parent {
		return b // another script of the same name, elsewhere
	}
	b.Properties = b.Properties.Without("script_name", "dispatch_namespace")
	return b
}

// canonicalDurableObject drops the id that the platform assigns to each class
// and returns although no upload sets it.
func canonicalDurableObject(c Object) {
	if c["class_name"] != nil {
		delete(c, "namespace_id")
	}
	canonicalService(c)
}

// Migration creates, renames, moves or deletes Durable Object classes of a
// Worker. Migrations are a chain: the platform remembers the tag of the last
// one that ran, and an upload carries those after it. Source: Durable Objects
// migrations; API reference, "Upload Worker Module".
type Migration struct {
	Tag string `json:"tag"`

	// Step holds the API's fields.
	Step Object `json:"step"`
}

// ClassName returns the class that a binding leads to; "" if it names none.
func (b Binding) ClassName() string {
	name, _ := b.Properties.Get("class_name").(string)
	return name
}

// UncreatedClasses returns the bindings of the script at an address to Durable
// Object classes of its own that its migrations do not create. A template lists
// no migrations: they are up to the program that uploads the Worker.
func (s *Script) UncreatedClasses(a Address) []Binding {
	var uncreated []Binding
	var created map[string]bool
	for _, b := range s.Bindings {
		if b.Type != BindingDurableObject || s.IsTemplate() || b.RelativeTo(a).Properties.Get("script_name") != nil {
			continue
		}
		if created == nil {
			created = classesAfter(s.Migrations)
		}
		if !created[b.ClassName()] {
			uncreated = append(uncreated, b)
		}
	}
	return uncreated
}

// classesAfter returns the classes that a Worker has when its migrations have run.
func classesAfter(migrations []Migration) map[string]bool {
	classes := map[string]bool{}
	items := func(m Migration, field string) []any {
		list, _ := m.Step[field].([]any)
		return list
	}
	for _, m := range migrations {
		for _, field := range []string{"new_classes", "new_sqlite_classes"} {
			for _, class := range items(m, field) {
				name, _ := class.(string)
				classes[name] = true
			}
		}
		for _, field := range []string{"renamed_classes", "transferred_classes"} {
			for _, item := range items(m, field) {
				step, _ := item.(map[string]any)
				if field == "renamed_classes" {
					from, _ := step["from"].(string)
					delete(classes, from)
				}
				to, _ := step["to"].(string)
				classes[to] = true
			}
		}
		for _, class := range items(m, "deleted_classes") {
			name, _ := class.(string)
			delete(classes, name)
		}
	}
	return classes
}

// LastMigrationTag returns the tag that the platform remembers after all
// migrations have run.
func LastMigrationTag(migrations []Migration) string {
	if len(migrations) == 0 {
		return ""
	}
	return migrations[len(migrations)-1].Tag
}

// PendingMigrations returns the upload's metadata field that runs the
// migrations after the one that the account remembers; nil if none are left to
// run. known is false if the file does not list the remembered one.
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
	pending = Object{"new_tag": LastMigrationTag(rest), "steps": steps}
	if remembered != "" {
		pending["old_tag"] = remembered
	}
	return pending, true
}
