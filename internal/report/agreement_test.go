package report

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// readers check that what a format says of a plan is all of it. They read it as its
// reader does, a person or a program, and not as the renderer wrote it.
var readers = map[string]func(t *testing.T, plan *planner.Plan, said string){
	Text: func(t *testing.T, plan *planner.Plan, said string) {
		holds(t, said, factsOfPlan(plan), factsOfGroups(plan, false))
		saysWhatHappens(t, plan, said)
	},
	"json": func(t *testing.T, plan *planner.Plan, said string) {
		encoded, err := planner.Encode(plan.Outline())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(decoded(t, string(encoded)), decoded(t, said)); diff != "" {
			t.Errorf("it is another plan (-want +got):\n%s", diff)
		}
	},
	"markdown": func(t *testing.T, plan *planner.Plan, said string) {
		rendered := said + html.UnescapeString(said) // blocks are not HTML
		holds(t, rendered, factsOfPlan(plan), factsOfGroups(plan, false))
		holds(t, cells(said), countsOfKinds(plan))
		saysWhatHappens(t, plan, strings.NewReplacer("<code>", "", "</code>", "").Replace(rendered))
	},
	"html": func(t *testing.T, plan *planner.Plan, said string) {
		holds(t, html.UnescapeString(said), factsOfPlan(plan))
		holds(t, cells(said), countsOfKinds(plan))
		readPage(t, plan, said)
		readPicture(t, plan, said)
	},
	"github": func(t *testing.T, plan *planner.Plan, said string) {
		annotations := strings.NewReplacer("%0A", "\n", "%0D", "\r", "%25", "%").Replace(said)
		holds(t, said+annotations, factsOfPlan(plan), factsOfGroups(plan, false))
		saysWhatHappens(t, plan, said)
		readAnnotations(t, plan, said)
	},
	"dot": func(t *testing.T, plan *planner.Plan, said string) {
		unquote := strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace
		readGraph(t, plan, said, `^  n(\d+) \[label="(.*)" color=(\w+)\]$`, `^  n(\d+) -> n(\d+)$`, unquote, map[string]string{"green": "green4", "yellow": "orange3", "red": "red3"})
	},
	"mermaid": func(t *testing.T, plan *planner.Plan, said string) {
		unquote := func(text string) string {
			return regexp.MustCompile(`#(\d+);`).ReplaceAllStringFunc(text, func(code string) string {
				return html.UnescapeString("&" + code)
			})
		}
		readGraph(t, plan, said, `^  n(\d+)\["(.*)"\]:::(\w+)$`, `^  n(\d+) --> n(\d+)$`, unquote, map[string]string{"green": "create", "yellow": "update", "red": "destroy"})
	},
}

// Whatever the format of a plan, it names every change, every difference, every
// hint, what is blocked and why, and every count.
func TestEveryFormatTellsTheWholePlan(t *testing.T) {
	plans := planCases()
	for name, s := range situations {
		plans["situation "+name] = s.plan(t)
	}
	for _, format := range append(Plans, Graphs...) {
		read, known := readers[format.Name]
		if !known {
			t.Fatalf("readers does not say how %s is read", format.Name)
		}
		for name, plan := range plans {
			t.Run(format.Name+"/"+name, func(t *testing.T) {
				var said text
				out := Output{Out: Stream{Writer: &said}, Err: Stream{Writer: &said}, MarkdownBudget: 1 << 30, TellGitHub: func(*planner.Plan) error { return nil }}
				if err := format.As(out, plan); err != nil {
					t.Fatal(err)
				}
				if read(t, plan, string(said)); t.Failed() {
					t.Logf("it says\n%s", said)
				}
			})
		}
	}
	for name, plan := range plans {
		t.Run("expanded/"+name, func(t *testing.T) {
			var said text
			if err := PlanText(&said, Style{Expand: true}, plan); err != nil {
				t.Fatal(err)
			}
			holds(t, string(said), factsOfGroups(plan, true))
		})
	}
}

// Colours are added to a plan, and change nothing else of it.
func TestColoursAddNothingElse(t *testing.T) {
	colours := regexp.MustCompile(`\x1b\[\d+m`)
	for name, s := range situations {
		plan := s.plan(t)
		var plain, coloured text
		_ = PlanText(&plain, Style{}, plan)
		_ = PlanText(&coloured, Style{Color: true}, plan)
		if diff := cmp.Diff(string(plain), colours.ReplaceAllString(string(coloured), "")); diff != "" {
			t.Errorf("%s (-plain +coloured):\n%s", name, diff)
		}
	}
}

// holds checks that each fact is said.
func holds(t *testing.T, said string, facts ...[]string) {
	t.Helper()
	for _, fact := range slices.Concat(facts...) {
		if !strings.Contains(said, fact) {
			t.Errorf("it does not say %q", fact)
		}
	}
}

