// Package list reads the lists of a stack file: the data that for_each goes
// through.
//
//	items: [{id: a}, {id: b}]   in the stack file itself
//	csv: customers.csv          a header, then a row for each item; all values
//	                            are text
//	csv: {path: customers.txt, delimiter: ";", columns: [id, plan]}
//	                            columns are the names for a file without header
//	json: customers.json        an array
//	ndjson: customers.ndjson    a value on each line
//	yaml: customers.yaml        a list
//	dirs: customers/*           a folder for each item: {name, path}
//	discover: {dispatch_namespace: customers, tag: pro}
//	                            a user Worker of the account for each item:
//	                            {name, tags, created_on, modified_on}
//
// A list has exactly one of these. Files are named from the folder of the stack
// file, and read as streams where the format allows. An item is a map; one that
// is a single value x is the map {value: x}.
//
// With `key:`, every item has that field, as text or a number, and no two
// have the same.
package list

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// The rules of a list's diagnostics.
const (
	RuleListSource = "WFP215" // no source, several, or one that is written wrong
	RuleListFile   = "WFP216" // a file that cannot be read, or says something else
	RuleListKey    = "WFP217" // an item without the key, or with that of another
)

// Item is one entry. Items of large files are kept small: a map is made only
// when it is asked for.
type Item interface {
	// Map is the item as encoding/json decodes an object. It may be shared and
	// must not be changed.
	Map() map[string]any
	// Get is a field of the item.
	Get(field string) (any, bool)
	// At is where the item stands: in its file, on its line.
	At() diag.Range
}

// List is a list's items, in the order of their source.
type List struct {
	Name  string
	Key   string // the field that identifies an item; may be ""
	Items []Item

	// Discovery is what the items are found by that the account holds; nil for
	// other lists. They are Unknown if the account has not been asked.
	Discovery *Discovery
	Unknown   bool
	at        diag.Range // of what says so
}

// Chosen is the item of a list that one of many resources is made of.
type Chosen struct {
	Item   Item
	Key    string // the list's key; "" where it has none
	Number int
}

// String tells the item from the others of its list.
func (c Chosen) String() string {
	if value, ok := c.Item.Get(c.Key); ok {
		return fmt.Sprint(value)
	}
	return strconv.Itoa(c.Number)
}

// valueField is the field of an item that is a single value.
const valueField = "value"

// keySetting is the part of a declaration that names the key.
const keySetting = "key"

// Load reads the list that a stack file declares under a name. The file system
// is the project, and the stack file a path in it. The list is nil when the
// diagnostics have an error.
func Load(fsys fs.FS, name string, declaration *document.Value, stackFile string, discover Discover) (*List, diag.List) {
	l := &loader{
		fsys:        fsys,
		discover:    discover,
		declaration: declaration,
		folder:      path.Dir(stackFile),
		shownFolder: path.Dir(declaration.Range().File),
		list:        &List{Name: name},
	}
	if read, argument := l.source(); read != nil && l.readKey() {
		read(l, argument)
		l.checkKeys()
	}
	l.closeReport()
	if l.diagnostics.HasErrors() {
		return nil, l.diagnostics
	}
	return l.list, l.diagnostics
}

// loader is the reading of one list.
type loader struct {
	fsys        fs.FS
	discover    Discover
	declaration *document.Value
	folder      string // of the stack file, in fsys
	shownFolder string // the same, as messages call it
	list        *List
	diagnostics diag.List
	unreported  int
}

func (l *loader) add(item Item) { l.list.Items = append(l.list.Items, item) }
