package stackfile

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// loadCustomDomain reads an item of `routes` with custom_domain: true.
func (l *loader) loadCustomDomain(w *spec.Worker, item *document.Value) {
	pattern := item.Get("pattern")
	zone, ok := l.zoneOf(item)
	if !ok || !l.checkHost(pattern, item.Get("zone_name")) {
		return
	}
	l.add(&spec.CustomDomain{
		Hostname: pattern.String(), Zone: zone, Worker: w.Name,
		ResourceMeta: spec.Meta{Adopt: w.ResourceMeta.Adopt, At: pattern.Range()},
	})
}

// checkHost refuses what is not one hostname of its zone.
func (l *loader) checkHost(pattern, zone *document.Value) bool {
	host, hint := pattern.String(), ""
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if !hostnameLabel.MatchString(label) {
			hint = "use lower-case letters, digits and dashes between dots"
		}
	}
	switch {
	case strings.Contains(host, "*"):
		hint = "a custom domain covers one hostname: for many, remove custom_domain and write the route \"*.example.com/*\""
	case strings.Contains(host, "/"):
		hint = "a custom domain covers a whole hostname: for some of its paths, remove custom_domain and write a route"
	case len(labels) == 1:
		hint = "write the whole hostname, as in app.example.com"
	case hint == "" && !inZone(host, zone.String()):
		hint = fmt.Sprintf("a hostname in the zone %q is like \"app.%s\"", zone.String(), zone.String())
	}
	if hint != "" {
		l.Report(spec.RuleCustomDomain, pattern.Range(), fmt.Sprintf("%q cannot be a custom domain", host), hint)
	}
	return hint == ""
}

func (im *importer) writeCustomDomain(m *members, resource spec.Resource) {
	d := resource.(*spec.CustomDomain)
	m.append("routes", spec.Object{"pattern": d.Hostname, "custom_domain": true, "zone_name": d.Zone})
}
