package spec

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/internal/diag"
	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// bindingGroup is one of wrangler's lists of bindings.
type bindingGroup struct {
	key  string
	load func(l *loader, item *document.Value) (Binding, bool)
}

// bindingGroups are the lists of bindings a Worker may have. A new group is a
// line here and a function beside its kind.
var bindingGroups = []bindingGroup{
	{"kv_namespaces", (*loader).kvNamespaceBinding},
	{"dispatch_namespaces", (*loader).dispatchNamespaceBinding},
	{"services", (*loader).serviceBinding},
}

// loadScript reads what Workers and user Workers have in common. The value is
// the entry with the file's defaults below it.
func (l *loader) loadScript(e entry, value *document.Value) Script {
	s := Script{
		Code:               l.loadCode(e, value),
		CompatibilityDate:  l.loadCompatibilityDate(e, value),
		CompatibilityFlags: value.Get("compatibility_flags").Strings(),
		Tags:               l.loadTags(value),
		Bindings:           l.loadBindings(value),
	}
	for _, name := range ScriptOptions {
		option := l.loadOption(name, value.Get(name))
		if option == nil {
			continue
		}
		if s.Options == nil {
			s.Options = Object{}
		}
		s.Options[name] = option
	}
	return s
}

// withDefaults lays an entry over the file's `defaults`.
func (l *loader) withDefaults(value *document.Value) *document.Value {
	return document.Merge(l.root.Get("defaults"), value)
}

// codeSource is what makes two Workers' code the same.
type codeSource struct{ entrypoint, inline string }

// loadCode reads where the code comes from. Workers of one source share it.
func (l *loader) loadCode(e entry, value *document.Value) *Code {
	entrypoint, inline := value.Get("main"), value.Get("script")
	switch {
	case entrypoint == nil && inline == nil:
		l.report(RuleCodeSource, e.at, fmt.Sprintf("%q has no code", e.key), "name its entrypoint with `main: ./src/index.ts`, or give it as `script: |`")
		return nil
	case entrypoint != nil && inline != nil:
		l.report(RuleCodeSource, inline.Range(), fmt.Sprintf("%q has both `main` and `script`", e.key), "remove one of the two",
			diag.Related{Range: entrypoint.Range(), Message: "`main` is here"})
		return nil
	}
	source := codeSource{entrypoint: cleanPath(entrypoint.String()), inline: inline.String()}
	if code := l.codes[source]; code != nil {
		return code
	}
	code := &Code{Entrypoint: source.entrypoint, Inline: source.inline, At: entrypoint.Range(), Body: inline.BodyRange()}
	if inline != nil {
		code.At = inline.Range()
	}
	l.codes[source] = code
	return code
}

// loadBindings reads every binding of a Worker, sorted by name.
func (l *loader) loadBindings(value *document.Value) []Binding {
	set := bindingSet{l: l, taken: map[string]diag.Range{}}
	l.loadVars(&set, value.Get("vars"))
	l.loadSecrets(&set, value.Get("secrets"))
	for _, group := range bindingGroups {
		list := value.Get(group.key)
		if list == nil {
			continue
		}
		for _, item := range list.Items {
			b, ok := group.load(l, item)
			name := item.Get("binding")
			if b.Name = name.String(); ok {
				set.add(b, name.Range())
			}
		}
	}
	slices.SortFunc(set.bindings, func(a, b Binding) int { return cmp.Compare(a.Name, b.Name) })
	return set.bindings
}

// bindingSet collects bindings, each name once whatever list it stands in.
type bindingSet struct {
	l        *loader
	bindings []Binding
	taken    map[string]diag.Range
}

func (s *bindingSet) add(b Binding, nameAt diag.Range) {
	s.l.checkBindingName(b.Name, nameAt)
	if first, taken := s.taken[b.Name]; taken {
		s.l.report(RuleDuplicateBinding, nameAt, fmt.Sprintf("the binding %q is given twice", b.Name), "give one of the two another name",
			diag.Related{Range: first, Message: "first given here"})
		return
	}
	s.taken[b.Name] = nameAt
	s.bindings = append(s.bindings, b)
}

// loadOption reads a metadata field that the API spells as wrangler does.
func (l *loader) loadOption(name string, value *document.Value) any {
	if value == nil || value.Kind == document.Null {
		return nil
	}
	if name == "tail_consumers" {
		return l.loadTailConsumers(value)
	}
	return value.JSON()
}

// nameOf is the name that a value refers to: that of the file's own resource,
// when the value is its key, else the value itself.
func (l *loader) nameOf(kind Kind, value *document.Value) string {
	if a, ok := l.declared[kind][value.String()]; ok {
		return a.Name
	}
	return value.String()
}

// refer finds the file's own resource by its key.
func (l *loader) refer(kind Kind, section string, value *document.Value) (Address, bool) {
	if a, ok := l.declared[kind][value.String()]; ok {
		return a, true
	}
	l.report(RuleDanglingReference, value.Range(), fmt.Sprintf("%q is not declared under `%s`", value.String(), section),
		l.declareHint(kind, section, value.String()))
	return Address{}, false
}

func (l *loader) declareHint(kind Kind, section, key string) string {
	var keys []string
	for declared := range l.declared[kind] {
		keys = append(keys, declared)
	}
	slices.Sort(keys)
	if near := nearest(key, keys); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Sprintf("declare it: `%s: { %s: {} }`", section, key)
}

// checkOneOf reports unless exactly one of two fields is given.
func (l *loader) checkOneOf(value *document.Value, a, b string) bool {
	switch inA, inB := value.Member(a), value.Member(b); {
	case inA == nil && inB == nil:
		l.report(RuleOneOf, value.Range(), fmt.Sprintf("one of `%s` and `%s` is missing", a, b), "")
	case inA != nil && inB != nil:
		l.report(RuleOneOf, inB.Range(), fmt.Sprintf("`%s` and `%s` cannot both be given", a, b), "remove one of the two",
			diag.Related{Range: inA.Range(), Message: fmt.Sprintf("`%s` is here", a)})
	default:
		return true
	}
	return false
}