// factsOfPlan returns what there is to say besides the changes.
func factsOfPlan(plan *planner.Plan) []string {
	verdict, rest := conclusion(plan)
	facts := []string{verdict, rest, partiality(plan)}
	if plan.HasChanges() {
		facts = append(facts, fmt.Sprintf("%d to add, %d to change, %d to destroy", plan.Summary.Add, plan.Summary.Change, plan.Summary.Destroy))
	}
	facts = slices.Concat(facts, rolloutLines(plan), leftAlone(plan), leftOut(plan), obstacles(plan))
	for _, v := range plan.Guards {
		facts = append(facts, safe(v.Guard), safe(string(v.Result)), safe(v.Message))
	}
	for _, d := range plan.Diagnostics {
		facts = append(facts, safe(d.Message), safe(d.Rule))
		facts = append(facts, textLines(d.Hint)...)
	}
	return facts
}

// factsOfGroups returns what there is to say about changes that are alike, or
// about each one.
func factsOfGroups(plan *planner.Plan, expand bool) []string {
	var facts []string
	view := viewOf(plan, textBounds)
	for _, g := range grouped(plan.Changes, expand) {
		c := g.example()
		facts = append(facts, safe(c.Address.String()), because(c))
		if g.folded() {
			facts = append(append(facts, fmt.Sprintf("%s more ", number(len(g.changes)-1)), g.alikeWords()), g.names()...)
		}
		for _, f := range view.fields(g) {
			facts = append(facts, f.path, f.value, f.note)
			for _, l := range f.lines {
				facts = append(facts, l.text)
			}
		}
		if c.Blocked != nil {
			facts = append(facts, "blocked: "+safe(c.Blocked.Message), safe(c.Blocked.Hint), safe(c.Blocked.At.String()))
		}
	}
	return facts
}

// saysWhatHappens checks that each change is named with what is done to it.
func saysWhatHappens(t *testing.T, plan *planner.Plan, said string) {
	t.Helper()
	lines := strings.Split(said, "\n")
	for _, g := range grouped(plan.Changes, false) {
		c := g.example()
		address, happens := safe(c.Address.String()), " "+will(c.Action)+" "+wordsOf(c.Action).planned
		if !slices.ContainsFunc(lines, func(line string) bool {
			_, rest, found := strings.Cut(line, address)
			return found && strings.Contains(rest, happens)
		}) {
			t.Errorf("it does not say that %s%s", address, happens)
		}
	}
}

var tag = regexp.MustCompile(`<[^>]*>`)

// cells returns the rows of the tables of an HTML text, with bars for the
// tags.
func cells(said string) string {
	var rows []string
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, "<tr>") || strings.HasPrefix(line, "<thead>") {
			rows = append(rows, html.UnescapeString(tag.ReplaceAllString(line, "|")))
		}
	}
	return strings.Join(rows, "")
}

// countsOfKinds returns the rows of the table that says what happens to how
// many.
func countsOfKinds(plan *planner.Plan) []string {
	var rows []string
	row := func(first string, columns []countCell) {
		for _, c := range columns {
			first += "||" + c.Text
		}
		rows = append(rows, "||"+first+"||")
	}
	columns, counts := countKinds(plan)
	if len(counts) > 0 {
		row("", columns)
	}
	for _, r := range counts {
		row(r.Kind, r.Cells)
	}
	return rows
}

// readPage reads the changes of a page as its script does.
func readPage(t *testing.T, plan *planner.Plan, said string) {
	t.Helper()
	_, data, _ := strings.Cut(said, `<script type="application/json" id="plan">`)
	data, _, _ = strings.Cut(data, "</script>")
	var page pageDocument
	if err := json.Unmarshal([]byte(data), &page); err != nil {
		t.Fatal(err)
	}
	if len(page.Changes) != len(plan.Changes) {
		t.Fatalf("%d changes of %d", len(page.Changes), len(plan.Changes))
	}
	var groups []int
	view, folded := viewOf(plan, pageBounds), map[spec.Address]int{}
	for i, g := range grouped(plan.Changes, false) {
		for _, c := range g.changes {
			if g.folded() {
				folded[c.Address] = i
			}
		}
	}
	for i, c := range plan.Changes {
		shown := page.Changes[i]
		kind, action := page.Kinds[shown.Kind], page.Actions[shown.Action]
		message, hint := blockedWords(c)
		got := []string{kind.ID, page.Places[shown.Place], shown.Name, action.ID, action.Planned, shown.Why, shown.Blocked, shown.Hint, shown.At}
		want := []string{safe(string(c.Address.Kind)), safe(c.Address.Parent), safe(c.Address.Name), safe(string(c.Action)), wordsOf(c.Action).planned, because(c), message, hint, safe(c.At.String())}
		for _, f := range shown.Fields {
			got = append(append(got, page.Fields[f].Path, page.Fields[f].Value), page.Fields[f].Lines...)
		}
		for _, f := range c.Fields {
			v := view.field(f)
			if v.note != "" {
				v.value = strings.TrimPrefix(v.value+" ("+v.note+")", " ")
			}
			want = append(want, v.path, v.value)
			for _, l := range v.lines {
				want = append(want, string(l.op)+l.text)
			}
		}
		for _, first := range shown.After {
			got = append(got, "after "+plan.Changes[first].Address.String())
		}
		for _, first := range c.DependsOn {
			if slices.ContainsFunc(plan.Changes, func(c planner.Change) bool { return c.Address == first }) {
				want = append(want, "after "+first.String())
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.Address, diff)
		}
		if group, isFolded := folded[c.Address]; isFolded != (shown.Group != nil) || isFolded && *shown.Group != group {
			t.Errorf("%s: not in its group", c.Address)
		} else if isFolded && !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
	}
}

