package stackfile

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

func (l *loader) loadCustomHostname(e entry) {
	zone, ok := l.zoneOfEntry(e)
	if !ok || !l.checkCustomHostname(e) {
		return
	}
	h := &spec.CustomHostname{
		Zone: zone, Hostname: strings.ToLower(e.name),
		SSL:                spec.Object{"method": "http", "type": "dv"},
		CustomOriginServer: strings.ToLower(e.value.Get("custom_origin_server").String()),
		CustomOriginSNI:    e.value.Get("custom_origin_sni").String(),
		ResourceMeta:       e.meta(),
	}
	if ssl, ok := e.value.Get("ssl").JSON().(spec.Object); ok {
		h.SSL = canon.MergeObjects(h.SSL, ssl)
	}
	if metadata := e.value.Get("custom_metadata"); metadata != nil {
		h.CustomMetadata, _ = metadata.JSON().(spec.Object)
		l.checkMetadata(metadata, h)
	}
	l.add(h)
}

// hostnameAddressName returns the name that an entry's hostname has in its
// address.
func hostnameAddressName(name string, _ *document.Value) string { return strings.ToLower(name) }

// What no custom hostname may be below. Source: API errors 1409 and 1411.
var (
	reservedDomains = []string{"example.com", "example.net", "example.org"}
	reservedTops    = []string{"test", "example", "invalid", "localhost"}
)

// checkCustomHostname refuses what the platform would refuse in the middle of an
// apply. Source: API errors 1407 to 1411 and 1448.
func (l *loader) checkCustomHostname(e entry) bool {
	host := strings.ToLower(e.name)
	labels := strings.Split(host, ".")
	_, notAddress := netip.ParseAddr(host)
	hint := ""
	switch {
	case notAddress == nil:
		hint = "write a hostname, not an address"
	case !isASCII(host):
		hint = "write it in Punycode, as in xn--bcher-kva.shop"
	case strings.Contains(host, "*"):
		hint = "Cloudflare issues no certificate for it: write the hostname, with ssl: { wildcard: true } to cover every name one label below it"
	case len(labels) == 1 || len(host) > longestName || slices.ContainsFunc(labels, func(label string) bool { return !hostnameLabel.MatchString(label) }):
		hint = "write the whole hostname, as in shop.customer.com"
	case slices.Contains(reservedTops, labels[len(labels)-1]) || slices.ContainsFunc(reservedDomains, func(domain string) bool { return strings.HasSuffix("."+host, "."+domain) }):
		hint = "that domain is reserved for examples and tests: write the customer's own"
	default:
		return true
	}
	l.Report(spec.RuleCustomHostname, e.nameAt, fmt.Sprintf("%q cannot be a custom hostname", e.name), hint)
	return false
}

// largestMetadata is the most that metadata may be, in bytes of JSON.
// Source: Cloudflare for Platforms, "Custom metadata", limitations.
const largestMetadata = 4 << 10

func (l *loader) checkMetadata(metadata *document.Value, h *spec.CustomHostname) {
	if m := metadata.Member(spec.MetadataMark); m != nil {
		l.Report(spec.RuleCustomHostname, m.Range(), fmt.Sprintf("%q in `custom_metadata` is wfpsync's own", spec.MetadataMark), "give it another name")
	}
	if size := len(canon.MustJSON(spec.MarkedMetadata(h.CustomMetadata, l.stack.Name))); size > largestMetadata {
		l.Report(spec.RuleCustomHostname, metadata.Range(), fmt.Sprintf("the metadata of %q is %d bytes with wfpsync's own, and %d may be", h.Hostname, size, largestMetadata),
			"put the key of the customer's row there, and the rest into a KV namespace")
	}
}

func (im *importer) writeCustomHostname(m *members, live *spec.Live) []string {
	h := live.Resource.(*spec.CustomHostname)
	writeZone(m, h.Zone)
	if len(h.SSL) > 0 {
		m.set("ssl", h.SSL)
	}
	if h.CustomMetadata != nil {
		m.set("custom_metadata", h.CustomMetadata)
	}
	if h.CustomOriginServer != "" {
		m.set("custom_origin_server", h.CustomOriginServer)
	}
	if h.CustomOriginSNI != "" {
		m.set("custom_origin_sni", h.CustomOriginSNI)
	}
	if live.Revision.Owner != "" || h.CustomMetadata != nil {
		im.writeAdopt(m, live)
	}
	return nil
}
