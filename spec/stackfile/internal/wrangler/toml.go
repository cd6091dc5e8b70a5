package wrangler

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// tomlTable is a table while the text is read: later lines add to it.
type tomlTable struct {
	offset  int
	depth   int
	origin  tomlOrigin
	entries []*tomlEntry
	index   map[string]*tomlEntry
}

// tomlOrigin is how a table came about, which decides what may add to it.
type tomlOrigin int

const (
	implied tomlOrigin = iota // by the header of a table in it: [a.b] implies a
	headed                    // by a header of its own: it has no second one
	dotted                    // by keys with dots: more of those may follow
)

// tomlEntry is a key: of a value, of a table, or of a list of tables.
type tomlEntry struct {
	key    string
	offset int
	value  *document.Value
	table  *tomlTable
	tables []*tomlTable
}

func newTable(offset, depth int, origin tomlOrigin) *tomlTable {
	return &tomlTable{offset: offset, depth: depth, origin: origin, index: map[string]*tomlEntry{}}
}

func (t *tomlTable) add(e *tomlEntry) *tomlEntry {
	t.entries = append(t.entries, e)
	t.index[e.key] = e
	return e
}

// tomlReader reads a text expression by expression.
type tomlReader struct {
	*parser
	toml unstable.Parser
}

// parseTOML reads TOML.
func (p *parser) parseTOML() *document.Value {
	return p.guarded("TOML", func() *document.Value {
		r := &tomlReader{parser: p}
		r.toml.Reset(p.source.Content())
		root := newTable(0, 0, headed)
		for current := root; r.toml.NextExpression(); {
			switch e := r.toml.Expression(); e.Kind {
			case unstable.Table, unstable.ArrayTable:
				current = r.header(root, e)
			case unstable.KeyValue:
				r.keyValue(current, e)
			}
			if p.diagnostics.HasErrors() {
				return nil // what follows may belong elsewhere
			}
		}
		if err := r.toml.Error(); err != nil {
			r.reportTOML(err)
			return nil
		}
		return r.finish(root)
	})
}

func (r *tomlReader) reportTOML(err error) {
	offset := 0
	var wrong *unstable.ParserError
	if errors.As(err, &wrong) {
		offset = int(r.toml.Range(wrong.Highlight).Offset)
	}
	r.syntax(offset, "this is not TOML: "+err.Error(), "")
}

// parts returns the parts of a key with dots.
func parts(keys unstable.Iterator) []*unstable.Node {
	var list []*unstable.Node
	for keys.Next() {
		list = append(list, keys.Node())
	}
	return list
}

func offsetOf(n *unstable.Node) int { return int(n.Raw.Offset) }

// header returns the table that a header opens, [a.b] or [[a.b]].
func (r *tomlReader) header(root *tomlTable, e *unstable.Node) *tomlTable {
	keys := parts(e.Key())
	table := r.descend(root, keys[:len(keys)-1], implied)
	if table == nil {
		return nil
	}
	last := keys[len(keys)-1]
	key, offset := string(last.Data), offsetOf(last)
	opened := newTable(offset, table.depth+1, headed)
	switch known := table.index[key]; {
	case known == nil && e.Kind == unstable.ArrayTable:
		opened.depth++
		table.add(&tomlEntry{key: key, offset: offset, tables: []*tomlTable{opened}})
	case known == nil:
		table.add(&tomlEntry{key: key, offset: offset, table: opened})
	case e.Kind == unstable.ArrayTable && known.tables != nil:
		opened.depth++
		known.tables = append(known.tables, opened)
	case e.Kind == unstable.Table && known.table != nil && known.table.origin == implied:
		known.table.origin = headed
		return known.table
	default:
		r.duplicate(key, offset, known.offset)
		return nil
	}
	return opened
}

// descend follows the parts of a key but the last, and makes the tables that are
// not there yet. It is nil after a complaint.
func (r *tomlReader) descend(table *tomlTable, keys []*unstable.Node, origin tomlOrigin) *tomlTable {
	for _, part := range keys {
		key, offset := string(part.Data), offsetOf(part)
		if table.depth >= maxDepth {
			r.tooDeep(offset)
			return nil
		}
		known := table.index[key]
		switch {
		case known == nil:
			known = table.add(&tomlEntry{key: key, offset: offset, table: newTable(offset, table.depth+1, origin)})
			table = known.table
		case known.table != nil && (origin == implied || known.table.origin == dotted):
			table = known.table
		case known.tables != nil && origin == implied:
			table = known.tables[len(known.tables)-1]
		default:
			r.duplicate(key, offset, known.offset)
			return nil
		}
	}
	return table
}

