package stackfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// bindingNameOf is where an item says what it binds; wrangler calls it
// "binding", and in some groups "name".
func bindingNameOf(item *document.Value) *document.Value {
	if name := item.Get("binding"); name != nil {
		return name
	}
	return item.Get("name")
}

// loadScript reads what Workers and user Workers have in common. The value is
// the entry with the file's defaults below it.
func (l *loader) loadScript(e entry, value *document.Value) spec.Script {
	code := l.loadCode(e, value)
	s := spec.Script{
		Code:               code,
		CompatibilityDate:  l.loadCompatibilityDate(e, value),
		CompatibilityFlags: value.Get("compatibility_flags").Strings(),
		Tags:               l.loadTags(value),
		Assets:             l.loadAssets(value, code),
	}
	if code.IsNone() {
		l.checkWithoutCode(e.member.Value, value)
		return s
	}
	s.Bindings = l.loadBindings(l.addressOf(e), value)
	s.Migrations = l.loadMigrations(value.Get("migrations"))
	s.MigrationTag = spec.LastMigrationTag(s.Migrations)
	l.checkClasses(l.addressOf(e), &s)
	s.Options = l.loadOptions(value)
	return s
}

// loadOptions reads the metadata fields that the API spells as wrangler does.
func (l *loader) loadOptions(value *document.Value) spec.Object {
	var options spec.Object
	for _, name := range spec.ScriptOptions {
		option := l.loadOption(name, value.Get(name))
		if option == nil {
			continue
		}
		if options == nil {
			options = spec.Object{}
		}
		options[name] = option
	}
	return options
}

// addressOf is the address of the Worker or user Worker that an entry declares.
func (l *loader) addressOf(e entry) spec.Address {
	a := spec.Address{Kind: e.section.Kind, Name: e.name}
	if namespace := e.value.Get("dispatch_namespace"); namespace != nil {
		a.Parent = l.nameOf(spec.KindDispatchNamespace, namespace)
	}
	return a
}

// codeSource is what makes two Workers' code the same.
type codeSource struct{ entrypoint, inline, options string }

// loadCode reads where the code comes from. Workers of one source share it.
func (l *loader) loadCode(e entry, value *document.Value) *spec.Code {
	entrypoint, inline := value.Get("main"), value.Get("script")
	switch {
	case entrypoint == nil && inline == nil && hasAssets(value):
		return l.noCode
	case entrypoint == nil && inline == nil:
		l.report(spec.RuleCodeSource, e.at, fmt.Sprintf("%q has no code", e.key), "name its entrypoint with `main: ./src/index.ts`, or give it as `script: |`; a Worker without code serves `assets`")
		return nil
	case entrypoint != nil && inline != nil:
		l.report(spec.RuleCodeSource, inline.Range(), fmt.Sprintf("%q has both `main` and `script`", e.key), "remove one of the two",
			diag.Related{Range: entrypoint.Range(), Message: "`main` is here"})
		return nil
	}
	options := l.loadCodeOptions(e, value)
	source := codeSource{entrypoint: cleanPath(entrypoint.String()), inline: inline.String(), options: options.Key()}
	if code := l.codes[source]; code != nil {
		return code
	}
	code := &spec.Code{
		Entrypoint: source.entrypoint, Inline: source.inline, Options: options,
		At: entrypoint.Range(), Body: inline.BodyRange(),
	}
	if inline != nil {
		code.At = inline.Range()
	}
	l.codes[source] = code
	return code
}

// loadBindings reads every binding of the Worker at an address, sorted by name.
func (l *loader) loadBindings(a spec.Address, value *document.Value) []spec.Binding {
	clear(l.boundNames)
	set := bindingSet{l: l, taken: l.boundNames}
	l.loadVars(&set, value.Get("vars"))
	l.loadSecrets(&set, value.Get("secrets"))
	l.loadCarriedOver(&set, value.Get("carry_over"))
	for i := range bindingGroups {
		group := &bindingGroups[i]
		for _, item := range group.items(value) {
			b, ok := group.read(l, item)
			name := bindingNameOf(item)
			if b.Name = name.String(); ok {
				set.add(b.Local(a), name.Range())
			}
		}
	}
	slices.SortFunc(set.bindings, func(a, b spec.Binding) int { return cmp.Compare(a.Name, b.Name) })
	return set.bindings
}

// bindingSet collects bindings, each name once whatever list it stands in.
type bindingSet struct {
	l        *loader
	bindings []spec.Binding
	taken    map[string]diag.Range
}

