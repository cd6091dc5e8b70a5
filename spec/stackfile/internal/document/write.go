package document

import (
	"bytes"
	"cmp"
	"io"
	"strings"
)

// Write returns a value as YAML, in the order of its members. Strings that
// would be read as something else are quoted, and several lines become a block.
// Comments of the files that the value is from stay with their keys, see
// [notes], and those of members that were made stand above them.
//
// yaml.v3 writes documents too, but of nodes that are all there at once: for
// 100,000 user Workers that took 4 GB and ten seconds. It is asked how text is
// spelt, and what is around texts is written here.
func Write(to io.Writer, v *Value) error {
	w := writer{to: to, notes: notes(v), scalars: newScalars()}
	w.after(v, 0, "")
	return w.flush()
}

// writer writes values in blocks: each member and each item on lines of its own,
// two spaces further in than what holds it.
type writer struct {
	to      io.Writer
	text    bytes.Buffer // not passed on yet
	notes   map[location]note
	scalars *scalars
	err     error // the first
}

const (
	step   = 2       // of the indentation
	enough = 1 << 16 // bytes to pass on at once
)

func (w *writer) flush() error {
	_, err := w.text.WriteTo(w.to)
	w.err = cmp.Or(w.err, err, w.scalars.err)
	return w.err
}

// item is one that its list has begun to write: where it stands, and the comment
// beside the line. Those above that line are written.
type item struct {
	place  location
	beside string
}

// members writes the members of a map, which may be an item.
func (w *writer) members(members []Member, indent int, of *item) {
	for i, m := range members {
		if m.lines != nil {
			w.lines(m.lines)
			continue
		}
		n := w.noteOnMember(m)
		if i == 0 && of != nil {
			if m.location() == of.place {
				n = note{} // that on the item
			}
			n.beside = of.beside
		} else {
			w.comment(n.above, indent)
			w.indent(indent)
		}
		w.text.WriteString(w.scalars.key(m.Key))
		w.text.WriteByte(':')
		if !m.Value.isOneLine() {
			w.text.WriteByte('\n')
			w.after(m.Value, indent+step, "")
		} else {
			w.text.WriteByte(' ')
			w.after(m.Value, indent, n.beside)
		}
		w.below(n, indent, i == len(members)-1)
	}
}

// items writes the items of a list, which may be an item itself.
func (w *writer) items(items []*Value, indent int, of *item) {
	for i, v := range items {
		n := w.noteOnItem(v)
		if i == 0 && of != nil {
			n.beside = of.beside
		} else {
			w.comment(n.above, indent)
			w.indent(indent)
		}
		w.text.WriteString("- ")
		begun := item{v.location(), n.beside}
		switch {
		case len(v.Members) > 0:
			w.members(v.Members, indent+step, &begun)
		case len(v.Items) > 0:
			w.items(v.Items, indent+step, &begun)
		default:
			w.after(v, indent, n.beside)
		}
		w.below(n, indent, i == len(items)-1)
	}
}

// after writes a value where its key or its parent has been: what fits on the
// line there, with the comment beside it.
func (w *writer) after(v *Value, indent int, beside string) {
	switch {
	case len(v.Members) > 0:
		w.members(v.Members, indent, nil)
	case len(v.Items) > 0:
		w.items(v.Items, indent, nil)
	default:
		first, more, _ := strings.Cut(w.scalars.of(v), "\n")
		w.text.WriteString(first)
		if beside != "" {
			w.text.WriteByte(' ')
			w.text.WriteString(beside)
		}
		w.text.WriteByte('\n')
		w.further(more, indent)
	}
	if w.text.Len() > enough {
		w.err = w.flush()
	}
}

// further writes the lines of a block, which are spelt with an indentation of
// their own.
func (w *writer) further(lines string, indent int) {
	for line := range strings.Lines(lines) {
		if line != "\n" {
			w.indent(indent)
		}
		w.text.WriteString(line)
	}
}

func (w *writer) indent(indent int) {
	for range indent {
		w.text.WriteByte(' ')
	}
}

// comment writes the lines of a comment.
func (w *writer) comment(text string, indent int) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" {
			w.indent(indent)
			if !strings.HasPrefix(line, "#") {
				w.text.WriteString("# ")
			}
			w.text.WriteString(line)
		}
		w.text.WriteByte('\n')
	}
}

// below writes the comment below something, which an empty line keeps from being
// that above the next.
func (w *writer) below(n note, indent int, last bool) {
	w.comment(n.below, indent)
	if n.below != "" && !last {
		w.text.WriteByte('\n')
	}
}

// isOneLine reports whether a value stands on the line of its key, or at least
// begins there.
func (v *Value) isOneLine() bool { return len(v.Members) == 0 && len(v.Items) == 0 }
