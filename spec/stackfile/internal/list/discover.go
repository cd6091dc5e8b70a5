package list

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// RuleDiscover is of a `discover` that cannot find anything.
const RuleDiscover = "WFP280"

// Discovery is which user Workers a list finds in the account.
type Discovery struct {
	// Namespace is the dispatch namespace they are in.
	Namespace string

	// Tags are what they carry (true) and do not carry (false).
	Tags map[string]bool

	// Name is a pattern of their names, in which * is any characters; "" for
	// every name.
	Name string
}

// Matches reports whether a user Worker of the namespace is one that is looked for.
func (d Discovery) Matches(name string, tags []string) bool {
	for tag, wanted := range d.Tags {
		if slices.Contains(tags, tag) != wanted {
			return false
		}
	}
	match, err := path.Match(d.Name, name)
	return d.Name == "" || err == nil && match
}

// Found is a user Worker that was discovered. Its times are empty where the
// account does not show them.
type Found struct {
	Name                  string
	Tags                  []string
	CreatedOn, ModifiedOn time.Time
}

// Discover finds the user Workers that a list looks for, sorted by name, and
// says what the namespace is really called that the file names. known is false
// where the account has not been asked.
type Discover func(d *Discovery, namespace *document.Value) (found []Found, known bool)

// FoundMembers are what an item of a discovered list has.
var FoundMembers = []string{"created_on", "modified_on", "name", "tags"}

// keyOfFound is the field that tells such items apart: the namespace sees to it.
const keyOfFound = "name"

// worker is an item that was found in the account.
type worker struct {
	found Found
	at    diag.Range // of the declaration
}

// StandIn returns an item as [Discover] makes them, for what has to be looked
// at before there are any.
func (l *List) StandIn() Item { return worker{Found{Name: "a-user-worker"}, l.at} }

func (w worker) At() diag.Range { return w.at }

func (w worker) Map() map[string]any {
	tags := make([]any, len(w.found.Tags))
	for i, tag := range w.found.Tags {
		tags[i] = tag
	}
	return map[string]any{
		keyOfFound: w.found.Name, "tags": tags,
		"created_on": timeText(w.found.CreatedOn), "modified_on": timeText(w.found.ModifiedOn),
	}
}

func (w worker) Get(field string) (any, bool) {
	if field == keyOfFound { // without a map, since it is asked for often
		return w.found.Name, true
	}
	value, ok := w.Map()[field]
	return value, ok
}

// timeText returns a time as the API writes it.
func timeText(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// readDiscover reads a list that the account holds.
func (l *loader) readDiscover(given *document.Value) {
	if l.list.Key == "" {
		l.list.Key = keyOfFound
	}
	if l.list.Key != keyOfFound {
		l.reportValue(RuleDiscover, l.declaration.Get(keySetting), fmt.Sprintf("the key of %q is the name of its user Workers", l.list.Name), "write `key: name`, or no key")
		return
	}
	namespace := given.Get("dispatch_namespace")
	if namespace.String() == "" {
		l.reportValue(RuleDiscover, given, "`discover` says in which dispatch namespace", "such as discover: { dispatch_namespace: customers }")
		return
	}
	d := &Discovery{Namespace: namespace.Text, Name: given.Get("name").String(), Tags: l.discoveredTags(given)}
	if _, err := path.Match(d.Name, ""); err != nil {
		l.reportValue(RuleDiscover, given.Get("name"), fmt.Sprintf("%q is not a pattern of names", d.Name), "* matches any characters, ? matches one, and [abc] matches one of those")
	}
	if l.diagnostics.HasErrors() {
		return
	}
	l.list.Discovery, l.list.at = d, given.Range()
	found, known := l.discover(d, namespace)
	l.list.Unknown = !known
	for _, one := range found {
		l.add(worker{one, l.list.at})
	}
}

// maxTagBytes is how long a tag may be. Source: Workers for Platforms, tags.
const maxTagBytes = 128

// discoveredTags reads `tag`, which must be there, and `tags`, each of which
// must be there or must not.
func (l *loader) discoveredTags(given *document.Value) map[string]bool {
	tags := map[string]bool{}
	places := map[string]*document.Value{}
	if one := given.Get("tag"); one != nil {
		tags[one.String()], places[one.String()] = true, one
	}
	for _, m := range given.Get("tags").MembersOrNil() {
		if wanted, twice := tags[m.Key]; twice && wanted != m.Value.IsTrue() {
			l.reportValue(RuleDiscover, m.Value, fmt.Sprintf("no user Worker can both have the tag %q and not have it", m.Key), "remove one of the two")
		}
		tags[m.Key], places[m.Key] = m.Value.IsTrue(), m.Value
	}
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		switch {
		case tag == "" || len(tag) > maxTagBytes:
			l.reportValue(RuleDiscover, places[tag], fmt.Sprintf("the tag %q is %d bytes, and a tag has 1 to %d", tag, len(tag), maxTagBytes), "")
		case strings.ContainsAny(tag, ",&"):
			l.reportValue(RuleDiscover, places[tag], fmt.Sprintf("Cloudflare cannot filter by the tag %q, because it has a comma or an ampersand in it", tag), "give those user Workers another tag")
		}
	}
	return tags
}
