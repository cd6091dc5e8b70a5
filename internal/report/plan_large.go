package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/planner"
)

// largeValue writes a difference that one line does not hold on lines of its
// own: what is alike at both ends of the two sides is left out, but for a
// little around the difference.
func (p *printer) largeValue(f planner.FieldChange) {
	var before, after []string
	switch f.Op {
	case planner.FieldAdd:
		after = linesOf(f.After, f.Unknown)
	case planner.FieldRemove:
		before = linesOf(f.Before, false)
	default:
		before, after = linesOfBoth(f)
	}
	head := alike(before, after)
	tail := alike(reversed(before[head:]), reversed(after[head:]))
	p.context(before[:head], max(0, head-contextLines), head)
	p.sides(before[head:len(before)-tail], after[head:len(after)-tail])
	p.context(before[len(before)-tail:], 0, min(tail, contextLines))
}

// context writes the lines from one index to before another, and how many
// there are besides.
func (p *printer) context(lines []string, from, to int) {
	if from > 0 {
		p.line("            %s", p.paint(dim, "… "+count(from, "line", "lines")+" alike"))
	}
	for _, line := range lines[from:to] {
		p.line("            %s", p.paint(dim, excerpt(line, 0)))
	}
	if rest := len(lines) - to; rest > 0 {
		p.line("            %s", p.paint(dim, "… "+count(rest, "line", "lines")+" alike"))
	}
}

// sides writes the lines that differ. Two long lines are shown from where they
// begin to differ.
func (p *printer) sides(before, after []string) {
	from := 0
	if len(before) == 1 && len(after) == 1 {
		from = divergence(before[0], after[0])
	}
	p.side(red, "-", before, from)
	p.side(green, "+", after, from)
}

func (p *printer) side(color, marker string, lines []string, from int) {
	for i, line := range lines {
		if i == mostLines && len(lines) > mostLines+1 {
			p.line("          %s %s", p.paint(color, marker), "… "+count(len(lines)-i, "more line", "more lines"))
			return
		}
		p.line("          %s %s", p.paint(color, marker), excerpt(line, from))
	}
}

// linesOf is a value in safe lines: a text of several lines in its own,
// anything else in those of indented JSON.
func linesOf(value any, unknown bool) []string {
	if text, ok := value.(string); ok && strings.Contains(text, "\n") {
		return textLines(text)
	}
	return textLines(jsonText(value, "  ", unknown))
}

// linesOfBoth shows two texts in the same way, also when only one of them has
// several lines.
func linesOfBoth(f planner.FieldChange) (before, after []string) {
	textBefore, isText := f.Before.(string)
	textAfter, areTexts := f.After.(string)
	if isText && areTexts && strings.Contains(textBefore+textAfter, "\n") {
		return textLines(textBefore), textLines(textAfter)
	}
	return linesOf(f.Before, false), linesOf(f.After, f.Unknown)
}

func textLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = safe(line)
	}
	return lines
}

// alike is how many lines two values have in common at the beginning.
func alike(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func reversed(lines []string) []string {
	lines = slices.Clone(lines)
	slices.Reverse(lines)
	return lines
}

// divergence is the byte to show two lines from: the beginning, or a little
// before they begin to differ, if that would be out of sight.
func divergence(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	if displayWidth(a[:n]) < longestLine/2 {
		return 0
	}
	// Where the lines differ within a character, its bytes count as several:
	// going back over them leads to the beginning of one all the same.
	for range contextWidth {
		_, size := utf8.DecodeLastRuneInString(a[:n])
		n -= size
	}
	return n
}

// excerpt is a line from a byte on, cut to a width; it says how long the whole
// line is.
func excerpt(line string, from int) string {
	text, beginning := line[from:], ""
	if from > 0 {
		beginning = ellipsis
	}
	used := 0
	for i, r := range text {
		if used += runeWidth(r); used > longestLine {
			length := count(utf8.RuneCountInString(line), "character", "characters")
			return fmt.Sprintf("%s%s%s (%s)", beginning, text[:i], ellipsis, length)
		}
	}
	return beginning + text
}
