package stackfile

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/text"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/check"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/rollout"
)

// loader loads the entries of a file into a stack.
type loader struct {
	*expansion
	keys
	shared
	defaults *defaults
	stack    *spec.Stack

	// current is the entry being loaded, and resolved the references in it that
	// mean the one of many for its item.
	current  entry
	resolved map[*document.Value]string

	// definitions are where each address was first defined, templated those that
	// templates did, and ordered what resources come after without referring to it.
	definitions map[spec.Address]diag.Range
	templated   map[spec.Address]bool
	ordered     map[spec.Address][]spec.Reference

	rollouts *rollout.Fleets

	// rendering takes the entries as they were loaded, when they are wanted; see
	// [Render].
	rendering *rendering
}

// shared is what the Workers of a file have in common, each thing once.
type shared struct {
	codes  map[codeSource]*spec.Code
	assets map[string]*spec.AssetFiles // by directory

	// noCode is that of all Workers without any, and keptCode that of those whose
	// code a template leaves as it is.
	noCode, keptCode *spec.Code

	values       map[*document.Value]any // of variables
	bindingNames map[string]bool         // that have been checked, and are good
	boundNames   map[string]diag.Range   // of the present Worker; one map serves them all
}

func newLoader(entries *expansion, stack *spec.Stack, rendering *rendering) *loader {
	return &loader{
		expansion: entries,
		defaults:  newDefaults(entries.Expander, entries.file.Root),
		keys:      newKeys(),
		shared: shared{
			codes:        map[codeSource]*spec.Code{},
			assets:       map[string]*spec.AssetFiles{},
			noCode:       spec.NoCode(),
			keptCode:     spec.KeptCode(),
			values:       map[*document.Value]any{},
			bindingNames: map[string]bool{},
			boundNames:   map[string]diag.Range{},
		},
		stack:       stack,
		definitions: map[spec.Address]diag.Range{},
		templated:   map[spec.Address]bool{},
		ordered:     map[spec.Address][]spec.Reference{},
		rollouts:    rollout.New(entries.Collector),
		rendering:   rendering,
	}
}

// load reads the sections: first every name that something may refer to, so
// that references may point forward, then every entry.
func (l *loader) load() {
	l.stack.Name = l.file.StackName()
	l.stack.AccountID = l.file.Root.Get("account_id").String()
	declarations := l.declarations()
	for _, d := range declarations {
		if !d.section.unnamed {
			l.declareNames(d)
		}
	}
	for _, d := range declarations {
		if d.section.declare != nil {
			d.section.declare(l, d)
		}
	}
	l.loadEntries(declarations)
	l.begin(entry{})
}

// begin makes an entry the current one, which complaints are about.
func (l *loader) begin(e entry) {
	l.current = e
	l.About(e.about())
}

// declarations returns the keys of every section.
func (l *loader) declarations() []declaration {
	var all []declaration
	for i := range sections {
		s := &sections[i]
		value := l.file.Root.Get(s.Section)
		if value == nil {
			continue
		}
		l.declareCollection(s.Kind)
		l.stack.Sections[s.Kind] = l.file.Root.Member(s.Section).Range()
		for _, m := range value.Members {
			if s.InZones() && !l.IsBroken("/"+s.Section+"/"+text.EscapePointer(m.Key)) {
				l.declareZone(s.Kind, m.Value)
			}
			d := declaration{section: s, member: m, pointer: "/" + s.Section + "/" + text.EscapePointer(m.Key), at: m.Range()}
			if loops, ok := l.loops(m.Value.Get("for_each")); ok && !l.IsBroken(d.pointer) {
				if d.loops = loops; l.checkTemplate(d) {
					all = append(all, d)
				}
			}
		}
	}
	return all
}

// declareNames notes the keys that references can name.
func (l *loader) declareNames(d declaration) {
	if len(d.loops) > 0 {
		l.generated[d.section.Kind][d.member.Key] = d.lists()
	}
	l.each(d, func(e entry) {
		l.declared[d.section.Kind][e.key] = l.keyAddress(e)
	})
}

