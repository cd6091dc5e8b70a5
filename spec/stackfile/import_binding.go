package stackfile

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// bindingWriter writes the bindings of one imported Worker.
type bindingWriter struct {
	im            *importer
	vars, secrets members
	kept, carried []string               // secrets that stay what they are, and what else does
	groups        map[string][]any       // items, by the group's key
	singles       map[string]spec.Object // of groups that are no list
}

// bindings writes a script's bindings, and returns the names of the secrets that
// stay what they are and of what else is carried over.
func (im *importer) bindings(m *members, a spec.Address, s *spec.Script) (kept, carried []string) {
	w := &bindingWriter{im: im, groups: map[string][]any{}, singles: map[string]spec.Object{}}
	for _, b := range s.Bindings {
		if im.inherit[a][b.Name] && b.Type != spec.BindingSecret {
			w.carried = append(w.carried, b.Name)
		} else {
			w.add(b)
		}
	}
	w.writeTo(m, s)
	return w.kept, w.carried
}

// add writes a binding as its type has it, or else in the API's form.
func (w *bindingWriter) add(b spec.Binding) {
	properties := b.Canonical()
	delete(properties, "type")
	g := groupOf(b.Type)
	write := g.write
	if write == nil {
		write = (*bindingWriter).byFields
	}
	if !write(w, g, b, properties) {
		item := spec.Object{"name": b.Name, "type": b.Type}
		maps.Copy(item, b.Properties.Object())
		w.groups["bindings"] = append(w.groups["bindings"], item)
	}
}

// writeTo adds everything to a Worker's entry.
func (w *bindingWriter) writeTo(m *members, s *spec.Script) {
	if len(w.vars) > 0 {
		m.put("vars", w.vars.value())
	}
	if len(w.secrets) > 0 {
		m.put("secrets", w.secrets.value())
	}
	if len(w.carried) > 0 {
		m.set("carry_over", canon.SortedStrings(w.carried))
	}
	if s.Assets != nil {
		assets := spec.Object{"keep": true}
		for _, b := range s.Bindings {
			if b.Type == spec.BindingAssets {
				assets["binding"] = b.Name
			}
		}
		m.set("assets", assets)
	}
	for _, group := range bindingGroups {
		if item := w.singles[group.key]; item != nil {
			m.set(group.key, item)
		}
		if items := w.groups[group.key]; len(items) > 0 {
			outer, inner, nested := strings.Cut(group.key, "/")
			if nested {
				m.set(outer, spec.Object{inner: items})
			} else {
				m.set(outer, items)
			}
		}
	}
}

// item returns the start of a binding, as an item of its group.
func (g *bindingGroup) item(b spec.Binding) spec.Object {
	return spec.Object{cmp.Or(g.name, "binding"): b.Name}
}

// put adds an item to its group. A group that is no list takes one.
func (w *bindingWriter) put(g *bindingGroup, item spec.Object) bool {
	switch {
	case !g.single:
		w.groups[g.key] = append(w.groups[g.key], item)
	case w.singles[g.key] == nil:
		w.singles[g.key] = item
	default:
		return false
	}
	return true
}

// byFields writes a binding whose properties the file spells as the API does, and
// one to a store, by key where the file declares it.
func (w *bindingWriter) byFields(g *bindingGroup, b spec.Binding, properties spec.Object) bool {
	item, t := g.item(b), spec.BindingTypeOf(g.of)
	switch {
	case g.key == "" || g.of == "":
		return false
	case g.id == "" && onlyHas(properties, g.fields...):
		maps.Copy(item, properties)
		name, _ := properties[t.NameBy].(string)
		if key := w.im.keys[spec.Address{Kind: t.Kind, Name: name}]; key != "" && t.Kind.Info().Store {
			delete(item, t.NameBy)
			item["ref"] = key
		}
	case g.id != "" && onlyHas(properties, t.ID):
		id, _ := properties[t.ID].(string)
		if key := w.im.keys[w.im.ids[t.Kind][id]]; key != "" {
			item["ref"] = key
		} else {
			item[g.id] = id
		}
	default:
		return false
	}
	return w.put(g, item)
}

func (w *bindingWriter) text(_ *bindingGroup, b spec.Binding, properties spec.Object) bool {
	text, ok := properties["text"].(string)
	if ok {
		w.vars.set(b.Name, text)
	}
	return ok
}

// json writes a value, unless it is text: among `vars` that would be plain text.
func (w *bindingWriter) json(_ *bindingGroup, b spec.Binding, properties spec.Object) bool {
	value, ok := properties["json"]
	if _, isText := value.(string); !ok || isText {
		return false
	}
	w.vars.set(b.Name, value)
	return true
}

func (w *bindingWriter) secret(_ *bindingGroup, b spec.Binding, _ spec.Object) bool {
	w.kept = append(w.kept, b.Name)
	w.secrets.set(b.Name, spec.Object{"keep": true})
	return true
}

func (w *bindingWriter) carryOver(_ *bindingGroup, b spec.Binding, _ spec.Object) bool {
	w.carried = append(w.carried, b.Name)
	return true
}

// leave writes nothing: a binding to assets is part of `assets`.
func (w *bindingWriter) leave(*bindingGroup, spec.Binding, spec.Object) bool { return true }

// onlyHas reports whether an object has no other keys.
func onlyHas(o spec.Object, keys ...string) bool {
	for key := range o {
		if !slices.Contains(keys, key) {
			return false
		}
	}
	return true
}
