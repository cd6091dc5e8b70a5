package planner

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// graph holds which change comes after which.
type graph struct {
	nodes []spec.Address                         // sorted
	after map[spec.Address]map[spec.Address]bool // node → the nodes it comes after
}

func newGraph(nodes []spec.Address) *graph {
	g := &graph{nodes: slices.SortedFunc(slices.Values(nodes), spec.Address.Compare), after: map[spec.Address]map[spec.Address]bool{}}
	for _, n := range nodes {
		g.after[n] = map[spec.Address]bool{}
	}
	return g
}

// addNode adds a node that is no change.
func (g *graph) addNode(node spec.Address) {
	g.nodes = append(g.nodes, node)
	g.after[node] = map[spec.Address]bool{}
}

// add says that a change comes after another. Nodes that are not part of the
// graph, and a resource's need of itself, say nothing.
func (g *graph) add(node, first spec.Address) {
	if g.after[node] == nil || g.after[first] == nil || node == first {
		return
	}
	g.after[node][first] = true
}

// prefer says that a change had better come after others. It gives way where
// that would close a cycle.
func (g *graph) prefer(node spec.Address, first []spec.Address) {
	if g.after[node] == nil || len(first) == 0 {
		return
	}
	dependents := g.reach(node, g.inverse())
	for _, f := range first {
		if !dependents[f] {
			g.add(node, f)
		}
	}
}

// preferBefore says that a change had better come before others.
func (g *graph) preferBefore(first spec.Address, nodes []spec.Address) {
	if g.after[first] == nil || len(nodes) == 0 {
		return
	}
	needed := g.reach(first, g.after)
	for _, n := range nodes {
		if !needed[n] {
			g.add(n, first)
		}
	}
}

// inverse holds which nodes come directly after a node.
func (g *graph) inverse() map[spec.Address]map[spec.Address]bool {
	before := map[spec.Address]map[spec.Address]bool{}
	for n, firsts := range g.after {
		for f := range firsts {
			if before[f] == nil {
				before[f] = map[spec.Address]bool{}
			}
			before[f][n] = true
		}
	}
	return before
}

// reach is every node that edges lead to from a node.
func (g *graph) reach(node spec.Address, edges map[spec.Address]map[spec.Address]bool) map[spec.Address]bool {
	reached := map[spec.Address]bool{}
	queue := []spec.Address{node}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		for n := range edges[next] {
			if !reached[n] {
				reached[n] = true
				queue = append(queue, n)
			}
		}
	}
	return reached
}

// first are the nodes a node comes directly after, in order.
func (g *graph) first(node spec.Address) []spec.Address {
	return slices.SortedFunc(maps.Keys(g.after[node]), spec.Address.Compare)
}

// firstChanges are those of them that are changes.
func (g *graph) firstChanges(node spec.Address) []spec.Address {
	return slices.DeleteFunc(g.first(node), func(a spec.Address) bool { return a.Kind == barrierKind })
}

// levels gives every node the length of the longest chain of changes before it.
func (g *graph) levels() (map[spec.Address]int, error) {
	level := make(map[spec.Address]int, len(g.nodes))
	waiting := make(map[spec.Address]int, len(g.nodes))
	before := g.inverse()
	var ready []spec.Address
	for _, n := range g.nodes {
		if waiting[n] = len(g.after[n]); waiting[n] == 0 {
			ready = append(ready, n)
		}
	}
	done := 0
	for len(ready) > 0 {
		n := ready[0]
		ready = ready[1:]
		done++
		step := 1
		if n.Kind == barrierKind {
			step = 0
		}
		for later := range before[n] {
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
func (g *graph) cycle(waiting map[spec.Address]int) *Cycle {
	var node spec.Address
	for _, n := range g.nodes {
		if waiting[n] > 0 {
			node = n
			break
		}
	}
	var chain []spec.Address
	seen := map[spec.Address]int{}
	for {
		if at, again := seen[node]; again {
			return &Cycle{Chain: chain[at:]}
		}
		seen[node] = len(chain)
		chain = append(chain, node)
		for _, f := range g.first(node) {
			if waiting[f] > 0 {
				node = f
				break
			}
		}
	}
}
