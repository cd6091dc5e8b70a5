package report

import (
	"errors"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/planner"
)

const (
	// MarkdownBudget is what a comment on GitHub may hold, in bytes.
	MarkdownBudget = 65_536

	// LeastMarkdownBudget holds the counts of any plan.
	LeastMarkdownBudget = 8192
)

// errBudget says that not even the counts of a plan may be written.
var errBudget = fmt.Errorf("a plan in Markdown needs at least %d bytes", LeastMarkdownBudget)

// PlanMarkdown writes a plan as a comment on a pull request, in at most a number
// of bytes: with all values; without the large ones; as a table; or, where even
// that is too much, as counts with those rows that need attention most.
//
// It begins with an invisible comment that is the same for every plan of the
// stack for the account, so that a later plan can take the place of an earlier
// one. What comes from files and accounts stands only in blocks of HTML,
// escaped and as code, or in fenced blocks that it cannot close: there, no
// character has a meaning, no user is mentioned and nothing becomes a link.
func PlanMarkdown(w io.Writer, plan *planner.Plan, budget int) error {
	if budget < LeastMarkdownBudget {
		return errBudget
	}
	groups := grouped(plan.Changes, false)
	for _, body := range []func(m *markdown, groups []group){(*markdown).full, (*markdown).short, (*markdown).table} {
		m := newMarkdown(plan, budget)
		m.head()
		m.notes()
		body(m, groups)
		m.foot()
		if m.err == nil {
			_, err := io.WriteString(w, m.text.String())
			return err
		}
	}
	return writeCounts(w, plan, budget, groups)
}

// writeCounts writes what is left when nothing else fits.
func writeCounts(w io.Writer, plan *planner.Plan, budget int, groups []group) error {
	foot := newMarkdown(plan, budget)
	foot.foot()
	m := newMarkdown(plan, budget-foot.text.Len())
	m.head()
	m.mostUrgent(groups)
	_, err := io.WriteString(w, m.text.String()+foot.text.String())
	return err
}

// markdown is a document of bounded size that is being built. What would make
// it too long is not written, and remembered as an error.
type markdown struct {
	text   strings.Builder
	budget int
	err    error

	plan *planner.Plan
	view *planView
}

func newMarkdown(plan *planner.Plan, budget int) *markdown {
	return &markdown{budget: budget, plan: plan, view: viewOf(plan, textBounds)}
}

var errFull = errors.New("the document is full")

// line writes a line, if there is room.
func (m *markdown) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...) + "\n"
	if m.err != nil || m.text.Len()+len(text) > m.budget {
		m.err = errFull
		return
	}
	m.text.WriteString(text)
}

// What bounds the head and the foot.
const (
	longestName = 100 // characters of a name
	longestKind = 30  // characters of a kind
	maxKinds    = 15  // rows of the table of counts
)

// head is the marker, the counts, and whether the plan can be applied. Its size
// is bounded whatever the plan.
func (m *markdown) head() {
	m.line("<!-- wfpsync plan stack=%s account=%s -->", markerName(m.plan.Stack), markerName(m.plan.Account.ID))
	m.line("<h3>Plan of stack %s</h3>", codeHTML(shortName(safe(m.plan.Stack), longestName)))
	m.line("")
	verdict, rest := conclusion(m.plan)
	m.line("**%s**%s", verdict, rest)
	m.line("")
	for _, text := range obstacles(m.plan) {
		m.line("> **%s**", text)
		m.line("")
	}
	if text := partiality(m.plan); text != "" {
		m.line("<p>%s</p>", codeHTML(text))
		m.line("")
	}
	m.counts()
}

// foot says what identifies the plan, and where the rest of it is.
func (m *markdown) foot() {
	m.line("")
	m.line("<p><sub>Account %s · digest %s</sub></p>", codeHTML(shortName(accountName(m.plan.Account), longestName)), codeHTML(shortName(safe(m.plan.Digest), longestName)))
}

// counts is a table of how many resources of each kind are created, changed or
// deleted.
func (m *markdown) counts() {
	columns, rows := countKinds(m.plan)
	if len(rows) == 0 {
		return
	}
	row := func(element, first string, cells []countCell) {
		var b strings.Builder
		for _, cell := range cells {
			fmt.Fprintf(&b, "<%s>%s</%[1]s>", element, html.EscapeString(shortName(cell.Text, longestKind)))
		}
		m.line("<tr><td>%s</td>%s</tr>", html.EscapeString(shortName(first, longestKind)), b.String())
	}
	m.line("<table>")
	row("th", "", columns)
	for _, r := range rows[:min(len(rows), maxKinds)] {
		row("td", r.Kind, r.Cells)
	}
	m.line("</table>")
	m.line("")
}

// notes are what there is to say besides the changes.
func (m *markdown) notes() {
	lines := rolloutLines(m.plan)
	for _, v := range m.plan.Guards {
		lines = append(lines, fmt.Sprintf("guard %s: %s: %s", safe(v.Guard), safe(string(v.Result)), safe(v.Message)))
	}
	for _, d := range m.plan.Diagnostics {
		text, hints := diagnosticWords(d)
		lines = append(lines, text)
		for _, hint := range hints {
			lines = append(lines, "    hint: "+hint)
		}
	}
	lines = append(lines, leftOut(m.plan)...)
	lines = append(lines, leftAlone(m.plan)...)
	if len(lines) > 0 {
		m.fenced("text", lines)
		m.line("")
	}
}

// full shows each group with all values.
func (m *markdown) full(groups []group) { m.details(groups, true) }

