package planner

import (
	"github.com/wfpsync/wfpsync/spec"
)

// order finds what comes after what.
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
		c.DependsOn, c.Level = g.firstChanges(a), level[g.place[a]]
	}
	p.noteLast(g)
	return nil
}

// needs is which change must come after which: a resource is written after what
// it refers to or depends on, and deleted after what refers to it or depends on
// it.
func (p *planning) needs() *graph {
	g := newGraph(p.changed())
	for a, c := range p.changes {
		if c.Desired != nil {
			for _, ref := range c.Desired.References() {
				g.add(a, ref.To)
			}
		}
		for _, first := range p.waitsFor(a) {
			if other := p.changes[first]; c.Action != Delete {
				g.add(a, first)
			} else if other != nil && other.Action == Delete {
				g.add(first, a)
			}
		}
		for _, rival := range p.rivals(a) {
			g.add(a, rival)
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

// waitsFor are the resources that the file lets one come after, beside those that
// it refers to.
func (p *planning) waitsFor(a spec.Address) []spec.Address {
	if r, declared := p.desired.Lookup(a); declared {
		return r.Meta().DependsOn
	}
	return nil
}

// deleteAfterRename lets user Workers be deleted where they are by then.
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

// formerReferences are what a resource refers to as long as it is not changed:
// what was read of it, and for one whose settings were not read, what the file
// says of it.
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

// preferDispatchersLast lets a dispatcher appear after the user Workers it
// dispatches to, so that it is not asked for Workers that are not there yet. A
// user Worker that needs the dispatcher itself comes after it all the same.
func (p *planning) preferDispatchersLast(g *graph) {
	for _, a := range p.changed() {
		c := p.changes[a]
		if a.Kind != spec.KindWorker || c.Desired == nil {
			continue
		}
		for _, namespace := range dispatchesTo(c.Desired.References()) {
			g.prefer(a, p.userWorkers(namespace, func(c *Change) bool { return c.Action != Delete }))
		}
	}
}

// preferTrafficFirst takes a dispatcher away before the user Workers it
// dispatches to.
func (p *planning) preferTrafficFirst(g *graph) {
	for _, a := range p.changed() {
		if a.Kind != spec.KindWorker || p.changes[a].Action != Delete {
			continue
		}
		for _, namespace := range dispatchesTo(p.formerReferences(a)) {
			g.preferBefore(a, p.userWorkers(namespace, func(c *Change) bool { return c.Action == Delete }))
		}
	}
}

// userWorkers are the changed user Workers of a namespace, in order.
func (p *planning) userWorkers(namespace string, keep func(*Change) bool) []spec.Address {
	var addresses []spec.Address
	for _, a := range p.changed() {
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
