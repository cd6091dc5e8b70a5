package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// graph records which change must come after which. Nodes and edges are
// numbers, because there may be a million of them.
type graph struct {
	nodes []spec.Address       // changes sorted by address, then barriers
	index map[spec.Address]int // of a node in nodes
	after [][]int              // node → its predecessors, possibly repeated
}

// newGraph returns a graph of sorted nodes without edges.
func newGraph(nodes []spec.Address) *graph {
	g := &graph{nodes: slices.Clip(nodes), index: make(map[spec.Address]int, len(nodes)), after: make([][]int, len(nodes))}
	for i, n := range nodes {
		g.index[n] = i
	}
	return g
}

// addNode adds a node that is not a change.
func (g *graph) addNode(node spec.Address) {
	g.index[node] = len(g.nodes)
	g.nodes = append(g.nodes, node)
	g.after = append(g.after, nil)
}

// add makes a change come after another. It ignores nodes that are not in the
// graph, and a node that depends on itself.
func (g *graph) add(node, first spec.Address) {
	n, known := g.index[node]
	f, firstKnown := g.index[first]
	if known && firstKnown && n != f {
		g.after[n] = append(g.after[n], f)
	}
}

// preferAfter makes a change come after others, except those for which that
// would close a cycle.
func (g *graph) preferAfter(node spec.Address, first []spec.Address) {
	n, known := g.index[node]
	if !known || len(first) == 0 {
		return
	}
	dependents := reachable(n, g.inverse())
	for _, f := range first {
		if !dependents[g.index[f]] {
			g.add(node, f)
		}
	}
}

// preferBefore makes a change come before others, except those for which that
// would close a cycle.
func (g *graph) preferBefore(first spec.Address, nodes []spec.Address) {
	f, known := g.index[first]
	if !known || len(nodes) == 0 {
		return
	}
	needed := reachable(f, g.after)
	for _, n := range nodes {
		if !needed[g.index[n]] {
			g.add(n, first)
		}
	}
}

// inverse returns, for each node, the nodes that come directly after it.
func (g *graph) inverse() [][]int {
	before := make([][]int, len(g.nodes))
	for n, firsts := range g.after {
		for _, f := range firsts {
			before[f] = append(before[f], n)
		}
	}
	return before
}

// reachable returns every node that edges lead to from a node.
func reachable(node int, edges [][]int) map[int]bool {
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

// prerequisites returns every node that must come before a node.
func (g *graph) prerequisites(node spec.Address) []spec.Address {
	var needed []spec.Address
	for n := range reachable(g.index[node], g.after) {
		needed = append(needed, g.nodes[n])
	}
	return needed
}

// comesAfter reports whether a node comes directly after another.
func (g *graph) comesAfter(node, first spec.Address) bool {
	f, known := g.index[first]
	return known && slices.Contains(g.after[g.index[node]], f)
}

// predecessors returns the nodes that a node comes directly after, sorted.
func (g *graph) predecessors(node int) []spec.Address {
	var first []spec.Address
	for _, f := range g.after[node] {
		first = append(first, g.nodes[f])
	}
	slices.SortFunc(first, spec.Address.Compare)
	return slices.Compact(first)
}

// predecessorChanges returns the predecessors that are changes.
func (g *graph) predecessorChanges(node spec.Address) []spec.Address {
	return slices.DeleteFunc(g.predecessors(g.index[node]), func(a spec.Address) bool { return a.Kind == barrierKind })
}

// levels returns, for each node, the length of the longest chain of changes
// before it.
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

// Cycle says that no order exists: each resource needs the next, and the last
// one needs the first.
type Cycle struct{ Chain []spec.Address }

func (c *Cycle) Error() string {
	names := make([]string, len(c.Chain))
	for i, a := range c.Chain {
		names[i] = a.String()
	}
	return fmt.Sprintf("these resources need each other in a circle: %s", strings.Join(append(names, names[0]), " → "))
}

// cycle returns a cycle among the nodes that still wait. Following waiting
// predecessors from any of them must lead around one.
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
		first := g.predecessors(g.index[node])
		node = first[slices.IndexFunc(first, func(f spec.Address) bool { return waiting[g.index[f]] > 0 })]
	}
}
