package stackfile

import (
	"strings"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expression"
)

// zoneOf returns the zone that an item of `routes` gives, or "".
func (l *loader) zoneOf(item *document.Value) (zone string, ok bool) {
	if !l.checkNotBoth(item, "zone_name", "zone_id") {
		return "", false
	}
	if id := item.Get("zone_id").String(); id != "" {
		return id, true
	}
	return item.Get("zone_name").String(), true
}

// inZone reports whether a host can be in a zone; one that is not known by name
// can hold any.
func inZone(host, zone string) bool {
	return zone == "" || host == "*" || host == zone || host == "*"+zone || strings.HasSuffix(host, "."+zone)
}

// zoneOfEntry returns the zone that an entry of a section must give.
func (l *loader) zoneOfEntry(e entry) (zone string, ok bool) {
	if !l.checkOneOf(e.value, "zone_name", "zone_id") {
		return "", false
	}
	return zoneParent(e.value), true
}

// zoneParent returns the zone that an entry gives, by name or by id.
func zoneParent(entry *document.Value) string {
	if id := entry.Get("zone_id").String(); id != "" {
		return id
	}
	return strings.ToLower(entry.Get("zone_name").String())
}

// declareZone notes the zone of an entry, while the entry is in the file: where
// its list has no items left, what it made before is in that zone.
func (l *loader) declareZone(kind spec.Kind, entry *document.Value) {
	for _, key := range []string{"zone_name", "zone_id"} {
		named := entry.Get(key)
		template, err := expression.Compile(named.String(), l.Scope())
		if err != nil { // it is of the item, or will be complained about
			continue
		}
		zone := named.String()
		if template != nil {
			value, _ := template.Eval(l.Globals())
			zone, _ = value.(string)
		}
		if zone != "" {
			l.stack.Collections = append(l.stack.Collections, spec.Collection{Kind: kind, Parent: strings.ToLower(zone)})
		}
	}
}

// writeZone writes the zone of an imported resource.
func writeZone(m *members, zone string) {
	if strings.Contains(zone, ".") {
		m.set("zone_name", zone)
	} else {
		m.set("zone_id", zone)
	}
}
