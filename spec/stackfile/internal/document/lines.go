package document

import (
	"bytes"
	"cmp"
)

// Lines are members of a map that are written before the map is, because there
// are too many of them to hold: those of a top-level section. They have no
// comments.
type Lines struct {
	w    writer
	text [][]byte
}

// NewLines returns none yet.
func NewLines() *Lines {
	l := &Lines{}
	l.w = writer{to: l, scalars: newScalars()}
	return l
}

// Add writes a member.
func (l *Lines) Add(m Member) {
	l.w.members([]Member{m}, step, nil)
}

// Write implements [io.Writer] for what adding passes on.
func (l *Lines) Write(text []byte) (int, error) {
	l.text = append(l.text, bytes.Clone(text))
	return len(text), nil
}

// Member stands for the members that were added, in [Write] and nowhere else.
func (l *Lines) Member() Member {
	return Member{Value: &Value{}, lines: l}
}

// lines passes on members that have been written.
func (w *writer) lines(l *Lines) {
	w.err = cmp.Or(w.err, l.w.flush(), w.flush())
	for _, text := range l.text {
		if w.err == nil {
			_, w.err = w.to.Write(text)
		}
	}
}
