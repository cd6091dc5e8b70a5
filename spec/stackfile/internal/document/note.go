package document

import (
	"cmp"
	"slices"
	"strings"
)

// place is where a key or an item of a list stands.
type place struct {
	file         *file
	line, column int32
}

func (v *Value) place() place  { return place{v.file, v.line, v.column} }
func (m *Member) place() place { return place{m.file, m.line, m.column} }

// note is what comments say of a key or an item.
type note struct {
	above, beside, below string
}

// notes finds the comments of the files that a value was made of, and which of
// its keys and items they are about. Comments stay where a person would look for
// them or are left out: those on what is not in the value, those on what is in
// it more than once, as the keys of `defaults` are, and those of files that are
// not YAML.
func notes(v *Value) map[place]note {
	c := claims{count: map[place]int{}, first: map[place]place{}, files: map[*file][]place{}}
	c.add(v, place{})
	found := map[place]note{}
	for f, places := range c.files {
		slices.SortFunc(places, func(a, b place) int {
			return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
		})
		c.annotate(f, places, found)
	}
	return found
}

// claims are the places that a comment can be about.
type claims struct {
	count map[place]int
	first map[place]place // on each line; its key has no column
	files map[*file][]place
}

// add claims the places within a value. What stands at the place of the item
// that holds it, as the first key of a mapping does, is one with it.
func (c *claims) add(v *Value, item place) {
	for _, i := range v.Items {
		c.claim(i.place())
		c.add(i, i.place())
	}
	for _, m := range v.Members {
		if m.place() != item {
			c.claim(m.place())
		}
		c.add(m.Value, place{})
	}
}

func (c *claims) claim(p place) {
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
	line := place{p.file, p.line, 0}
	if first, known := c.first[line]; !known || p.column < first.column {
		c.first[line] = p
	}
}

// annotate adds the comments of a file to what they are about.
func (c *claims) annotate(f *file, places []place, found map[place]note) {
	previous := map[place]int{} // the line of the last comment above or below
	add := func(text *string, p place, comment Comment) {
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
		p, known := c.first[place{f, int32(about), 0}]
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

// lastAbove is the last place above a comment that is indented as the comment is.
func lastAbove(places []place, comment Comment) (place, bool) {
	for _, p := range slices.Backward(places) {
		if int(p.line) < comment.Range.Line && p.file.firstColumn(int(p.line)) == comment.Range.Column {
			return p, true
		}
	}
	return place{}, false
}

// noteOnMember is what comments say of a member, without what is said of the
// item that it begins.
func (w *writer) noteOnMember(m Member) note {
	if len(w.notes) == 0 {
		return note{above: m.Comment}
	}
	n := w.notes[m.place()].on(m.Value)
	n.above = joinLines(m.Comment, n.above)
	return n
}

// noteOnItem is what comments say of an item of a list, and above the first of
// what is in it: both begin on the same line.
func (w *writer) noteOnItem(v *Value) note {
	n := w.notes[v.place()]
	var first note
	switch {
	case len(v.Members) > 0 && v.Members[0].place() == v.place():
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

// on is a note with its comment beside only where there is one line to stand
// beside: else it is above with the others.
func (n note) on(v *Value) note {
	if !v.isOneLine() || strings.Contains(v.Text, "\n") {
		n.above, n.beside = joinLines(n.above, n.beside), ""
	}
	return n
}

// joinLines are two texts, of which there may be none, the second below the first.
func joinLines(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}
