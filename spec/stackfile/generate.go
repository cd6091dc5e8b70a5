package stackfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expand"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/layer"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/list"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/wrangler"
)

// declaration is one key of a section: one resource, or with `for_each` one for
// each item. A million of them are never held at once; see [declaration.each].
type declaration struct {
	section *section
	member  document.Member
	loops   []loop
	pointer string     // JSON Pointer of the key
	at      diag.Range // the key's place

	// standIn says that its list holds a made-up item; see
	// [loader.loadStandIn].
	standIn bool
}

// loop is one alias of a `for_each` and the list it goes through.
type loop struct {
	alias string
	list  *list.List
}

// lists returns the names of the lists that a declaration goes through.
// Resources that go through the same lists have one instance each for the same
// item.
func (d declaration) lists() string {
	var names []string
	for _, loop := range d.loops {
		names = append(names, loop.list.Name)
	}
	return strings.Join(names, " ")
}

// expansion makes entries of declarations: one, or one for each item of lists.
type expansion struct {
	*expand.Expander
	file     *layer.File
	lists    map[string]*list.List
	wrangler *wranglerFiles
}

// entry is one resource, or a Worker with its routes: a key of a section, or
// one of those that its `for_each` makes.
type entry struct {
	declaration
	key     string // with the item's key, for one of many
	itemKey string
	name    string
	nameAt  diag.Range
	value   *document.Value // with defaults and profile, expressions replaced
	items   []list.Chosen
	values  map[string]any // what expressions can read; good only while the entry is loaded

	// dependsOn is what the entry comes after without referring to it.
	dependsOn []spec.Reference

	// imported is what `from_wrangler` gives, nil if there is none.
	imported *wrangler.Config
	missing  bool
}

// about returns the items that complaints about the entry point at. One that
// stands in for those of the account is not worth pointing at.
func (e entry) about() []list.Chosen {
	if e.standIn {
		return nil
	}
	return e.items
}

// maxLoops is how many lists a `for_each` may cross: a third would make more
// resources than anyone means to.
const maxLoops = 2

func (x *expansion) loops(forEach *document.Value) ([]loop, bool) {
	members := forEach.MembersOrNil()
	if forEach != nil && (len(members) == 0 || len(members) > maxLoops) {
		x.Report(spec.RuleForEach, forEach.Range(), fmt.Sprintf("`for_each` names %d lists", len(members)), "name one list or two, as in { customer: customers }")
		return nil, false
	}
	var loops []loop
	for _, m := range members {
		if m.Key == expand.NameVar || m.Key == expand.NameEnvironment || m.Key == expand.NameSelf {
			x.Report(spec.RuleForEach, m.Range(), fmt.Sprintf("%q cannot be the name of an item", m.Key), "expressions already use that name; choose another")
			return nil, false
		}
		found := x.lists[m.Value.String()]
		if found == nil {
			var names []string
			for _, declared := range x.file.Root.Get("lists").MembersOrNil() {
				names = append(names, declared.Key)
			}
			if slices.Contains(names, m.Value.String()) {
				return nil, false // what is wrong with it has been said
			}
			hint := "declare it under `lists`"
			if near := diag.Nearest(m.Value.String(), names); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			x.Report(spec.RuleForEach, m.Value.Range(), fmt.Sprintf("the file has no list %q", m.Value.String()), hint)
			return nil, false
		}
		loops = append(loops, loop{m.Key, found})
	}
	return loops, true
}

// each calls visit for every entry that a declaration stands for. The entry's
// values are only good during the call.
func (x *expansion) each(d declaration, visit func(entry)) {
	var aliases []string
	for _, loop := range d.loops {
		aliases = append(aliases, loop.alias)
	}
	x.SetAliases(aliases...)
	x.SetStandIn(d.standIn)
	x.eachLoop(d, d.loops, nil, x.Globals(), visit)
	x.SetAliases()
	x.SetStandIn(false)
}

func (x *expansion) eachLoop(d declaration, rest []loop, items []list.Chosen, values map[string]any, visit func(entry)) {
	if len(rest) > 0 {
		for i, item := range rest[0].list.Items {
			values[rest[0].alias] = item.Map()
			x.eachLoop(d, rest[1:], append(items, list.Chosen{Item: item, Key: rest[0].list.Key, Number: i}), values, visit)
		}
		return
	}
	if !x.Condition(d.member.Value.Get("where"), values) {
		return
	}
	visit(x.entry(d, items, values))
}

// entry returns one instance of a declaration, its name known.
func (x *expansion) entry(d declaration, items []list.Chosen, values map[string]any) entry {
	m := d.member
	e := entry{
		declaration: d, key: m.Key,
		name: m.Key, nameAt: d.at, value: m.Value, items: items, values: values,
	}
	if len(items) > 0 {
		e.itemKey = itemKey(items)
		if !d.standIn {
			e.key = instanceKey(m.Key, e.itemKey)
		}
	}
	delete(values, expand.NameSelf)
	x.importWrangler(&e)
	if name := e.givenName(); name != nil {
		e.name, e.nameAt = x.Expand(name, values).String(), name.Range()
	} else if len(items) > 0 {
		e.name = e.itemKey
	}
	values[expand.NameSelf] = map[string]any{"name": e.name, "key": m.Key}
	return e
}

func instanceKey(key, item string) string { return key + "[" + item + "]" }

// itemKey tells the instances of a declaration apart.
func itemKey(items []list.Chosen) string {
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.String()
	}
	return strings.Join(keys, "/")
}
