package report

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/diag"
)

const (
	// snippetWidth is how many columns of a source line are shown where no
	// terminal sets the limit.
	snippetWidth = 120

	// narrowest is the least that is shown of a source line.
	narrowest = 30

	tab      = "    "
	ellipsis = "…"
)

// snippet is the source line of a diagnostic beside its number, and below it a
// mark under the place that is meant:
//
//	   |
//	12 | main: 5
//	   |       ^
func (p *printer) snippet(d diag.Diagnostic) []string {
	if d.Range.Line == 0 || strings.TrimSpace(d.Snippet) == "" {
		return nil
	}
	label := strconv.Itoa(d.Range.Line)
	margin := strings.Repeat(" ", len(label))
	width := snippetWidth
	if p.Width > 0 {
		width = max(p.Width-len(label)-len(" | "), narrowest)
	}
	source, indent, length := cut(d.Snippet, d.Range, width)
	lines := []string{
		p.paint(dim, margin+" |"),
		p.paint(dim, label+" |") + " " + source,
	}
	if length > 0 {
		mark := "^" + strings.Repeat("~", length-1)
		lines = append(lines, p.paint(dim, margin+" |")+" "+strings.Repeat(" ", indent)+p.paint(green, mark))
	}
	return lines
}

// cut returns as much of a source line as fits into a width, around the place
// that a range means, and where in it that place begins and how long it is, in
// columns. The length is 0 when the range has no column.
func cut(line string, r diag.Range, width int) (source string, indent, length int) {
	first, last := span(r)
	// Only cells that can fit are looked at: a line may be megabytes long.
	from := max(first-width, 0)
	cells, more := cellsOf(line, from, first+width)
	start := beginning(cells, first-from, width, from > 0 || more)

	var b strings.Builder
	used := 0
	if from+start > 0 {
		b.WriteString(ellipsis)
		used = 1
	}
	limit := width
	if more || used+widthOf(cells[start:]) > width {
		more = true
		limit-- // for the ellipsis
	}
	indent = -1
	for i, c := range cells[start:] {
		if used+c.width > limit {
			break
		}
		column := from + start + i
		if column == first {
			indent = used
		}
		if column >= first && column < last {
			length += c.width
		}
		b.WriteString(c.text)
		used += c.width
	}
	if indent < 0 {
		indent = used // just behind the line, as for something missing at its end
	}
	if more {
		b.WriteString(ellipsis)
	}
	if r.Column > 0 {
		length = max(length, 1)
	}
	return b.String(), indent, length
}

// span returns a range's place in its first line, in characters from 0.
func span(r diag.Range) (first, last int) {
	if r.Column == 0 {
		return 0, 0
	}
	first = r.Column - 1
	switch {
	case r.EndLine > r.Line:
		return first, math.MaxInt
	case r.EndColumn > r.Column:
		return first, r.EndColumn - 1
	}
	return first, first + 1
}

// beginning returns the cell to begin with so that the one at an index is in
// sight, with what comes before it as far as that leaves room for what follows.
func beginning(cells []cell, at, width int, partial bool) int {
	at = min(at, len(cells))
	before := widthOf(cells[:at])
	if !partial && widthOf(cells) <= width || before <= width/2 {
		return 0
	}
	room := width / 3
	for at > 0 && cells[at-1].width <= room {
		at--
		room -= cells[at].width
	}
	return at
}

// cell is one character of a source line as it is shown.
type cell struct {
	text  string
	width int
}

// cellsOf returns the characters of a line from one index to before another,
// and whether more follow.
func cellsOf(line string, from, to int) (cells []cell, more bool) {
	for i := 0; len(line) > 0; i++ {
		r, size := utf8.DecodeRuneInString(line)
		if i >= to {
			return cells, true
		}
		if i >= from {
			text := tab
			if r != '\t' {
				text = safeRune(r, line[:size])
			}
			cells = append(cells, cell{text, displayWidth(text)})
		}
		line = line[size:]
	}
	return cells, false
}

func widthOf(cells []cell) int {
	width := 0
	for _, c := range cells {
		width += c.width
	}
	return width
}
