package report

import (
	"slices"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// planGraph is what comes after what in a plan, with changes that are alike as
// one node, so that the picture of a fleet has as many nodes as it has ideas.
type planGraph struct {
	nodes []planNode
	edges []planEdge
}

// planNode is one change, or several that are alike.
type planNode struct {
	action  planner.Action
	blocked bool
	label   string // safe
	group   int    // the index among the plan's groups
	level   int    // the highest of its changes
}

// planEdge leads from what comes first to what comes after it, by index.
type planEdge struct{ first, then int }

// graphOf returns the graph of a plan's groups.
func graphOf(groups []group) planGraph {
	var graph planGraph
	at := map[spec.Address]int{}
	for i, g := range groups {
		c := g.example()
		node := planNode{action: c.Action, blocked: c.Blocked != nil, label: safe(c.Address.String()), group: i}
		if g.folded() {
			node.label = countKind(len(g.changes), c.Address.Kind) + in(c.Address.Parent)
		}
		for _, c := range g.changes {
			at[c.Address] = i
			node.level = max(node.level, c.Level)
		}
		graph.nodes = append(graph.nodes, node)
	}
	seen := map[planEdge]bool{}
	for i, g := range groups {
		for _, c := range g.changes {
			for _, first := range c.DependsOn {
				j, known := at[first]
				if e := (planEdge{j, i}); known && i != j && !seen[e] {
					seen[e] = true
					graph.edges = append(graph.edges, e)
				}
			}
		}
	}
	slices.SortFunc(graph.edges, func(a, b planEdge) int {
		if a.first != b.first {
			return a.first - b.first
		}
		return a.then - b.then
	})
	return graph
}
