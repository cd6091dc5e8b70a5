package planner

import (
	"github.com/wfpsync/wfpsync/spec"
)

// order computes what each change depends on, and its level.
func (p *planning) order() error {
	g := p.needs()
	p.addWaves(g)
	p.preferDispatchersFirst(g)
	if !p.options.IgnoreRollouts {
		p.preferDispatchersLast(g)
	}
	p.preferTrafficFirst(g)
	p.orderTraffic(g)
	level, err := g.levels()
	if err != nil {
		return err
	}
	for a, c := range p.changes {
		c.DependsOn, c.Level = g.predecessorChanges(a), level[g.index[a]]
	}
	p.noteAfterRollouts(g)
	return nil
}

// needs returns which change must come after which: a resource is written after
// those that it refers to or depends on, and deleted after those that refer to
// it or depend on it.
func (p *planning) needs() *graph {
	g := newGraph(p.changedAddresses())
	for a, c := range p.changes {
		if c.Desired != nil {
			for _, ref := range c.Desired.References() {
				g.add(a, ref.To)
			}
		}
		for _, first := range p.dependsOn(a) {
			if other := p.changes[first]; c.Action != Delete {
				g.add(a, first)
			} else if other != nil && other.Action == Delete {
				g.add(first, a)
			}
		}
		for _, other := range p.conflicts(a) {
			g.add(a, other)
		}
		if c.Action == Create {
			continue
		}
		for _, ref := range p.formerReferences(a) {
			if to := p.changes[ref.To]; to != nil && to.removes() && !c.refersTo(ref.To) {
				g.add(ref.To, a)
			}
		}
	}
	p.deleteAfterRename(g)
	return g
}

// dependsOn returns the resources that the file's depends_on puts before one,
// in addition to those that it refers to.
func (p *planning) dependsOn(a spec.Address) []spec.Address {
	if r, declared := p.desired.Lookup(a); declared {
		return r.Meta().DependsOn
	}
	return nil
}

// deleteAfterRename deletes user Workers after their namespace is renamed.
func (p *planning) deleteAfterRename(g *graph) {
	for a, c := range p.changes {
		if c.Reason != ReasonRenamed {
			continue
		}
		for _, inside := range p.userWorkers(a.Name, func(c *Change) bool { return c.Action == Delete }) {
			g.add(inside, a)
		}
	}
}

// formerReferences returns what the live resource refers to: what was read of
// it, and, if its settings were not read, what the file says.
func (p *planning) formerReferences(a spec.Address) []spec.Reference {
	var refs []spec.Reference
	if live := p.live.Resources[a]; live != nil {
		refs = append(live.Resource.References(), p.boundStores(live)...)
		if live.Detailed {
			return refs
		}
	}
	if r, declared := p.desired.Lookup(a); declared {
		refs = append(refs, r.References()...)
	}
	return refs
}

// preferDispatchersLast writes a dispatcher after the user Workers that it
// dispatches to, so that it gets no requests for Workers that do not exist yet.
// A user Worker that needs the dispatcher itself still comes after it.
func (p *planning) preferDispatchersLast(g *graph) {
	for _, a := range p.changedAddresses() {
		c := p.changes[a]
		if a.Kind != spec.KindWorker || c.Desired == nil {
			continue
		}
		for _, namespace := range dispatchesTo(c.Desired.References()) {
			g.preferAfter(a, p.userWorkers(namespace, func(c *Change) bool { return c.Action != Delete }))
		}
	}
}

// preferTrafficFirst deletes a dispatcher before the user Workers that it
// dispatches to.
func (p *planning) preferTrafficFirst(g *graph) {
	for _, a := range p.changedAddresses() {
		if a.Kind != spec.KindWorker || p.changes[a].Action != Delete {
			continue
		}
		for _, namespace := range dispatchesTo(p.formerReferences(a)) {
			g.preferBefore(a, p.userWorkers(namespace, func(c *Change) bool { return c.Action == Delete }))
		}
	}
}

// userWorkers returns the changed user Workers of a namespace that keep
// accepts, sorted.
func (p *planning) userWorkers(namespace string, keep func(*Change) bool) []spec.Address {
	var addresses []spec.Address
	for _, a := range p.changedAddresses() {
		if a.Kind == spec.KindUserWorker && a.Parent == namespace && keep(p.changes[a]) {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

func dispatchesTo(refs []spec.Reference) []string {
	var namespaces []string
	for _, ref := range refs {
		if ref.To.Kind == spec.KindDispatchNamespace {
			namespaces = append(namespaces, ref.To.Name)
		}
	}
	return namespaces
}
