package spec

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// KindCustomDomain is a hostname that a Worker answers as its origin.
const KindCustomDomain Kind = "custom_domain"

var customDomainKind = KindInfo{
	Kind:       KindCustomDomain,
	Singular:   "custom domain",
	Plural:     "custom domains",
	Product:    ProductWorkers,
	Permission: permissionRoutes,
	decode:     decodeAs[*CustomDomain],
}

// CustomDomain makes a Worker the origin of a hostname: the platform sees to the
// DNS record and the certificate. A hostname is unique in an account.
type CustomDomain struct {
	Hostname string `json:"hostname"`

	// Zone is as of a [Route]. The API needs it to write a domain, and no
	// hostname can move to another one.
	Zone string `json:"zone"`

	Worker       string `json:"worker"`
	ResourceMeta Meta   `json:"meta,omitzero"`
}

func (d *CustomDomain) Address() Address        { return Address{Kind: KindCustomDomain, Name: d.Hostname} }
func (d *CustomDomain) AttachedTo() Address     { return Address{Kind: KindWorker, Name: d.Worker} }
func (d *CustomDomain) Host() string            { return d.Hostname }
func (d *CustomDomain) ZoneOf() string          { return d.Zone }
func (d *CustomDomain) setZone(name string)     { d.Zone = name }
func (d *CustomDomain) Meta() Meta              { return d.ResourceMeta }
func (d *CustomDomain) References() []Reference { return attachedReferences(d) }

func (d *CustomDomain) Canonical() Object { return Object{"service": d.Worker} }

// loadCustomDomain reads an item of `routes` with custom_domain: true.
func (l *loader) loadCustomDomain(w *Worker, item *document.Value) {
	pattern := item.Get("pattern")
	zone, ok := l.zoneOf(item)
	if !ok || !l.checkHost(pattern, item.Get("zone_name")) {
		return
	}
	l.add(&CustomDomain{
		Hostname: pattern.String(), Zone: zone, Worker: w.Name,
		ResourceMeta: Meta{Adopt: w.ResourceMeta.Adopt, At: pattern.Range()},
	})
}

// checkHost refuses what is not one hostname of its zone.
func (l *loader) checkHost(pattern, zone *document.Value) bool {
	host, hint := pattern.String(), ""
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if !hostnameLabel.MatchString(label) {
			hint = "use letters in lower case, digits and dashes between dots"
		}
	}
	switch {
	case strings.Contains(host, "*"):
		hint = "a custom domain is one hostname: for many, take custom_domain out and write the route \"*.example.com/*\""
	case strings.Contains(host, "/"):
		hint = "a custom domain is a whole hostname: for a part of one, take custom_domain out and write a route"
	case len(labels) == 1:
		hint = "write the whole hostname, as in app.example.com"
	case hint == "" && !inZone(host, zone.String()):
		hint = fmt.Sprintf("a hostname in the zone %q is like \"app.%s\"", zone.String(), zone.String())
	}
	if hint != "" {
		l.report(RuleCustomDomain, pattern.Range(), fmt.Sprintf("%q cannot be a custom domain", host), hint)
	}
	return hint == ""
}

func (im *importer) writeCustomDomain(m *members, resource Resource) {
	d := resource.(*CustomDomain)
	m.append("routes", Object{"pattern": d.Hostname, "custom_domain": true, "zone_name": d.Zone})
}
