package list

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// read reads the items of a source into the loader's list.
type read func(*loader, *document.Value)

// sources are where items can come from, by their key in a declaration.
var sources = []struct {
	key  string
	read read
}{
	{"items", (*loader).readItems},
	{"csv", (*loader).readCSV},
	{"json", (*loader).readJSON},
	{"ndjson", (*loader).readNDJSON},
	{"yaml", (*loader).readYAML},
	{"dirs", (*loader).readDirs},
	{"discover", (*loader).readDiscover},
}

// source returns the one source of the declaration, and what it is given.
func (l *loader) source() (read, *document.Value) {
	var (
		found []string
		read  read
		given *document.Value
		names []string
	)
	for _, s := range sources {
		names = append(names, s.key)
		if value := l.declaration.Get(s.key); value != nil {
			found = append(found, s.key)
			read, given = s.read, value
		}
	}
	switch len(found) {
	case 1:
		return read, given
	case 0:
		l.reportValue(RuleListSource, l.declaration, fmt.Sprintf("the list %q does not say where its items are", l.list.Name), "give it one of "+strings.Join(names, ", "))
	default:
		l.reportValue(RuleListSource, given, fmt.Sprintf("the list %q has several sources: %s", l.list.Name, strings.Join(found, " and ")), "keep one of them; a list has one source")
	}
	return nil, nil
}

// readKey reads the name of the key.
func (l *loader) readKey() bool {
	key := l.declaration.Get(keySetting)
	if key == nil {
		return true
	}
	if key.Kind != document.String || key.Text == "" {
		l.reportValue(RuleListKey, key, "a list's `key` is the name of a field", "such as `key: id`")
		return false
	}
	l.list.Key = key.Text
	return true
}
