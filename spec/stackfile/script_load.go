package stackfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/layer"
)

// bindingNameOf returns where an item says what it binds; wrangler calls it
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

// addressOf returns the address of the Worker or user Worker that an entry
// declares.
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
		l.Report(spec.RuleCodeSource, e.at, fmt.Sprintf("%q has no code", e.key), "name its entrypoint with `main: ./src/index.ts`, or give it as `script: |`; a Worker without code serves `assets`")
		return nil
	case entrypoint != nil && inline != nil:
		l.Report(spec.RuleCodeSource, inline.Range(), fmt.Sprintf("%q has both `main` and `script`", e.key), "remove one of the two",
			diag.Related{Range: entrypoint.Range(), Message: "`main` is here"})
		return nil
	}
	options := l.loadCodeOptions(e, value)
	source := codeSource{entrypoint: layer.CleanPath(entrypoint.String()), inline: inline.String(), options: options.Key()}
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
				set.add(b.RelativeTo(a), name.Range())
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
		s.l.Report(spec.RuleDuplicateBinding, nameAt, fmt.Sprintf("the binding %q is given twice", b.Name), "give one of the two another name",
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
	l.Report(spec.RuleOneOf, value.Range(), fmt.Sprintf("one of `%s` and `%s` is missing", strings.Join(fields[:last], "`, `"), fields[last]), hint)
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
			l.Report(spec.RuleOneOf, m.Range(), fmt.Sprintf("`%s` and `%s` cannot both be given", first.Key, m.Key), "remove one of the two",
				diag.Related{Range: first.Range(), Message: fmt.Sprintf("`%s` is here", first.Key)})
			return false
		}
	}
	return true
}
