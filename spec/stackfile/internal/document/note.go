package document

import (
	"cmp"
	"slices"
	"strings"
)

// location is where a key or an item of a list stands.
type location struct {
	file         *file
	line, column int32
}

func (v *Value) location() location  { return location{v.file, v.line, v.column} }
func (m *Member) location() location { return location{m.file, m.line, m.column} }

// note is what comments say of a key or an item.
type note struct {
	above, beside, below string
}

// notes finds the comments of the files that a value was made of, and which of
// its keys and items they are about. Comments stay where a person would look for
// them or are left out: those on what is not in the value, those on what is in
// it more than once, as the keys of `defaults` are, and those of files that are
// not YAML.
func notes(v *Value) map[location]note {
	c := claims{count: map[location]int{}, first: map[location]location{}, files: map[*file][]location{}}
	c.add(v, location{})
	found := map[location]note{}
	for f, places := range c.files {
		slices.SortFunc(places, func(a, b location) int {
			return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
		})
		c.annotate(f, places, found)
	}
	return found
}

// claims are the places that a comment can be about.
type claims struct {
	count map[location]int
	first map[location]location // on each line; its key has no column
	files map[*file][]location
}

// add claims the places within a value. What stands at the place of the item
// that holds it, as the first key of a mapping does, is one with it.
func (c *claims) add(v *Value, item location) {
	for _, i := range v.Items {
		c.claim(i.location())
		c.add(i, i.location())
	}
	for _, m := range v.Members {
		if m.location() != item {
			c.claim(m.location())
		}
		c.add(m.Value, location{})
	}
}

func (c *claims) claim(p location) {
	if p.file == nil || p.file.comments == nil {
		return
	}
	if _, isYAML := p.file.comments().(*scanner); !isYAML {
		return
	}
	c.count[p]++
	if c.count[p] > 1 {
		return
	}
	c.files[p.file] = append(c.files[p.file], p)
	line := location{p.file, p.line, 0}
	if first, known := c.first[line]; !known || p.column < first.column {
		c.first[line] = p
	}
}

// annotate adds the comments of a file to what they are about.
func (c *claims) annotate(f *file, places []location, found map[location]note) {
	previous := map[location]int{} // the line of the last comment above or below
	add := func(text *string, p location, comment Comment) {
		if *text != "" {
			*text += "\n"
			if comment.Range.Line > previous[p]+1 {
				*text += "\n"
			}
		}
		*text += comment.Text
		previous[p] = comment.Range.Line
	}
	comments := (&Value{file: f}).Comments("#")
	alone := map[int]bool{}
	for _, comment := range comments {
		alone[comment.Range.Line] = comment.Alone
	}
	for _, comment := range comments {
		about := comment.About
		for about <= f.lines() && (alone[about] || isBlank([]rune(f.text(about)))) {
			about++ // a paragraph of a longer one
		}
		p, known := c.first[location{f, int32(about), 0}]
		below := comment.Alone && (about > f.lines() || comment.Range.Column > f.firstColumn(about))
		if below {
			p, known = lastAbove(places, comment)
		}
		if !known || c.count[p] != 1 {
			continue
		}
		n := found[p]
		switch {
		case below:
			add(&n.below, p, comment)
		case comment.Alone:
			add(&n.above, p, comment)
		default:
			n.beside = comment.Text
		}
		found[p] = n
	}
}

// lastAbove returns the last place above a comment that is indented as the
// comment is.
func lastAbove(places []location, comment Comment) (location, bool) {
	for _, p := range slices.Backward(places) {
		if int(p.line) < comment.Range.Line && p.file.firstColumn(int(p.line)) == comment.Range.Column {
			return p, true
		}
	}
	return location{}, false
}

// noteOnMember returns what comments say of a member, without what is said of
// the item that it begins.
func (w *writer) noteOnMember(m Member) note {
	if len(w.notes) == 0 {
		return note{above: m.Comment}
	}
	n := w.notes[m.location()].on(m.Value)
	n.above = joinLines(m.Comment, n.above)
	return n
}

// noteOnItem returns what comments say of an item of a list, and above the
// first of what is in it: both begin on the same line.
func (w *writer) noteOnItem(v *Value) note {
	n := w.notes[v.location()]
	var first note
	switch {
	case len(v.Members) > 0 && v.Members[0].location() == v.location():
		n = n.on(v.Members[0].Value)
		n.above = joinLines(v.Members[0].Comment, n.above)
		return n
	case len(v.Members) > 0:
		first = w.noteOnMember(v.Members[0])
	case len(v.Items) > 0:
		first = w.noteOnItem(v.Items[0])
	default:
		return n.on(v)
	}
	first.above, first.below = joinLines(joinLines(n.above, n.beside), first.above), n.below
	return first
}

// on returns a note with its comment beside only where there is one line to
// stand beside: else it is above with the others.
func (n note) on(v *Value) note {
	if !v.isOneLine() || strings.Contains(v.Text, "\n") {
		n.above, n.beside = joinLines(n.above, n.beside), ""
	}
	return n
}

// joinLines returns two texts, either of which may be empty, the second below
// the first.
func joinLines(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}
