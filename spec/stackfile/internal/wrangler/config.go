package wrangler

import (
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// Config is what a configuration says of one Worker: that of the top level, or
// of one environment.
type Config struct {
	// Worker is what a Worker of a stack file takes over. Paths in it are from
	// the root of the project.
	Worker *document.Value

	// AccountID is the account to deploy to, nil where the file does not say.
	AccountID *document.Value

	// RequiredSecrets are the names of secrets that the Worker cannot do without.
	RequiredSecrets []*document.Value

	// Findings are the keys that are not taken over and make a difference.
	Findings []Finding

	given map[string]bool
}

// Finding is a key that is not taken over.
type Finding struct {
	Member  *document.Member
	Within  string // the key of the Worker that the member is within, "" where it is that key
	Kind    FindingKind
	Message string
	Hint    string

	// Confidential says that the value may be a secret.
	Confidential bool
}

// FindingKind is what is to be said about a key.
type FindingKind int

const (
	Unknown      FindingKind = iota // wrangler knows no such key
	Refused                         // the Worker would not be what the file says
	NoEffect                        // the key does nothing here
	NotInherited                    // the key does nothing in the environment
)

// Has reports whether the configuration gives a key, at the top level or in the
// environment.
func (c *Config) Has(key string) bool { return c.given[key] }

// Environments returns the names of a configuration's environments.
func Environments(file *document.Value) []string {
	var names []string
	for _, m := range file.Get("env").MembersOrNil() {
		names = append(names, m.Key)
	}
	return names
}

// Read returns what a configuration says of the Worker of an environment, ""
// for that of the top level. The folder is the file's in the project. It is nil
// when the file has no such environment.
func Read(file *document.Value, environment, folder string) *Config {
	r := &reader{Config: &Config{given: map[string]bool{}}, environment: environment, folder: folder}
	var within *document.Value
	if environment != "" {
		m := file.Get("env").Member(environment)
		if m == nil {
			return nil
		}
		if within = m.Value; within.Kind != document.Map {
			r.find(*m, Refused, fmt.Sprintf("the environment %q is %s, not an object", environment, within.Describe()), "")
		}
	}
	r.check(file, false)
	r.check(within, true)
	for _, m := range file.Members {
		k, known := find(m.Key)
		switch {
		case !known || isAbsent(m.Value):
		case within == nil || k.scope == top:
			r.take(k, m)
		case !isAbsent(within.Get(m.Key)):
			r.compare(m, within.Get(m.Key)) // the environment has its own
		case k.scope == inherited:
			r.take(k, r.inherit(m))
		case k.fate != local && !saysNothing(m.Value, k.harmless):
			r.find(m, NotInherited, fmt.Sprintf("the environment %q does not inherit `%s`", environment, m.Key),
				fmt.Sprintf("repeat it in env.%s, or give it beside `from_wrangler`", environment))
		}
	}
	for _, m := range within.MembersOrNil() {
		if k, known := find(m.Key); known && k.scope != top && !isAbsent(m.Value) {
			r.take(k, m)
		}
	}
	r.Worker = file.WithMembers(r.members)
	return r.Config
}

// isAbsent reports whether a value is as good as none: to wrangler null is.
func isAbsent(v *document.Value) bool { return v == nil || v.Kind == document.Null }

type reader struct {
	*Config
	environment string
	folder      string
	members     []document.Member
}

func (r *reader) find(m document.Member, kind FindingKind, message, hint string) {
	r.Findings = append(r.Findings, Finding{Member: &m, Kind: kind, Message: message, Hint: hint})
}

// check looks for keys that do not belong where they are.
func (r *reader) check(level *document.Value, inEnvironment bool) {
	for _, m := range level.MembersOrNil() {
		r.given[m.Key] = true
		k, known := find(m.Key)
		switch {
		case !known:
			r.find(m, Unknown, fmt.Sprintf("unknown key %q", m.Key), "")
		case inEnvironment && k.scope == top && k.fate != local:
			r.find(m, Refused, fmt.Sprintf("`%s` counts only at the top of the file, not in an environment", m.Key), "move it there, or remove it")
		}
	}
}

// inherit returns what an environment takes over from the top level. A Worker
// has its environment in its name.
func (r *reader) inherit(m document.Member) document.Member {
	if m.Key == "name" && m.Value.String() != "" {
		m.Value = document.FromJSON(m.Value.Text+"-"+r.environment, m.Value)
	}
	return m
}

// compare looks for what an environment has none of, in a map that the top level
// has, too.
func (r *reader) compare(top document.Member, own *document.Value) {
	if top.Key != "vars" && top.Key != "define" {
		return
	}
	for _, m := range top.Value.MembersOrNil() {
		if own.Member(m.Key) == nil {
			r.find(m, NotInherited, fmt.Sprintf("the environment %q does not inherit %q of `%s`", r.environment, m.Key, top.Key),
				fmt.Sprintf("repeat it in env.%s.%s, or give it beside `from_wrangler`", r.environment, top.Key))
			r.Findings[len(r.Findings)-1].Within = top.Key
		}
	}
}

// take does with a key what is to be done with it.
func (r *reader) take(k key, m document.Member) {
	switch k.fate {
	case taken:
		m.Value = r.withoutRefused(m.Key, r.rebase(m))
		r.members = append(r.members, m)
	case bindings:
		m.Value = r.withoutRefused(m.Key, withoutDevelopment(m.Value))
		r.members = append(r.members, m)
	case special:
		r.takeSpecial(m)
	case warned:
		if !saysNothing(m.Value, k.harmless) && hasEffect(m) {
			r.find(m, NoEffect, fmt.Sprintf("`%s` has no effect here", m.Key), k.advice)
		}
	case refused:
		if !saysNothing(m.Value, k.harmless) {
			r.find(m, Refused, fmt.Sprintf("wfpsync does not support `%s`", m.Key),
				strings.TrimPrefix(fmt.Sprintf("%s; `%s: null` beside `from_wrangler` leaves it out", k.advice, m.Key), "; "))
		}
	}
}

func (r *reader) takeSpecial(m document.Member) {
	switch m.Key {
	case "name":
		r.members = append(r.members, m)
	case "account_id":
		if m.Value.Text != "" { // to wrangler an empty one is none
			r.AccountID = m.Value
		}
	case "secrets":
		r.takeSecrets(m)
	}
}

// takeSecrets reads the names of the secrets that the Worker needs.
func (r *reader) takeSecrets(m document.Member) {
	for _, secret := range m.Value.MembersOrNil() {
		if secret.Key != "required" {
			r.Findings = append(r.Findings, Finding{Member: &secret, Kind: Unknown, Message: fmt.Sprintf("unknown key %q", secret.Key), Confidential: true})
		}
	}
	required := m.Value.Get("required")
	isList := isAbsent(required) || required.Kind == document.List
	isNameless := func(v *document.Value) bool { return v.String() == "" }
	if m.Value.Kind != document.Map || !isList || slices.ContainsFunc(required.ItemsOrNil(), isNameless) {
		r.Findings = append(r.Findings, Finding{Member: &m, Kind: Refused, Message: "`secrets` is an object, and `required` in it a list of names", Confidential: true})
		return
	}
	r.RequiredSecrets = required.ItemsOrNil()
}

// withoutRefused returns the value of a key without the fields in it that
// wfpsync does not support.
func (r *reader) withoutRefused(key string, value *document.Value) *document.Value {
	for _, f := range fields {
		if within, rest, _ := strings.Cut(f.path, "."); within == key {
			value = r.refuse(value, strings.Split(rest, "."), f)
		}
	}
	return value
}

// refuse removes a field, and reports it if it says something.
func (r *reader) refuse(value *document.Value, steps []string, f field) *document.Value {
	step := steps[0]
	if step == "[]" && value.Kind == document.List {
		items := make([]*document.Value, len(value.Items))
		for i, item := range value.Items {
			items[i] = r.refuse(item, steps[1:], f)
		}
		return value.WithItems(items)
	}
	m := value.Member(step)
	switch {
	case m == nil:
		return value
	case len(steps) > 1:
		return value.WithMember(step, r.refuse(m.Value, steps[1:], f))
	case !saysNothing(m.Value, f.harmless):
		key, _, _ := strings.Cut(f.path, ".")
		r.find(*m, Refused, fmt.Sprintf("wfpsync does not support `%s`", strings.ReplaceAll(f.path, ".[]", "")),
			strings.TrimPrefix(fmt.Sprintf("%s; `%s` beside `from_wrangler` says it without", f.advice, key), "; "))
		r.Findings[len(r.Findings)-1].Within = key
	}
	return value.Without(step)
}

// SaysNothing reports whether a value means the same as leaving its key out: it
// is false or empty.
func SaysNothing(v *document.Value) bool { return saysNothing(v, false) }

// saysNothing is [SaysNothing] for a key whose harmless value is another one, or
// nil for none.
func saysNothing(v *document.Value, harmless any) bool {
	switch v.Kind {
	case document.Null:
		return true
	case document.List:
		return len(v.Items) == 0
	case document.Map:
		empty := func(m document.Member) bool { return saysNothing(m.Value, nil) }
		return !slices.ContainsFunc(v.Members, func(m document.Member) bool { return !empty(m) }) || reflect.DeepEqual(v.JSON(), harmless)
	case document.String:
		return v.Text == "" || harmless != nil && path.Clean(v.Text) == harmless
	default:
		return v.JSON() == harmless
	}
}

// hasEffect tells a build with a command from settings for watching it.
func hasEffect(m document.Member) bool {
	return m.Key != "build" || !isAbsent(m.Value.Get("command"))
}

// rebase makes the paths of a key count from the root of the project instead of
// the file's folder. Those in `rules` count from the entrypoint, or are compared
// with what is imported, and so stay.
func (r *reader) rebase(m document.Member) *document.Value {
	switch m.Key {
	case "main", "base_dir":
		return r.rebased(m.Value)
	case "assets":
		if directory := m.Value.Get("directory"); directory != nil {
			return m.Value.WithMember("directory", r.rebased(directory))
		}
	case "alias":
		value := m.Value
		for _, a := range value.MembersOrNil() {
			if strings.HasPrefix(a.Value.String(), "./") || strings.HasPrefix(a.Value.String(), "../") {
				value = value.WithMember(a.Key, r.rebased(a.Value)) // any other names a package
			}
		}
		return value
	}
	return m.Value
}

func (r *reader) rebased(v *document.Value) *document.Value {
	if r.folder == "." || v.String() == "" || path.IsAbs(v.Text) {
		return v
	}
	joined := path.Join(r.folder, v.Text)
	if joined != ".." && !strings.HasPrefix(joined, "../") {
		joined = "./" + joined
	}
	return document.FromJSON(joined, v)
}

// withoutDevelopment returns a group of bindings without fields that are for
// development only: of the one binding, of those in the list, or of those in
// the lists that wrangler wraps.
func withoutDevelopment(group *document.Value) *document.Value {
	if group.Kind != document.Map {
		return withoutFields(group)
	}
	group = group.Without(developmentFields...)
	for _, m := range group.Members {
		if m.Value.Kind == document.List {
			group = group.WithMember(m.Key, withoutFields(m.Value))
		}
	}
	return group
}

func withoutFields(list *document.Value) *document.Value {
	if list.Kind != document.List {
		return list
	}
	items := make([]*document.Value, len(list.Items))
	for i, item := range list.Items {
		items[i] = item.Without(developmentFields...)
	}
	return list.WithItems(items)
}