// short shows each group without values that one line does not hold.
func (m *markdown) short(groups []group) {
	m.details(groups, false)
	m.line("")
	m.line("Large values are left out to fit here; `wfpsync show` has them.")
}

func (m *markdown) details(groups []group, large bool) {
	for _, g := range groups {
		if m.err != nil {
			return
		}
		lines := m.diff(g, large)
		if len(lines) == 0 {
			m.line("<p>%s</p>", groupHTML(g))
			continue
		}
		open := ""
		if g.example().Blocked != nil {
			open = " open"
		}
		m.line("<details%s><summary>%s</summary>", open, groupHTML(g))
		m.line("")
		m.fenced("diff", lines)
		m.line("")
		m.line("</details>")
	}
}

// groupHTML returns a group in a line of HTML.
func groupHTML(g group) string {
	c := g.example()
	words := wordsOf(c.Action)
	text := codeHTML(words.marker + " " + safe(c.Address.String()))
	if g.folded() {
		text += " and " + html.EscapeString(countMore(len(g.changes)-1, c.Address.Kind)) + " alike"
	}
	text += " " + will(c.Action) + " " + html.EscapeString(words.planned)
	if c.Blocked != nil {
		text += ", <b>blocked</b>"
	}
	return text
}

// diff returns what there is to say about a group, in lines that highlighters
// for differences colour: what is replaced begins with an exclamation mark.
func (m *markdown) diff(g group, large bool) []string {
	c := g.example()
	var lines []string
	if why := because(c); why != "" {
		lines = append(lines, "# "+why)
	}
	if g.folded() {
		lines = append(lines, "# and "+g.alikeWords()+":")
		for _, names := range g.names() {
			lines = append(lines, "#     "+names)
		}
	}
	for _, f := range m.view.fields(g) {
		lines = append(lines, fieldLine(f, large))
		if large {
			for _, l := range f.lines {
				lines = append(lines, diffLine(l))
			}
		}
	}
	if message, hint := blockedWords(c); message != "" {
		lines = append(lines, "! blocked: "+message)
		if hint != "" {
			lines = append(lines, "! hint: "+hint)
		}
	}
	return lines
}

func fieldLine(f fieldView, large bool) string {
	marker := map[planner.FieldOp]string{planner.FieldAdd: "+", planner.FieldRemove: "-"}[f.op]
	if marker == "" {
		marker = "!"
	}
	text := marker + " " + f.path
	switch {
	case f.value != "":
		text += "  " + f.value
	case !large:
		text += "  (large value)"
	}
	if f.note != "" {
		text += "  (" + f.note + ")"
	}
	return text
}

func diffLine(l line) string {
	switch l.op {
	case lineBefore, lineAfter:
		return string(l.op) + "     " + l.text
	case lineHead:
		return "@@ " + l.text + " @@"
	}
	return "      " + l.text
}

// table shows each group as a row.
func (m *markdown) table(groups []group) {
	m.line("<table>")
	for _, g := range groups {
		m.line("%s", rowHTML(g))
	}
	m.line("</table>")
	m.line("")
	m.line("Values are left out to fit here; `wfpsync show` has them.")
}

func rowHTML(g group) string {
	fields := ""
	if n := len(g.example().Fields); n > 0 {
		fields = count(n, "field", "fields")
	}
	return fmt.Sprintf("<tr><td>%s</td><td>%s</td></tr>", groupHTML(g), fields)
}

// mostUrgent are as many rows as fit: first what is blocked, then what is
// destroyed, then the rest.
func (m *markdown) mostUrgent(groups []group) {
	urgency := func(g group) int {
		switch c := g.example(); {
		case c.Blocked != nil:
			return 0
		case takesAway(c.Action):
			return 1
		}
		return 2
	}
	groups = slices.Clone(groups)
	slices.SortStableFunc(groups, func(a, b group) int { return urgency(a) - urgency(b) })
	const end = "</table>\n\nNot shown to fit here: 1,000,000,000 more changes; `wfpsync show` has them.\n"
	m.budget -= len(end)
	rest := len(m.plan.Changes)
	m.line("<table>")
	for _, g := range groups {
		if m.line("%s", rowHTML(g)); m.err != nil {
			break
		}
		rest -= len(g.changes)
	}
	m.budget, m.err = m.budget+len(end), nil
	if rest == len(m.plan.Changes) {
		m.text.Reset()
	} else {
		m.line("</table>")
		m.line("")
	}
	m.line("Not shown to fit here: %s; `wfpsync show` has them.", count(rest, "more change", "more changes"))
}

// fenced writes lines, which must be safe, between fences that none of them can
// close.
func (m *markdown) fenced(language string, lines []string) {
	fence := "```"
	for _, text := range lines {
		for strings.Contains(text, fence) {
			fence += "`"
		}
	}
	m.line("%s%s", fence, language)
	for _, text := range lines {
		m.line("%s", text)
	}
	m.line("%s", fence)
}

// codeHTML returns a safe text as code in HTML.
func codeHTML(text string) string { return "<code>" + html.EscapeString(text) + "</code>" }

// shortName returns a name of bounded length.
func shortName(name string, most int) string {
	n := 0
	for i := range name {
		if n++; n > most {
			return name[:i] + ellipsis
		}
	}
	return name
}

// markerName returns a name in characters that have no meaning inside a
// comment, of bounded length.
func markerName(name string) string {
	var b strings.Builder
	for _, c := range []byte(name[:min(len(name), longestName)]) {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '.' || c == '_' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
