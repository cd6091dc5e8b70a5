package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// OrphanSearch says where to look for orphans: resources of the stack that are
// in no collection that the file names. The file must have a section of their
// kind, even an empty one. They may be in any zone of the account, and in the
// KV namespaces that the file has. A KV namespace that is destroyed takes its
// pairs with it.
func OrphanSearch(desired *spec.Stack, live *spec.Snapshot, options Options) spec.OrphanSearch {
	e := spec.OrphanSearch{ZoneKinds: desired.KindsInZones(), NamedZones: desired.Zones(), All: options.Refresh}
	if !desired.HasKVPairs() {
		return e
	}
	for _, namespace := range kvNamespacesOf(desired, options.Mode) {
		c := spec.Collection{Kind: spec.KindKVPair, Parent: namespace.To.Name}
		_, exists := live.ID(namespace.To)
		if exists && !live.Read(c) && !strings.Contains(namespace.To.Name, "/") { // an address cannot tell the pairs of a title with a slash
			e.KVNamespaces = append(e.KVNamespaces, namespace.To)
		}
	}
	return e
}

// kvNamespacesOf returns the KV namespaces that the file has and that remain.
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

// warnUnsearched warns of the groups that were not searched completely for what
// the file no longer has.
func (p *planning) warnUnsearched() {
	pairs := map[string]bool{}
	for _, u := range p.live.Unsearched {
		if u.Kind == spec.KindKVPair {
			pairs[u.Parent] = true
		} else {
			p.warnUnsearchedZones(u)
		}
	}
	p.warnUnsearchedPairs(pairs)
}

// warnUnsearchedZones warns of zones that were not searched, or of one zone
// that was searched in part.
func (p *planning) warnUnsearchedZones(u spec.Unsearched) {
	what := u.Kind.Info().Plural
	d := diag.Diagnostic{
		Severity: diag.Warning, Rule: spec.RuleUnsearchedZones, Range: p.desired.Sections[u.Kind],
		Message: fmt.Sprintf("wfpsync searched only the zones that the file names for %s to delete: the account has 50 zones or more", what),
		Hint:    "`--refresh all` searches every zone; `removed` names what you know to be left",
	}
	switch {
	case u.Denied:
		d.Message = fmt.Sprintf("wfpsync searched only the zones that the file names for %s to delete: the credentials cannot list the account's zones", what)
		d.Hint = "let them read zones (Zone, Zone, Read); `removed` names what you know to be left"
	case u.Parent != "":
		d.Message = fmt.Sprintf("wfpsync searched only the first page of the %s in the zone %q for some to delete: it has more than one", what, u.Parent)
		d.Hint = "`--refresh all` searches every page; `removed` names what you know to be left"
	}
	p.diagnostics = append(p.diagnostics, d)
}

// warnUnsearchedPairs warns of KV namespaces whose keys were not all searched,
// once for each place in the file that declares some.
func (p *planning) warnUnsearchedPairs(titles map[string]bool) {
	type group struct {
		first string
		n     int
	}
	groups := map[diag.Range]*group{}
	var order []diag.Range
	namespaces := kvNamespacesOf(p.desired, p.options.Mode)
	slices.SortFunc(namespaces, func(a, b spec.Reference) int { return a.To.Compare(b.To) })
	for _, namespace := range namespaces {
		switch at := namespace.At; {
		case !titles[namespace.To.Name]:
		case groups[at] == nil:
			groups[at] = &group{namespace.To.Name, 1}
			order = append(order, at)
		default:
			groups[at].n++
		}
	}
	for _, at := range order {
		which := fmt.Sprintf("the KV namespace %q", groups[at].first)
		if n := groups[at].n; n > 1 {
			which = fmt.Sprintf("%d KV namespaces, the first of them %q", n, groups[at].first)
		}
		p.diagnostics = append(p.diagnostics, diag.Diagnostic{
			Severity: diag.Warning, Rule: spec.RuleUnsearchedPairs, Range: at,
			Message: "wfpsync did not search every key of " + which + " for KV pairs to delete",
			Hint:    "`--refresh all` searches every key; with `key_prefix`, a plan searches only the keys that begin with it",
		})
	}
}
