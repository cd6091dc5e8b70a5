package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// Elsewhere says where resources of the stack are to be looked for that are in
// none of the collections that it names, where it has a section of their kind, if
// only an empty one: in the account's zones, and in the KV namespaces that the file
// has. Namespaces that are destroyed take their pairs with them.
func OrphanSearch(desired *spec.Stack, live *spec.Snapshot, options Options) spec.OrphanSearch {
	e := spec.OrphanSearch{ZoneKinds: desired.KindsInZones(), NamedZones: desired.Zones(), All: options.Refresh}
	if !desired.HasKVPairs() {
		return e
	}
	for _, namespace := range kvNamespacesOf(desired, options.Mode) {
		c := spec.Collection{Kind: spec.KindKVPair, Parent: namespace.To.Name}
		_, exists := live.ID(namespace.To)
		if exists && !live.Read(c) && !strings.Contains(namespace.To.Name, "/") { // whose pairs no address can tell
			e.KVNamespaces = append(e.KVNamespaces, namespace.To)
		}
	}
	return e
}

// kvNamespacesOf are the KV namespaces that the file has, and which stay.
func kvNamespacesOf(desired *spec.Stack, mode Mode) []spec.Reference {
	var found []spec.Reference
	if mode != Destroy {
		for _, r := range desired.Resources {
			if a := r.Address(); a.Kind == spec.KindKVNamespace {
				found = append(found, spec.Reference{To: a, At: r.Meta().At})
			}
		}
	}
	for _, external := range desired.External {
		if external.To.Kind == spec.KindKVNamespace {
			found = append(found, external)
		}
	}
	return found
}

// warnUnseen says where nobody has looked to the end for what the file no longer
// has.
func (p *planning) warnUnseen() {
	pairs := map[string]bool{}
	for _, u := range p.live.Unsearched {
		if u.Kind == spec.KindKVPair {
			pairs[u.Parent] = true
		} else {
			p.warnUnseenZones(u)
		}
	}
	p.warnUnseenPairs(pairs)
}

// warnUnseenZones warns of zones that were not looked into, or of a zone that was
// not looked through.
func (p *planning) warnUnseenZones(u spec.Unsearched) {
	what := u.Kind.Info().Plural
	d := diag.Diagnostic{
		Severity: diag.Warning, Rule: spec.RuleUnsearchedZones, Range: p.desired.Sections[u.Kind],
		Message: fmt.Sprintf("%s that the file no longer has are not looked for in zones that it does not name: the account has 50 zones or more", what),
		Hint:    "`--refresh all` looks into every zone; `removed` names what is known to be left",
	}
	switch {
	case u.Denied:
		d.Message = fmt.Sprintf("%s that the file no longer has are not looked for in zones that it does not name: the credentials cannot list the account's zones", what)
		d.Hint = "let them read zones (Zone, Zone, Read); `removed` names what is known to be left"
	case u.Parent != "":
		d.Message = fmt.Sprintf("%s that the file no longer has are looked for only among the first of the zone %q: it has more than a page of them", what, u.Parent)
		d.Hint = "`--refresh all` looks at every one; `removed` names what is known to be left"
	}
	p.diagnostics = append(p.diagnostics, d)
}

// warnUnseenPairs warns once for each place in the file that declares KV namespaces
// whose keys were not looked through.
func (p *planning) warnUnseenPairs(titles map[string]bool) {
	type place struct {
		first string
		n     int
	}
	places := map[diag.Range]*place{}
	var order []diag.Range
	namespaces := kvNamespacesOf(p.desired, p.options.Mode)
	slices.SortFunc(namespaces, func(a, b spec.Reference) int { return a.To.Compare(b.To) })
	for _, namespace := range namespaces {
		switch at := namespace.At; {
		case !titles[namespace.To.Name]:
		case places[at] == nil:
			places[at] = &place{namespace.To.Name, 1}
			order = append(order, at)
		default:
			places[at].n++
		}
	}
	for _, at := range order {
		which := fmt.Sprintf("the KV namespace %q", places[at].first)
		if n := places[at].n; n > 1 {
			which = fmt.Sprintf("%d KV namespaces, the first of them %q", n, places[at].first)
		}
		p.diagnostics = append(p.diagnostics, diag.Diagnostic{
			Severity: diag.Warning, Rule: spec.RuleUnsearchedPairs, Range: at,
			Message: "not all keys were looked at for KV pairs that the file no longer has: those of " + which,
			Hint:    "`--refresh all` looks at every key; `key_prefix` says which keys the file has, and then no others are looked at",
		})
	}
}