// readPicture checks that a page draws each node and each arrow, where it draws
// any.
func readPicture(t *testing.T, plan *planner.Plan, said string) {
	t.Helper()
	graph := graphOf(grouped(plan.Changes, false))
	if len(graph.edges) == 0 || len(graph.nodes) > maxNodes {
		return
	}
	for _, n := range graph.nodes {
		holds(t, html.UnescapeString(said), []string{"<title>" + n.title() + "</title>"})
	}
	if n := strings.Count(said, `<path class="edge"`); n != len(graph.edges) {
		t.Errorf("%d arrows of %d", n, len(graph.edges))
	}
}

// readAnnotations checks that a reviewer is shown, at its place, what must not be
// missed.
func readAnnotations(t *testing.T, plan *planner.Plan, said string) {
	t.Helper()
	_, annotations, _ := strings.Cut(said, "::endgroup::\n")
	lines := strings.Split(annotations, "\n")
	expected := len(plan.Diagnostics)
	for _, g := range grouped(plan.Changes, false) {
		c := g.example()
		begin, words := "::warning", ""
		switch {
		case c.Blocked != nil:
			begin, words = "::error", ": blocked: "+c.Blocked.Message
		case c.Action == planner.Delete:
			words = " will be destroyed"
		case c.Action == planner.Replace:
			words = " must be replaced"
		default:
			continue
		}
		expected++
		if c.At.Line > 0 {
			begin += fmt.Sprintf(" file=%s,line=%d", escapeProperty.Replace(safe(c.At.File)), c.At.Line)
		}
		address, words := escapeCommand.Replace(safe(c.Address.String())), escapeCommand.Replace(safe(words))
		if !slices.ContainsFunc(lines, func(line string) bool {
			return strings.HasPrefix(line, begin) && strings.Contains(line, "::"+address) && strings.Contains(line, words)
		}) {
			t.Errorf("%s… has no annotation %s…%s%s", begin, begin, address, words)
		}
	}
	if n := len(lines) - 1; n != expected {
		t.Errorf("%d annotations of %d", n, expected)
	}
}

// readGraph reads the nodes and arrows of a graph: each change, or those that are
// alike as one, in the colour of what is done, behind all that come first.
func readGraph(t *testing.T, plan *planner.Plan, said, node, edge string, unquote func(string) string, colours map[string]string) {
	t.Helper()
	groupOf := map[spec.Address]int{}
	var want []string
	for i, g := range grouped(plan.Changes, false) {
		c := g.example()
		title := wordsOf(c.Action).marker + " " + safe(c.Address.String())
		if g.folded() {
			title = wordsOf(c.Action).marker + " " + countKind(len(g.changes), c.Address.Kind) + in(c.Address.Parent)
		}
		colour := "yellow"
		switch {
		case c.Blocked != nil:
			title, colour = title+" (blocked)", "red"
		case c.Action == planner.Delete || c.Action == planner.Replace:
			colour = "red"
		case c.Action == planner.Create:
			colour = "green"
		}
		want = append(want, fmt.Sprint("node ", i, " ", title, " ", colours[colour]))
		for _, c := range g.changes {
			groupOf[c.Address] = i
		}
	}
	for _, c := range plan.Changes {
		for _, first := range c.DependsOn {
			if i, known := groupOf[first]; known && i != groupOf[c.Address] {
				want = append(want, fmt.Sprint("edge ", i, " ", groupOf[c.Address]))
			}
		}
	}
	var got []string
	nodes, edges := regexp.MustCompile(node), regexp.MustCompile(edge)
	for line := range strings.SplitSeq(said, "\n") {
		if m := nodes.FindStringSubmatch(line); m != nil {
			got = append(got, fmt.Sprint("node ", m[1], " ", unquote(m[2]), " ", m[3]))
		}
		if m := edges.FindStringSubmatch(line); m != nil {
			got = append(got, fmt.Sprint("edge ", m[1], " ", m[2]))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(slices.Compact(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, d := range plan.Diagnostics {
		holds(t, said, append([]string{safe(d.Message), safe(d.Rule)}, textLines(d.Hint)...))
	}
}