// keyValue adds a key and its value to a table.
func (r *tomlReader) keyValue(table *tomlTable, e *unstable.Node) {
	keys := parts(e.Key())
	table = r.descend(table, keys[:len(keys)-1], dotted)
	if table == nil {
		return
	}
	last := keys[len(keys)-1]
	key, offset := string(last.Data), offsetOf(last)
	if known := table.index[key]; known != nil {
		r.duplicate(key, offset, known.offset)
		return
	}
	value := r.value(e.Value(), r.valueOffset(last), table.depth+1)
	table.add(&tomlEntry{key: key, offset: offset, value: value})
}

// valueOffset returns where the value of a key begins: behind the equals sign.
// The parser does not say where an array does.
func (r *tomlReader) valueOffset(key *unstable.Node) int {
	content, i := r.source.Content(), int(key.Raw.Offset+key.Raw.Length)
	return len(content) - len(bytes.TrimLeft(content[i:], " \t="))
}

func (r *tomlReader) value(n *unstable.Node, offset, depth int) *document.Value {
	if n.Raw.Length > 0 {
		offset = offsetOf(n)
	}
	if depth > maxDepth {
		r.tooDeep(offset)
		return r.source.Null(offset)
	}
	text := string(n.Data)
	switch n.Kind {
	case unstable.Array:
		var items []*document.Value
		for children := n.Children(); children.Next(); {
			items = append(items, r.value(children.Node(), offset, depth+1))
		}
		return r.source.List(offset, items)
	case unstable.InlineTable:
		table := newTable(offset, depth, headed)
		for children := n.Children(); children.Next(); {
			r.keyValue(table, children.Node())
		}
		return r.finish(table)
	case unstable.Bool:
		return r.source.Bool(offset, text == "true", text)
	case unstable.Integer, unstable.Float:
		return r.tomlNumber(n.Kind, offset, text)
	default: // a string, or a date or time, which stays the text that it is written as
		return r.source.String(offset, text)
	}
}

// tomlNumber reads a number as YAML would write it.
func (r *tomlReader) tomlNumber(kind unstable.Kind, offset int, text string) *document.Value {
	plain := strings.TrimPrefix(strings.ReplaceAll(text, "_", ""), "+")
	if kind == unstable.Integer {
		n, err := strconv.ParseInt(plain, 0, 64)
		if err != nil {
			r.syntax(offset, text+" is beyond the 64 bits of an integer in TOML", "quote it if it is meant as text")
		}
		plain = strconv.FormatInt(n, 10)
	}
	return r.number(offset, plain)
}

// finish makes a value of a table that is complete.
func (r *tomlReader) finish(table *tomlTable) *document.Value {
	members := make([]document.Member, len(table.entries))
	for i, e := range table.entries {
		value := e.value
		switch {
		case e.table != nil:
			value = r.finish(e.table)
		case e.tables != nil:
			items := make([]*document.Value, len(e.tables))
			for i, t := range e.tables {
				items[i] = r.finish(t)
			}
			value = r.source.List(e.offset, items)
		}
		members[i] = r.source.Member(e.offset, e.key, value)
	}
	return r.source.Map(table.offset, members)
}

// tomlComments finds comments that begin with a number sign.
type tomlComments struct{ open string } // what closes the text of several lines that is open

// Comment implements [document.CommentScanner].
func (s *tomlComments) Comment(line []rune) int {
	quote := "" // that the text on this line is open in
	for i := 0; i < len(line); i++ {
		has := func(text string) bool { return strings.HasPrefix(string(line[i:min(i+len(text), len(line))]), text) }
		switch c := line[i]; {
		case s.open != "":
			if c == '\\' && s.open == `"""` {
				i++
			} else if has(s.open) {
				for i += len(s.open) - 1; i+1 < len(line) && line[i+1] == line[i]; i++ {
					// up to two more quotes belong to the text
				}
				s.open = ""
			}
		case quote != "":
			if c == '\\' && quote == `"` {
				i++
			} else if has(quote) {
				quote = ""
			}
		case has(`"""`) || has("'''"):
			s.open = string(line[i : i+3])
			i += 2
		case c == '"' || c == '\'':
			quote = string(c)
		case c == '#':
			return i
		}
	}
	return -1
}
