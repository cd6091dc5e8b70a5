package stackfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// What an import takes over of a zone: the custom hostnames, and of its records
// those that the Workers of the account need, and not the rest of a company's DNS.

// passesOver reports whether an import leaves a resource out.
func (im *importer) passesOver(a spec.Address) bool {
	r, ok := im.live.Resources[a].Resource.(*spec.DNSRecord)
	if !ok || im.live.Resources[a].Revision.Owner != "" {
		return false
	}
	return !r.Proxied || !slices.ContainsFunc(im.routes, func(route *spec.Route) bool {
		_, found := spec.RecordFor(route, []*spec.DNSRecord{r})
		return found != nil
	})
}

// findRoutes notes the routes of Workers.
func (im *importer) findRoutes() {
	for _, live := range im.live.Resources {
		if route, ok := live.Resource.(*spec.Route); ok && route.Worker != "" {
			im.routes = append(im.routes, route)
		}
	}
}

// cannotImportFromZone says why a record or a custom hostname cannot be part of
// the file; "" when it can.
func (im *importer) cannotImportFromZone(live *spec.Live) string {
	if owner := live.Revision.Owner; owner != "" && owner != im.stack {
		return fmt.Sprintf("it belongs to the stack %q", owner)
	}
	if r, ok := live.Resource.(*spec.DNSRecord); ok && live.Revision.Owner == "" && r.Others > 0 {
		return fmt.Sprintf("there are %d records of that name and type, and a stack has one", r.Others+1)
	}
	return ""
}

// nameOf returns the name that an entry gives a resource, where it is not the
// key.
func nameOf(a spec.Address) string {
	if a.Kind == spec.KindDNSRecord {
		_, name, _ := strings.Cut(a.Name, "/")
		return name
	}
	return a.Name
}

// writeAdopt lets a resource without a mark get one.
func (im *importer) writeAdopt(m *members, live *spec.Live) {
	if live.Revision.Owner == "" {
		m.set("adopt", true)
		im.adopts = true
	}
}
