package stackfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/text"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/list"
)

// declaration is one key of a section: one resource, or with `for_each` one for
// each item. A million of them are never held at once; see [declaration.each].
type declaration struct {
	section section
	member  document.Member
	loops   []loop
	pointer string     // JSON Pointer of the key
	at      diag.Range // the key's place
}

// loop is one alias of a `for_each` and the list it goes through.
type loop struct {
	alias string
	list  *list.List
}

// chosen is the item of a list that an instance is made of.
type chosen struct {
	item   list.Item
	key    string // the list's key; "" where it has none
	number int
}

// String tells the item from the others of its list.
func (c chosen) String() string {
	if value, ok := c.item.Get(c.key); ok {
		return fmt.Sprint(value)
	}
	return strconv.Itoa(c.number)
}

// lists are the names of the lists that a declaration goes through. Resources
// that go through the same lists have one instance each for the same item.
func (d declaration) lists() string {
	var names []string
	for _, loop := range d.loops {
		names = append(names, loop.list.Name)
	}
	return strings.Join(names, " ")
}

// readLists reads every list of the file.
func (l *loader) readLists() {
	l.lists = map[string]*list.List{}
	for _, m := range l.root.Get("lists").MembersOrNil() {
		if l.isBroken("/lists/" + text.EscapePointer(m.Key)) {
			continue
		}
		read, diagnostics := list.Load(l.files, m.Key, l.expand(m.Value, l.globals()), l.name, l.discover)
		l.diagnostics = append(l.diagnostics, diagnostics...)
		if read != nil {
			l.lists[m.Key] = read
		}
	}
}

// declarations are the keys of every section.
func (l *loader) declarations() []declaration {
	var all []declaration
	for _, s := range sections {
		value := l.root.Get(s.Section)
		if value == nil {
			continue
		}
		l.declareCollection(s.Kind)
		l.stack.Sections[s.Kind] = l.root.Member(s.Section).Range()
		for _, m := range value.Members {
			if s.InZones() && !l.isBroken("/"+s.Section+"/"+text.EscapePointer(m.Key)) {
				l.declareZone(s.Kind, m.Value)
			}
			d := declaration{section: s, member: m, pointer: "/" + s.Section + "/" + text.EscapePointer(m.Key), at: m.Range()}
			if loops, ok := l.loops(m.Value.Get("for_each")); ok && !l.isBroken(d.pointer) {
				if d.loops = loops; l.checkTemplate(d) {
					all = append(all, d)
				}
			}
		}
	}
	return all
}

// maxLoops is how many lists a `for_each` may cross: a third would make more
// resources than anybody means.
const maxLoops = 2

func (l *loader) loops(forEach *document.Value) ([]loop, bool) {
	members := forEach.MembersOrNil()
	if forEach != nil && (len(members) == 0 || len(members) > maxLoops) {
		l.report(spec.RuleForEach, forEach.Range(), fmt.Sprintf("`for_each` goes through %d lists", len(members)), "name one list or two, as in { customer: customers }")
		return nil, false
	}
	var loops []loop
	for _, m := range members {
		if m.Key == nameVar || m.Key == nameEnvironment || m.Key == nameSelf {
			l.report(spec.RuleForEach, m.Range(), fmt.Sprintf("%q cannot be the name of an item", m.Key), "expressions have that name already; choose another")
			return nil, false
		}
		found := l.lists[m.Value.String()]
		if found == nil {
			var names []string
			for _, declared := range l.root.Get("lists").MembersOrNil() {
				names = append(names, declared.Key)
			}
			if slices.Contains(names, m.Value.String()) {
				return nil, false // what is wrong with it has been said
			}
			hint := "declare it under `lists`"
			if near := diag.Nearest(m.Value.String(), names); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			l.report(spec.RuleForEach, m.Value.Range(), fmt.Sprintf("there is no list %q", m.Value.String()), hint)
			return nil, false
		}
		loops = append(loops, loop{m.Key, found})
	}
	return loops, true
}

// each calls visit for every entry that a declaration stands for. The entry's
// values are only good during the call.
func (l *loader) each(d declaration, visit func(entry)) {
	var aliases []string
	for _, loop := range d.loops {
		aliases = append(aliases, loop.alias)
	}
	l.scope(aliases...)
	l.eachLoop(d, d.loops, nil, l.globals(), visit)
	l.scope()
}

func (l *loader) eachLoop(d declaration, rest []loop, items []chosen, values map[string]any, visit func(entry)) {
	if len(rest) > 0 {
		for i, item := range rest[0].list.Items {
			values[rest[0].alias] = item.Map()
			l.eachLoop(d, rest[1:], append(items, chosen{item, rest[0].list.Key, i}), values, visit)
		}
		return
	}
	if !l.condition(d.member.Value.Get("where"), values) {
		return
	}
	visit(l.entry(d, items, values))
}

// entry is one instance of a declaration, its name known.
func (l *loader) entry(d declaration, items []chosen, values map[string]any) entry {
	m := d.member
	e := entry{
		declaration: d, key: m.Key,
		name: m.Key, nameAt: d.at, value: m.Value, items: items, values: values,
	}
	if len(items) > 0 {
		e.itemKey = itemKey(items)
		if !l.standIn {
			e.key = instanceKey(m.Key, e.itemKey)
		}
	}
	delete(values, nameSelf)
	l.importWrangler(&e)
	if name := e.givenName(); name != nil {
		e.name, e.nameAt = l.expand(name, values).String(), name.Range()
	} else if len(items) > 0 {
		e.name = e.itemKey
	}
	values[nameSelf] = map[string]any{"name": e.name, "key": m.Key}
	return e
}

func instanceKey(key, item string) string { return key + "[" + item + "]" }

// itemKey tells the instances of a declaration apart.
func itemKey(items []chosen) string {
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.String()
	}
	return strings.Join(keys, "/")
}
