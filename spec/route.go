package spec

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// KindRoute is a route of a zone: a pattern of URLs that a Worker answers.
const KindRoute Kind = "route"

// Route sends the requests that match a pattern to a Worker. A pattern is
// unique in its zone.
type Route struct {
	// Zone is the zone's name, or its id where the file gives that instead.
	Zone    string `json:"zone"`
	Pattern string `json:"pattern"`

	// Worker is the name of the account Worker that answers; "" exempts the
	// pattern from every other route.
	Worker       string `json:"worker,omitempty"`
	ResourceMeta Meta   `json:"meta,omitzero"`
}

func (r *Route) Address() Address { return Address{Kind: KindRoute, Parent: r.Zone, Name: r.Pattern} }
func (r *Route) Meta() Meta       { return r.ResourceMeta }

func (r *Route) Canonical() Object {
	c := Object{}
	setIfAny(c, "script", r.Worker)
	return c
}

func (r *Route) References() []Reference {
	if r.Worker == "" {
		return nil
	}
	return []Reference{{To: Address{Kind: KindWorker, Name: r.Worker}, At: r.ResourceMeta.At}}
}

// loadRoutes reads a Worker's `routes`.
func (l *loader) loadRoutes(w *Worker, routes *document.Value) {
	for _, item := range routes.Items {
		if !l.checkOneOf(item, "zone_name", "zone_id") {
			continue
		}
		zone := item.Get("zone_name").String()
		if zone == "" {
			zone = item.Get("zone_id").String()
		}
		pattern := item.Get("pattern")
		l.checkPattern(pattern, item.Get("zone_name"))
		l.checkCertificate(pattern, item.Get("zone_name"))
		l.add(&Route{
			Zone: zone, Pattern: pattern.String(), Worker: w.Name,
			ResourceMeta: Meta{Adopt: w.ResourceMeta.Adopt, At: pattern.Range()},
		})
	}
}

// checkPattern refuses a pattern that cannot be in its zone: the platform would
// answer that only in the middle of an apply.
func (l *loader) checkPattern(pattern, zone *document.Value) {
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(pattern.String(), "https://"), "http://"), "/")
	name := zone.String()
	if name == "" || host == "*" || host == name || strings.HasSuffix(host, "."+name) || host == "*"+name {
		return
	}
	l.report(RuleRoutePattern, pattern.Range(), fmt.Sprintf("the pattern %q is not in the zone %q", pattern.String(), name),
		fmt.Sprintf("a pattern in this zone is like \"*.%s/*\"", name))
}

// checkCertificate warns of hosts that browsers will refuse, unless the zone has
// a certificate that somebody ordered: the one it has by itself is for the zone
// and one label below it. Source: Cloudflare SSL/TLS, universal certificates,
// limitations: https://developers.cloudflare.com/ssl/edge-certificates/universal-ssl/limitations/
func (l *loader) checkCertificate(pattern, zone *document.Value) {
	host, _, _ := strings.Cut(strings.TrimPrefix(pattern.String(), "https://"), "/")
	below, inZone := strings.CutSuffix(host, "."+zone.String())
	if zone.String() == "" || !inZone || !strings.HasPrefix(below, "*") || !strings.Contains(below, ".") {
		return
	}
	l.warn(RuleCertificateDepth, pattern.Range(), fmt.Sprintf("the universal certificate of the zone %q does not cover %q", zone.String(), host),
		fmt.Sprintf("it covers one label, as in \"*.%s\"; deeper hosts need an advanced certificate", zone.String()))
}