func (l *loader) loadEntry(e entry) {
	l.begin(e)
	if e.missing {
		return // what is wrong with the file has been said
	}
	e.value = l.defaults.entryValue(e)
	l.checkImported(e)
	if !l.defaults.checkShape(e) {
		return
	}
	l.resolved = map[*document.Value]string{}
	if e.isExternal() {
		l.loadExternal(e)
		e.value = l.Expand(e.member.Value, e.values) // no defaults reach it
	} else {
		e.dependsOn = l.dependsOn(e)
		l.current = e
		e.section.load(l, e)
	}
	if l.rendering != nil && !e.isDiscovered() {
		l.render(e)
	}
}

// keyAddress returns the address of an entry that something may refer to by its
// key.
func (l *loader) keyAddress(e entry) spec.Address {
	a := spec.Address{Kind: e.section.Kind, Name: e.name}
	if e.section.parentOf == nil {
		return a
	}
	value := l.Expand(e.value, e.values)
	a.Parent = e.section.parentOf(value)
	if e.section.addressName != nil {
		a.Name = e.section.addressName(e.name, value)
	}
	return a
}

// meta returns what an entry says about managing its resource.
func (e entry) meta() spec.Meta {
	return spec.Meta{
		Adopt:       e.value.Get("adopt").IsTrue(),
		Protect:     e.value.Get("protect").IsTrue(),
		RenamedFrom: e.value.Get("renamed_from").String(),
		DependsOn:   addressesOf(e.dependsOn),
		At:          e.at,
	}
}

// add puts a resource into the stack, unless its address is taken.
func (l *loader) add(r spec.Resource) {
	a := r.Address()
	at := r.Meta().At
	if l.isAside(r) {
		return
	}
	if first, taken := l.definitions[a]; taken {
		d := spec.DeclaredTwice(a, first)
		l.Report(d.Rule, at, d.Message, l.current.nameHint(), d.Related...)
		return
	}
	l.definitions[a] = at
	if l.current.isDiscovered() {
		l.templated[a] = true
	}
	if r.Meta().DependsOn != nil {
		l.ordered[a] = l.current.dependsOn
	}
	l.stack.Resources = append(l.stack.Resources, r)
}

// nameHint says how an entry whose name is taken gets another.
func (e entry) nameHint() string {
	if e.imported != nil && len(e.items) > 0 && e.member.Value.Get(e.section.nameBy) == nil {
		return fmt.Sprintf("wrangler's configuration gives each item the same name: write name: ${%s.KEY}, or name: null for that of the item, beside `from_wrangler`", e.loops[0].alias)
	}
	return "give one of the two another name"
}

// check puts the stack in order, and checks what can only be checked of all of it.
func (l *loader) check(removed []removal) {
	l.stack.Sort()
	slices.SortFunc(l.stack.External, byAddress)
	l.stack.Rollouts = l.rollouts.Finish()
	slices.SortFunc(l.stack.Collections, spec.Collection.Compare)
	l.stack.Collections = slices.Compact(l.stack.Collections)
	l.stack.Files = l.Files()
	loaded := check.Loaded{Stack: l.stack, Definitions: l.definitions, Ordered: l.ordered, RemovedFor: map[spec.Address][]diag.Related{}}
	if len(l.ordered) > 0 {
		loaded.Named = l.addresses()
	}
	for _, r := range removed {
		loaded.RemovedFor[r.To] = r.related
	}
	check.All(l.Collector, loaded)
}

func byAddress(a, b spec.Reference) int { return a.To.Compare(b.To) }

// declareCollection notes that the file has a section, even an empty one, and
// so declares the live resources of that kind to be its own. User Workers are
// declared by their dispatch namespace.
func (l *loader) declareCollection(kind spec.Kind) {
	if kind.Info().Container != spec.ContainerDispatchNamespace {
		l.stack.Collections = append(l.stack.Collections, spec.Collection{Kind: kind})
	}
}
