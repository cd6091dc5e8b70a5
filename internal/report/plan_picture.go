package report

import (
	"fmt"

	"github.com/wfpsync/wfpsync/planner"
)

// picture is the order of a plan's changes, drawn: a column for each level, and
// lines from what comes first to what comes after it.
type picture struct {
	Width, Height int
	Nodes         []pictureNode
	Edges         []string
}

type pictureNode struct {
	X, Y, Width, TextX, TextY           int
	Class, Action, Marker, Label, Title string

	// Query finds the node's changes.
	Query string
}

// The measures of the picture, in pixels.
const (
	nodeHeight   = 28
	rowHeight    = 38
	columnGap    = 56
	letterWidth  = 7.3 // of the type in nodes, which is 12 pixels high
	nodePadding  = 10
	longestLabel = 40 // characters
	maxNodes     = 80 // that a picture may have and still be one
)

// pictureOf returns the picture of a plan's groups, or, where they are too
// many, of kinds and places. It is nil when there is nothing to see: no order,
// or too much of it.
func pictureOf(plan *planner.Plan, groups []group) *picture {
	if len(groups) > maxNodes {
		groups = byPlace(plan.Changes)
	}
	graph := graphOf(groups)
	if len(graph.edges) == 0 || len(graph.nodes) > maxNodes {
		return nil
	}
	p := &picture{Nodes: make([]pictureNode, len(graph.nodes))}
	levels := 0
	for _, n := range graph.nodes {
		levels = max(levels, n.level+1)
	}
	for level := range levels {
		p.column(graph, groups, level)
	}
	for _, e := range graph.edges {
		p.Edges = append(p.Edges, curve(p.Nodes[e.first], p.Nodes[e.then]))
	}
	return p
}

// column places the nodes of a level to the right of what there is.
func (p *picture) column(graph planGraph, groups []group, level int) {
	x, y, widest := p.Width+1, 1, 0
	if p.Width > 0 {
		x += columnGap
	}
	for i, n := range graph.nodes {
		if n.level != level {
			continue
		}
		label := shortName(n.label, longestLabel)
		width := int(float64(displayWidth(label)+2)*letterWidth) + 2*nodePadding
		p.Nodes[i] = pictureNode{
			X: x, Y: y, Width: width, TextX: x + nodePadding, TextY: y + 18,
			Class: n.style(), Action: safe(string(n.action)), Marker: wordsOf(n.action).marker, Label: label, Title: n.title(),
			Query: queryFor(groups[n.group]),
		}
		y += rowHeight
		widest = max(widest, width)
	}
	if widest > 0 {
		p.Width = x + widest + 1
		p.Height = max(p.Height, y-rowHeight+nodeHeight+1)
	}
}

func (n planNode) style() string {
	if n.blocked {
		return classOf(n.action) + " blocked"
	}
	return classOf(n.action)
}

func queryFor(g group) string {
	a := g.example().Address
	if !g.folded() {
		return safe(a.String())
	}
	query := safe(string(a.Kind)) + "/"
	if a.Parent != "" {
		query += safe(a.Parent) + "/"
	}
	return query
}

// curve leads from the right of one node to the left of another.
func curve(from, to pictureNode) string {
	x1, y1 := from.X+from.Width, from.Y+nodeHeight/2
	x2, y2 := to.X, to.Y+nodeHeight/2
	bend := columnGap / 2
	return fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)
}

// byPlace returns the changes with those in one place, to which the same is
// done, as one.
func byPlace(changes []planner.Change) []group {
	type key struct {
		kind, parent string
		action       planner.Action
		blocked      bool
	}
	var groups []group
	index := map[key]int{}
	for i := range changes {
		c := &changes[i]
		i := once(&groups, index, key{string(c.Address.Kind), c.Address.Parent, c.Action, c.Blocked != nil}, group{})
		groups[i].changes = append(groups[i].changes, c)
	}
	return groups
}
