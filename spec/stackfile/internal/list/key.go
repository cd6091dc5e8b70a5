package list

import (
	"fmt"
	"strconv"

	"github.com/wfpsync/wfpsync/diag"
)

// checkKeys holds that the key identifies items.
func (l *loader) checkKeys() {
	key := l.list.Key
	if key == "" {
		return
	}
	seen := make(map[string]int, len(l.list.Items))
	for i, item := range l.list.Items {
		value, ok := item.Get(key)
		text, scalar := keyText(value)
		switch {
		case !ok && isFolder(item): // so none of them has it, and they are no places in a file
			l.reportValue(RuleListKey, l.declaration.Get(keySetting), fmt.Sprintf("a folder has no %q, which is the key of the list %q", key, l.list.Name), "it has a name and a path")
			return
		case !ok:
			l.reportKey(item, fmt.Sprintf("this item has no %q, which is the key of the list %q", key, l.list.Name))
			continue
		case !scalar:
			l.reportKey(item, fmt.Sprintf("the key %q of an item must be text or a number", key))
			continue
		case text == "":
			l.reportKey(item, fmt.Sprintf("the key %q of this item is empty", key))
			continue
		}
		first, twice := seen[text]
		if !twice {
			seen[text] = i
			continue
		}
		l.reportKey(item, fmt.Sprintf("the key %q is given twice in the list %q", text, l.list.Name), diag.Related{
			Range: l.list.Items[first].At(), Message: "first given here",
		})
	}
}

func (l *loader) reportKey(item Item, message string, related ...diag.Related) {
	d := diag.Diagnostic{Severity: diag.Error, Rule: RuleListKey, Message: message, Range: item.At(), Related: related}
	if node, ok := item.(node); ok {
		d.Snippet = node.value.Line(d.Range.Line)
	}
	l.complain(d)
}

// keyText returns a key's text, by which it is the same as another or not: 1
// and "1" would name the same resource.
func keyText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}
