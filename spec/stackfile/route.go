package stackfile

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// loadRoutes reads a Worker's `routes`, or the only one of `route`, in all of
// wrangler's forms.
func (l *loader) loadRoutes(w *spec.Worker, value *document.Value) {
	if !l.checkNotBoth(value, "route", "routes") {
		return
	}
	items := value.Get("routes").ItemsOrNil()
	if one := value.Get("route"); one != nil {
		items = append(items, one)
	}
	w.OwnsRoutes = value.Get("routes") != nil || value.Get("route") != nil
	if w.OwnsRoutes {
		l.declareCollection(spec.KindCustomDomain)
	}
	for _, item := range items {
		if item.Get("custom_domain").IsTrue() {
			l.loadCustomDomain(w, item)
		} else {
			l.loadRoute(w, item)
		}
	}
}

// loadRoute reads a pattern, or a pattern and its zone.
func (l *loader) loadRoute(w *spec.Worker, item *document.Value) {
	pattern := item
	if item.Kind == document.Map {
		pattern = item.Get("pattern")
	}
	zone, ok := l.zoneOf(item)
	if !ok {
		return
	}
	r := &spec.Route{
		Zone: zone, Pattern: pattern.String(), Worker: w.Name,
		ResourceMeta: spec.Meta{Adopt: w.ResourceMeta.Adopt, At: pattern.Range()},
	}
	if zone == "" && !strings.Contains(r.Host(), ".") {
		l.Report(spec.RuleZone, pattern.Range(), fmt.Sprintf("the pattern %q does not say which zone it is in", r.Pattern),
			fmt.Sprintf("write { pattern: %q, zone_name: example.com } with the zone's name", r.Pattern))
		return
	}
	if message, hint := routeFault(r.Pattern); message != "" {
		l.Report(spec.RuleRouteSyntax, pattern.Range(), fmt.Sprintf("the pattern %q %s", r.Pattern, message), hint)
		return
	}
	l.checkPattern(pattern, item.Get("zone_name"))
	l.checkCertificate(pattern, item.Get("zone_name"))
	l.add(r)
}

// routeFault says what the platform does not take in a pattern; "" when nothing.
// Source: Workers documentation, "Routes", on matching behaviour.
func routeFault(pattern string) (message, hint string) {
	host, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(pattern, "https://"), "http://"), "/")
	switch {
	case strings.ContainsAny(pattern, " \t\n"):
		return "has a space in it", "a pattern is a hostname and a path, as in example.com/shop*"
	case strings.Contains(pattern, "?"):
		return "has a query in it", "a pattern ends with its path; the Worker sees the query of every request"
	case strings.Contains(strings.TrimPrefix(host, "*"), "*"):
		return "has a star within the hostname", "a hostname can have one star, at its beginning, as in *.example.com/*"
	case strings.Contains(strings.TrimSuffix(path, "*"), "*"):
		return "has a star within the path", "a path can have one star, at its end, as in example.com/shop/*"
	}
	return "", ""
}

// checkPattern refuses a pattern that cannot be in its zone: the platform would
// answer that only in the middle of an apply.
func (l *loader) checkPattern(pattern, zone *document.Value) {
	host := spec.PatternHost(pattern.String())
	if name := zone.String(); !inZone(host, name) {
		l.Report(spec.RuleRoutePattern, pattern.Range(), fmt.Sprintf("the pattern %q is not in the zone %q", pattern.String(), name),
			fmt.Sprintf("a pattern in this zone is like \"*.%s/*\"", name))
	}
}

// checkCertificate warns of hosts that browsers will refuse, unless the zone
// has a certificate that was ordered for them: the one it has by itself is for
// the zone and one label below it. Source: Cloudflare SSL/TLS, universal
// certificates, limitations:
// https://developers.cloudflare.com/ssl/edge-certificates/universal-ssl/limitations/
func (l *loader) checkCertificate(pattern, zone *document.Value) {
	host, _, _ := strings.Cut(strings.TrimPrefix(pattern.String(), "https://"), "/")
	below, inZone := strings.CutSuffix(host, "."+zone.String())
	if zone.String() == "" || !inZone || !strings.HasPrefix(below, "*") || !strings.Contains(below, ".") {
		return
	}
	l.Warn(spec.RuleCertificateDepth, pattern.Range(), fmt.Sprintf("the universal certificate of the zone %q does not cover %q", zone.String(), host),
		fmt.Sprintf("it covers one label, as in \"*.%s\"; deeper hosts need an advanced certificate", zone.String()))
}

func (im *importer) writeRoute(m *members, resource spec.Resource) {
	r := resource.(*spec.Route)
	m.append("routes", spec.Object{"pattern": r.Pattern, "zone_name": r.Zone})
}
