package list

import (
	"io"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// node is an item that is written in YAML, in the stack file or in its own.
type node struct{ value *document.Value }

func (n node) At() diag.Range { return n.value.Range() }

func (n node) Map() map[string]any {
	if n.value.Kind != document.Map {
		return map[string]any{valueField: n.value.JSON()}
	}
	return n.value.JSON().(map[string]any)
}

func (n node) Get(field string) (any, bool) {
	if n.value.Kind != document.Map {
		return n.value.JSON(), field == valueField
	}
	value := n.value.Get(field)
	return value.JSON(), value != nil
}

const itemHint = "an item is a mapping, text, a number, true or false"

// notAnItem returns what to say of a list, or of nothing, among the items.
func notAnItem(isList bool) string {
	if isList {
		return "an item cannot be a list"
	}
	return "this item is empty"
}

// readItems reads the items that stand in the stack file.
func (l *loader) readItems(given *document.Value) {
	if given.Kind != document.List {
		l.reportValue(RuleListSource, given, "`items` is a list", "such as `items: [{id: a}, {id: b}]`")
		return
	}
	l.addNodes(given, RuleListSource)
}

func (l *loader) readYAML(given *document.Value) {
	in := l.open(given)
	if in == nil {
		return
	}
	defer in.close()
	in.text.whole()
	content, err := io.ReadAll(in.text)
	if err != nil {
		l.reportRead(in, err)
		return
	}
	const hint = "a list's YAML file is a list: `- id: a`"
	value, problems := document.Parse(in.name, content)
	for _, d := range problems {
		if d.Rule == document.RuleEmpty { // which speaks of stack files
			d.Rule, d.Hint = RuleListFile, hint+", or [] for no items"
		}
		l.complain(d)
	}
	switch {
	case value == nil:
	case value.Kind != document.List:
		l.reportValue(RuleListFile, value, "this is not a list", hint)
	default:
		l.addNodes(value, RuleListFile)
	}
}

func (l *loader) addNodes(list *document.Value, rule string) {
	l.list.Items = slices.Grow(l.list.Items, len(list.Items))
	for _, item := range list.Items {
		if item.Kind == document.Null || item.Kind == document.List {
			l.reportValue(rule, item, notAnItem(item.Kind == document.List), itemHint)
			continue
		}
		l.add(node{item})
	}
}