func (s *bindingSet) add(b spec.Binding, nameAt diag.Range) {
	s.l.checkBindingName(b.Name, nameAt)
	if first, taken := s.taken[b.Name]; taken {
		s.l.report(spec.RuleDuplicateBinding, nameAt, fmt.Sprintf("the binding %q is given twice", b.Name), "give one of the two another name",
			diag.Related{Range: first, Message: "first given here"})
		return
	}
	s.taken[b.Name] = nameAt
	s.bindings = append(s.bindings, b)
}

// loadOption reads one of them.
func (l *loader) loadOption(name string, value *document.Value) any {
	if value == nil || value.Kind == document.Null {
		return nil
	}
	switch name {
	case "placement":
		return l.loadPlacement(value)
	case "tail_consumers":
		return l.loadTailConsumers(value)
	default:
		return value.JSON()
	}
}

// nameOf is the name that a value refers to: that of the file's own resource,
// when the value is its key, else the value itself.
func (l *loader) nameOf(kind spec.Kind, value *document.Value) string {
	if a, ok := l.lookup(kind, value); ok {
		return a.Name
	}
	return value.String()
}

// lookup finds the file's own resource by its key. The key of a `for_each`
// means, to an entry that goes through the same lists, the one for its item.
func (l *loader) lookup(kind spec.Kind, value *document.Value) (spec.Address, bool) {
	key := value.String()
	if lists, generated := l.generated[kind][key]; generated && len(l.current.items) > 0 && lists == l.current.lists() {
		key = instanceKey(key, l.current.itemKey)
		l.resolved[value] = key
	}
	a, ok := l.declared[kind][key]
	return a, ok
}

// refer finds the file's own resource by its key, or complains.
func (l *loader) refer(kind spec.Kind, section string, value *document.Value) (spec.Address, bool) {
	if a, ok := l.lookup(kind, value); ok {
		return a, true
	}
	if _, generated := l.generated[kind][value.String()]; generated {
		l.report(spec.RuleDanglingReference, value.Range(), fmt.Sprintf("%q stands for one resource for each item of its list", value.String()),
			fmt.Sprintf("say which, as in %s[${KEY}], or go through the same list", value.String()))
		return spec.Address{}, false
	}
	l.report(spec.RuleDanglingReference, value.Range(), fmt.Sprintf("%q is not declared under `%s`", value.String(), section),
		l.declareHint(kind, section, value.String()))
	return spec.Address{}, false
}

func (l *loader) declareHint(kind spec.Kind, section, key string) string {
	var keys []string
	for declared := range l.declared[kind] {
		keys = append(keys, declared)
	}
	slices.Sort(keys)
	for _, declared := range keys {
		if l.declared[kind][declared].Name == key {
			return fmt.Sprintf("that is its name: refer to it by its key here, which is %q", declared)
		}
	}
	if base, _, ofMany := strings.Cut(key, "["); ofMany && slices.Contains(keys, base) {
		return fmt.Sprintf("%[1]q has no `for_each`, and so is one resource: refer to it as %[1]q", base)
	}
	if near := diag.Nearest(key, keys); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Sprintf("declare it: `%s: { %s: {} }`", section, key)
}

// checkOneOf reports unless exactly one of some fields is given.
func (l *loader) checkOneOf(value *document.Value, fields ...string) bool {
	if slices.ContainsFunc(fields, func(field string) bool { return value.Member(field) != nil }) {
		return l.checkNotBoth(value, fields...)
	}
	hint := ""
	if fields[0] == "ref" {
		hint = "give `ref`, the key of a resource that this file declares: unlike wrangler, wfpsync creates nothing else"
	}
	last := len(fields) - 1
	l.report(spec.RuleOneOf, value.Range(), fmt.Sprintf("one of `%s` and `%s` is missing", strings.Join(fields[:last], "`, `"), fields[last]), hint)
	return false
}

// checkNotBoth reports when more than one of some fields is given.
func (l *loader) checkNotBoth(value *document.Value, fields ...string) bool {
	var first *document.Member
	for _, field := range fields {
		switch m := value.Member(field); {
		case m == nil:
		case first == nil:
			first = m
		default:
			l.report(spec.RuleOneOf, m.Range(), fmt.Sprintf("`%s` and `%s` cannot both be given", first.Key, m.Key), "remove one of the two",
				diag.Related{Range: first.Range(), Message: fmt.Sprintf("`%s` is here", first.Key)})
			return false
		}
	}
	return true
}
