package spec

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// KindCustomHostname is a customer's hostname in a zone of Cloudflare for SaaS.
const KindCustomHostname Kind = "custom_hostname"

var customHostnameKind = KindInfo{
	Kind:       KindCustomHostname,
	Section:    "custom_hostnames",
	Singular:   "custom hostname",
	Plural:     "custom hostnames",
	Container:  ContainerZone,
	Product:    ProductSaaS,
	Permission: permissionSaaS,
	Fleet:      true,
	decode:     decodeAs[*CustomHostname],
}

// CustomHostname is a hostname of somebody else's domain that a zone answers, with
// a certificate that the platform sees to. The hostname is unique in its zone.
type CustomHostname struct {
	// Zone is as of a [Route].
	Zone     string `json:"zone"`
	Hostname string `json:"hostname"`

	// SSL is how the certificate is made, in the API's words. What it does not
	// name stays what it is.
	SSL Object `json:"ssl,omitempty"`

	// CustomMetadata is what Workers read in request.cf.hostMetadata, without the
	// stack's mark; nil leaves it as it is, and then there is no mark.
	CustomMetadata Object `json:"custom_metadata"`

	// CustomOriginServer and CustomOriginSNI take the place of the zone's fallback
	// origin; "" leaves them as they are.
	CustomOriginServer string `json:"custom_origin_server,omitempty"`
	CustomOriginSNI    string `json:"custom_origin_sni,omitempty"`
	ResourceMeta       Meta   `json:"meta,omitzero"`
}

// MetadataMark is the member of a hostname's metadata that says which stack owns
// it. There is no other place for a mark, and not every zone has that one: the
// platform refuses metadata (1413) where it has not been asked to allow it, and
// on hostnames with a wildcard. So a hostname carries its owner where the file
// gives it metadata, and one without is told by its name alone: nothing deletes
// it because the file no longer has it.
// Source: Cloudflare for Platforms, "Custom metadata", limitations; status codes
// of custom hostnames.
const MetadataMark = "wfpsync"

func (h *CustomHostname) Address() Address {
	return Address{Kind: KindCustomHostname, Parent: h.Zone, Name: h.Hostname}
}
func (h *CustomHostname) Host() string            { return h.Hostname }
func (h *CustomHostname) ZoneOf() string          { return h.Zone }
func (h *CustomHostname) setZone(name string)     { h.Zone = name }
func (h *CustomHostname) References() []Reference { return nil }
func (h *CustomHostname) Meta() Meta              { return h.ResourceMeta }

func (h *CustomHostname) Canonical() Object {
	c := Object{}
	setIfAny(c, "ssl", h.SSL)
	if h.CustomMetadata != nil {
		c["custom_metadata"] = h.CustomMetadata
	}
	setIfAny(c, "custom_origin_server", strings.ToLower(h.CustomOriginServer))
	setIfAny(c, "custom_origin_sni", h.CustomOriginSNI)
	return c
}

// Completed is the hostname with what the live one has and it leaves as it is: the
// API takes the settings of a certificate as a whole. Metadata that is not the
// stack's is no part of it.
func (h *CustomHostname) Completed(live Resource) Resource {
	found, ok := live.(*CustomHostname)
	if !ok {
		return h
	}
	completed := *h
	completed.SSL = laidOver(found.SSL, h.SSL)
	if h.CustomOriginServer == "" {
		completed.CustomOriginServer = found.CustomOriginServer
	}
	if h.CustomOriginSNI == "" {
		completed.CustomOriginSNI = found.CustomOriginSNI
	}
	return &completed
}

// laidOver is an object with another one's members laid over its own.
func laidOver(below, above Object) Object {
	out := maps.Clone(below)
	if out == nil {
		out = Object{}
	}
	for name, value := range above {
		inner, ok := value.(Object)
		under, both := out[name].(Object)
		if ok && both {
			value = laidOver(under, inner)
		}
		out[name] = value
	}
	return out
}

// MarkedMetadata is a hostname's metadata with its owner.
func MarkedMetadata(metadata Object, stack string) Object {
	marked := maps.Clone(metadata)
	if marked == nil {
		marked = Object{}
	}
	marked[MetadataMark] = stack
	return marked
}

// MetadataOwner reads a hostname's metadata: the owning stack, or "", and the
// rest, nil where there is neither.
func MetadataOwner(metadata Object) (stack string, rest Object) {
	stack, owned := metadata[MetadataMark].(string)
	if !owned {
		if len(metadata) == 0 {
			return "", nil
		}
		return "", metadata
	}
	rest = maps.Clone(metadata)
	delete(rest, MetadataMark)
	return stack, rest
}

func (l *loader) loadCustomHostname(e entry) {
	zone, ok := l.zoneOfEntry(e)
	if !ok || !l.checkCustomHostname(e) {
		return
	}
	h := &CustomHostname{
		Zone: zone, Hostname: strings.ToLower(e.name),
		SSL:                Object{"method": "http", "type": "dv"},
		CustomOriginServer: strings.ToLower(e.value.Get("custom_origin_server").String()),
		CustomOriginSNI:    e.value.Get("custom_origin_sni").String(),
		ResourceMeta:       e.meta(),
	}
	if ssl, ok := e.value.Get("ssl").JSON().(Object); ok {
		h.SSL = laidOver(h.SSL, ssl)
	}
	if metadata := e.value.Get("custom_metadata"); metadata != nil {
		h.CustomMetadata, _ = metadata.JSON().(Object)
		l.checkMetadata(metadata, h)
	}
	l.add(h)
}

// hostnameAddressName is the name that an entry's hostname has in its address.
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
		hint = "the platform makes no certificates for it: write the hostname, and ssl: { wildcard: true } for all one label below it"
	case len(labels) == 1 || len(host) > longestName || slices.ContainsFunc(labels, func(label string) bool { return !hostnameLabel.MatchString(label) }):
		hint = "write the whole hostname, as in shop.customer.com"
	case slices.Contains(reservedTops, labels[len(labels)-1]) || slices.ContainsFunc(reservedDomains, func(domain string) bool { return strings.HasSuffix("."+host, "."+domain) }):
		hint = "that domain is reserved for examples and tests: write the customer's own"
	default:
		return true
	}
	l.report(RuleCustomHostname, e.nameAt, fmt.Sprintf("%q cannot be a custom hostname", e.name), hint)
	return false
}

// largestMetadata is the most that metadata may be, in bytes of JSON.
// Source: Cloudflare for Platforms, "Custom metadata", limitations.
const largestMetadata = 4 << 10

func (l *loader) checkMetadata(metadata *document.Value, h *CustomHostname) {
	if m := metadata.Member(MetadataMark); m != nil {
		l.report(RuleCustomHostname, m.Range(), fmt.Sprintf("%q in `custom_metadata` is wfpsync's own", MetadataMark), "give it another name")
	}
	if size := len(mustJSON(MarkedMetadata(h.CustomMetadata, l.stack.Name))); size > largestMetadata {
		l.report(RuleCustomHostname, metadata.Range(), fmt.Sprintf("the metadata of %q is %d bytes with wfpsync's own, and %d may be", h.Hostname, size, largestMetadata),
			"put the key of the customer's row there, and the rest into a KV namespace")
	}
}

func (im *importer) writeCustomHostname(m *members, live *Live) []string {
	h := live.Resource.(*CustomHostname)
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
