package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// graph holds which change comes after which. Nodes and edges are numbers: there
// may be a million of them.
type graph struct {
	nodes []spec.Address       // sorted, those that are no changes behind the others
	place map[spec.Address]int // of a node among them
	after [][]int              // node → the nodes it comes after, some more than once
}

// newGraph is a graph of sorted nodes without edges.
func newGraph(nodes []spec.Address) *graph {
	g := &graph{nodes: slices.Clip(nodes), place: make(map[spec.Address]int, len(nodes)), after: make([][]int, len(nodes))}
	for i, n := range nodes {
		g.place[n] = i
	}
	return g
}

// addNode adds a node that is no change.
func (g *graph) addNode(node spec.Address) {
	g.place[node] = len(g.nodes)
	g.nodes = append(g.nodes, node)
	g.after = append(g.after, nil)
}

// add says that a change comes after another. Nodes that are not part of the
// graph, and a resource's need of itself, say nothing.
func (g *graph) add(node, first spec.Address) {
	n, known := g.place[node]
	f, firstKnown := g.place[first]
	if known && firstKnown && n != f {
		g.after[n] = append(g.after[n], f)
	}
}

// prefer says that a change had better come after others. It gives way where
// that would close a cycle.
func (g *graph) prefer(node spec.Address, first []spec.Address) {
	n, known := g.place[node]
	if !known || len(first) == 0 {
		return
	}
	dependents := reach(n, g.inverse())
	for _, f := range first {
		if !dependents[g.place[f]] {
			g.add(node, f)
		}
	}
}

// preferBefore says that a change had better come before others.
func (g *graph) preferBefore(first spec.Address, nodes []spec.Address) {
	f, known := g.place[first]
	if !known || len(nodes) == 0 {
		return
	}
	needed := reach(f, g.after)
	for _, n := range nodes {
		if !needed[g.place[n]] {
			g.add(n, first)
		}
	}
}

// inverse holds which nodes come directly after a node.
func (g *graph) inverse() [][]int {
	before := make([][]int, len(g.nodes))
	for n, firsts := range g.after {
		for _, f := range firsts {
			before[f] = append(before[f], n)
		}
	}
	return before
}

// reach is every node that edges lead to from a node.
func reach(node int, edges [][]int) map[int]bool {
	reached := map[int]bool{}
	queue := []int{node}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		for _, n := range edges[next] {
			if !reached[n] {
				reached[n] = true
				queue = append(queue, n)
			}
		}
	}
	return reached
}

// needed is every node that must come before a node.
func (g *graph) needed(node spec.Address) []spec.Address {
	var needed []spec.Address
	for n := range reach(g.place[node], g.after) {
		needed = append(needed, g.nodes[n])
	}
	return needed
}

// comesAfter reports whether a node comes directly after another.
func (g *graph) comesAfter(node, first spec.Address) bool {
	f, known := g.place[first]
	return known && slices.Contains(g.after[g.place[node]], f)
}

// first are the nodes a node comes directly after, in order.
func (g *graph) first(node int) []spec.Address {
	var first []spec.Address
	for _, f := range g.after[node] {
		first = append(first, g.nodes[f])
	}
	slices.SortFunc(first, spec.Address.Compare)
	return slices.Compact(first)
}

// firstChanges are those of them that are changes.
func (g *graph) firstChanges(node spec.Address) []spec.Address {
	return slices.DeleteFunc(g.first(g.place[node]), func(a spec.Address) bool { return a.Kind == barrierKind })
}

// levels gives every node the length of the longest chain of changes before it.
func (g *graph) levels() ([]int, error) {
	level, waiting := make([]int, len(g.nodes)), make([]int, len(g.nodes))
	before := g.inverse()
	var ready []int
	for n, firsts := range g.after {
		if waiting[n] = len(firsts); waiting[n] == 0 {
			ready = append(ready, n)
		}
	}
	done := 0
	for ; done < len(ready); done++ {
		n := ready[done]
		step := 1
		if g.nodes[n].Kind == barrierKind {
			step = 0
		}
		for _, later := range before[n] {
			level[later] = max(level[later], level[n]+step)
			if waiting[later]--; waiting[later] == 0 {
				ready = append(ready, later)
			}
		}
	}
	if done < len(g.nodes) {
		return nil, g.cycle(waiting)
	}
	return level, nil
}

// Cycle is an order that cannot be: each resource needs the next, and the last
// one the first.
type Cycle struct{ Chain []spec.Address }

func (c *Cycle) Error() string {
	names := make([]string, len(c.Chain))
	for i, a := range c.Chain {
		names[i] = a.String()
	}
	return fmt.Sprintf("these resources need each other in a circle: %s", strings.Join(append(names, names[0]), " → "))
}

// cycle finds a cycle among the nodes that still wait: following any node's
// waiting predecessors must come round.
func (g *graph) cycle(waiting []int) *Cycle {
	node := g.nodes[slices.IndexFunc(waiting, func(firsts int) bool { return firsts > 0 })]
	var chain []spec.Address
	seen := map[spec.Address]int{}
	for {
		if at, again := seen[node]; again {
			return &Cycle{Chain: chain[at:]}
		}
		seen[node] = len(chain)
		chain = append(chain, node)
		first := g.first(g.place[node])
		node = first[slices.IndexFunc(first, func(f spec.Address) bool { return waiting[g.place[f]] > 0 })]
	}
}
