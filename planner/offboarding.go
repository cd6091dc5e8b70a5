package planner

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// maxInspectedDeletions limits how many user Workers that are about to be
// deleted are read, each by a request, to find the stores that they used.
const maxInspectedDeletions = 100

// boundStores returns the live stores that a script is bound to, if the script
// was read whole. Some bindings know their store only by id.
func (p *planning) boundStores(live *spec.Live) []spec.Reference {
	scripted, ok := live.Resource.(spec.Scripted)
	if !ok || !live.Detailed {
		return nil
	}
	var refs []spec.Reference
	for _, b := range scripted.AsScript().Bindings {
		kind, id := b.StoreID()
		if id == "" {
			continue
		}
		if a, found := p.storesByID()[storeID{kind, id}]; found {
			refs = append(refs, spec.Reference{To: a})
		}
	}
	return refs
}

// storeID identifies a store the way a binding does.
type storeID struct {
	kind spec.Kind
	id   string
}

func (p *planning) storesByID() map[storeID]spec.Address {
	if p.storeIDs == nil {
		p.storeIDs = map[storeID]spec.Address{}
		for a, live := range p.live.Resources {
			if a.Kind.Info().Store && live.Revision.ID != "" {
				p.storeIDs[storeID{a.Kind, live.Revision.ID}] = a
			}
		}
	}
	return p.storeIDs
}

// warnStoresStay names the stores that a user Worker leaves behind when it is
// deleted because the file no longer has it: those that it was bound to, and
// that the file neither declares nor removes. Nothing else would remind the
// user of them.
func (p *planning) warnStoresStay() {
	if p.options.Mode == Destroy {
		return
	}
	left := map[spec.Address][]spec.Address{} // by store, the user Workers that were bound to it
	for _, a := range p.changedAddresses() {
		if a.Kind != spec.KindUserWorker || p.changes[a].Action != Delete {
			continue
		}
		for _, ref := range p.formerReferences(a) {
			if p.leftBehind(ref.To) {
				left[ref.To] = append(left[ref.To], a)
			}
		}
	}
	if len(left) > 0 {
		for store := range p.boundAfterwards() {
			delete(left, store)
		}
	}
	if len(left) > 0 {
		p.diagnostics = append(p.diagnostics, storesStay(left))
	}
}

// leftBehind reports whether the file says nothing about a live store.
func (p *planning) leftBehind(a spec.Address) bool {
	if !a.Kind.Info().Store || p.live.Resources[a] == nil || p.desired.IsExternal(a) || p.desired.Removes(a) {
		return false
	}
	_, declared := p.desired.Lookup(a)
	return !declared
}

// boundAfterwards returns the stores that desired resources are bound to,
// including by id.
func (p *planning) boundAfterwards() map[spec.Address]bool {
	bound := map[spec.Address]bool{}
	for _, r := range p.desiredResources() {
		for _, ref := range r.References() {
			bound[ref.To] = true
		}
		for _, ref := range p.boundStores(&spec.Live{Resource: r, Detailed: true}) {
			bound[ref.To] = true
		}
	}
	return bound
}

// declaresStores reports whether the file declares stores, in which case the
// account's stores are listed.
func (p *planning) declaresStores() bool {
	return slices.ContainsFunc(p.desired.Collections, func(c spec.Collection) bool { return c.Kind.Info().Store })
}

// maxNamedStores limits how many stores a warning names.
const maxNamedStores = 10

func storesStay(left map[spec.Address][]spec.Address) diag.Diagnostic {
	stores := slices.SortedFunc(maps.Keys(left), spec.Address.Compare)
	counts := map[spec.Kind]int{}
	var names []string
	var workers []spec.Address
	for _, a := range stores {
		counts[a.Kind]++
		names = append(names, a.String())
		workers = append(workers, left[a]...)
	}
	slices.SortFunc(workers, spec.Address.Compare)
	workers = slices.Compact(workers)
	if len(names) > maxNamedStores {
		names = append(names[:maxNamedStores], fmt.Sprintf("and %d more", len(stores)-maxNamedStores))
	}
	var counted []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		counted = append(counted, kind.Info().Count(counts[kind]))
	}
	whose, verb := workers[0].String(), "stay"
	if len(workers) > 1 {
		whose = fmt.Sprintf("%d user Workers, the first of them %s,", len(workers), workers[0])
	}
	if len(stores) == 1 {
		verb = "stays"
	}
	return diag.Diagnostic{
		Severity: diag.Warning,
		Rule:     RuleStoresStay,
		Message:  fmt.Sprintf("%s of %s %s: %s", strings.Join(counted, ", "), whose, verb, strings.Join(names, ", ")),
		Hint:     "taking an entry out of the file never deletes data: to delete it, list the addresses under `removed`, and acknowledge it with --allow",
	}
}
