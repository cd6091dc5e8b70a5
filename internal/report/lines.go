package report

import (
	"strings"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// lineOp is what a line of a difference is.
type lineOp byte

const (
	lineAlike  lineOp = ' ' // on both sides
	lineBefore lineOp = '-'
	lineAfter  lineOp = '+'
	lineGap    lineOp = '.' // stands for lines that are left out, in words
	lineHead   lineOp = '@' // names what the lines below belong to
)

// line is one line of a difference, safe to be shown.
type line struct {
	op   lineOp
	text string
}

// bounds are how much of a large value is shown.
type bounds struct {
	lines int // of a difference
	width int // columns of a line
}

var (
	// textBounds are for a terminal or a comment, and as much as one reads there.
	textBounds = bounds{lines: 40, width: 160}

	// pageBounds are for a page that opens values one by one.
	pageBounds = bounds{lines: 400, width: 2000}
)

const (
	contextLines = 2  // lines around a difference that are alike
	contextWidth = 20 // characters before a difference within a line

	// Beyond this, comparing two texts line by line costs more than it tells,
	// and they are shown as replaced.
	maxComparedLines = 5000
	maxComparedBytes = 512 << 10
)

// difference returns how two texts differ, in lines: those that are alike are
// left out, but for a few around what differs.
func (b bounds) difference(before, after []string) []line {
	return b.cut(b.shorten(withContext(compare(before, after))))
}

// compare lists the lines of both sides. The comparison has no deadline: what
// it says must not depend on how busy the machine is. Its size is bounded
// instead.
func compare(before, after []string) []line {
	head := alike(before, after)
	tail := alike(reversed(before[head:]), reversed(after[head:]))
	var lines []line
	lines = appendLines(lines, lineAlike, before[:head])
	lines = append(lines, compareMiddle(before[head:len(before)-tail], after[head:len(after)-tail])...)
	return appendLines(lines, lineAlike, before[len(before)-tail:])
}

// compareMiddle compares what neither begins nor ends alike.
func compareMiddle(before, after []string) []line {
	if tooLarge(before) || tooLarge(after) || len(before) == 0 || len(after) == 0 {
		return appendLines(appendLines(nil, lineBefore, before), lineAfter, after)
	}
	// Each distinct line is a character to the library, and each side text of them.
	var distinct []string
	numbers := map[string]rune{}
	letters := func(lines []string) []rune {
		out := make([]rune, len(lines))
		for i, text := range lines {
			r, known := numbers[text]
			if !known {
				r = rune(len(distinct) + 1)
				numbers[text] = r
				distinct = append(distinct, text)
			}
			out[i] = r
		}
		return out
	}
	d := diffmatchpatch.New()
	d.DiffTimeout = 0
	ops := map[diffmatchpatch.Operation]lineOp{
		diffmatchpatch.DiffEqual: lineAlike, diffmatchpatch.DiffDelete: lineBefore, diffmatchpatch.DiffInsert: lineAfter,
	}
	var lines []line
	for _, part := range d.DiffMainRunes(letters(before), letters(after), false) {
		for _, r := range part.Text {
			lines = append(lines, line{ops[part.Type], distinct[r-1]})
		}
	}
	return lines
}

func tooLarge(lines []string) bool {
	size := 0
	for _, text := range lines {
		size += len(text)
	}
	return len(lines) > maxComparedLines || size > maxComparedBytes
}

func appendLines(lines []line, op lineOp, texts []string) []line {
	for _, text := range texts {
		lines = append(lines, line{op, text})
	}
	return lines
}

// withContext leaves out what is alike, but for a little around the differences.
func withContext(lines []line) []line {
	var out []line
	for i := 0; i < len(lines); {
		if lines[i].op != lineAlike {
			out = append(out, lines[i])
			i++
			continue
		}
		end := i
		for end < len(lines) && lines[end].op == lineAlike {
			end++
		}
		from, to := min(i+contextLines, end), max(end-contextLines, i) // what is left out
		if i == 0 {
			from = i
		}
		if end == len(lines) {
			to = end
		}
		if to-from < 1 {
			from, to = end, end
		}
		out = append(out, lines[i:from]...)
		if to > from {
			out = append(out, line{lineGap, "… " + count(to-from, "line", "lines") + " alike"})
		}
		out = append(out, lines[to:end]...)
		i = end
	}
	return out
}

// shorten cuts long lines. Where one line takes the place of another, both are
// shown from where they begin to differ.
func (b bounds) shorten(lines []line) []line {
	out := make([]line, len(lines))
	for i, l := range lines {
		out[i] = line{l.op, b.excerpt(l.text, b.beginning(lines, i))}
	}
	return out
}

// beginning returns the byte to show a line from.
func (b bounds) beginning(lines []line, i int) int {
	op := func(i int) lineOp {
		if i < 0 || i >= len(lines) {
			return lineAlike
		}
		return lines[i].op
	}
	switch {
	case op(i) == lineBefore && op(i-1) != lineBefore && op(i+1) == lineAfter && op(i+2) != lineAfter:
		return b.divergence(lines[i].text, lines[i+1].text)
	case op(i) == lineAfter && op(i+1) != lineAfter && op(i-1) == lineBefore && op(i-2) != lineBefore:
		return b.divergence(lines[i-1].text, lines[i].text)
	}
	return 0
}

// cut leaves out the end of what is too long.
func (b bounds) cut(lines []line) []line {
	if rest := len(lines) - b.lines; rest > 1 {
		return append(lines[:b.lines:b.lines], line{lineGap, "… " + number(rest) + " more lines"})
	}
	return lines
}

// alike returns how many lines two values have in common at the beginning.
func alike(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func reversed(lines []string) []string {
	out := make([]string, len(lines))
	for i, text := range lines {
		out[len(lines)-1-i] = text
	}
	return out
}

// divergence returns the byte to show two lines from: the beginning, or a
// little before they begin to differ, if that would be out of sight.
func (b bounds) divergence(before, after string) int {
	n := 0
	for n < len(before) && n < len(after) && before[n] == after[n] {
		n++
	}
	if displayWidth(before[:n]) < b.width/2 {
		return 0
	}
	// Where the lines differ within a character, its bytes count as several:
	// going back over them leads to the beginning of one all the same.
	for range contextWidth {
		_, size := utf8.DecodeLastRuneInString(before[:n])
		n -= size
	}
	return n
}

// excerpt returns a line from a byte on, cut to the width; it says how long the
// whole line is.
func (b bounds) excerpt(text string, from int) string {
	rest, beginning := text[from:], ""
	if from > 0 {
		beginning = ellipsis
	}
	used := 0
	for i, r := range rest {
		if used += runeWidth(r); used > b.width {
			return beginning + rest[:i] + ellipsis + " (" + count(utf8.RuneCountInString(text), "character", "characters") + ")"
		}
	}
	return beginning + rest
}

// textLines returns the lines of text, each made safe.
func textLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = safe(l)
	}
	return lines
}
