package spec

import (
	"maps"
	"strings"

	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// KindCustomHostname is a customer's hostname in a zone of Cloudflare for SaaS.
const KindCustomHostname Kind = "custom_hostname"

// ProductSaaS is Cloudflare for SaaS.
const ProductSaaS Product = "custom_hostnames"

var customHostnameKind = KindInfo{
	Kind:            KindCustomHostname,
	Section:         "custom_hostnames",
	Singular:        "custom hostname",
	Plural:          "custom hostnames",
	Container:       ContainerZone,
	Product:         ProductSaaS,
	Permission:      Permission{"Zone", "SSL and Certificates", "Edit"},
	LimitedByGuards: true,
	decode:          decodeAs[*CustomHostname],
}

// CustomHostname is a hostname of a customer's domain that a zone answers, with
// a certificate that the platform manages. It is unique in its zone.
type CustomHostname struct {
	// Zone is as in [Route].
	Zone     string `json:"zone"`
	Hostname string `json:"hostname"`

	// SSL says how the certificate is issued, by API field. Fields that it does
	// not name are left alone.
	SSL Object `json:"ssl,omitempty"`

	// CustomMetadata is what Workers read in request.cf.hostMetadata, without
	// the stack's mark. Nil leaves it alone, and then there is no mark.
	CustomMetadata Object `json:"custom_metadata"`

	// CustomOriginServer and CustomOriginSNI replace the zone's fallback
	// origin; "" leaves them alone.
	CustomOriginServer string `json:"custom_origin_server,omitempty"`
	CustomOriginSNI    string `json:"custom_origin_sni,omitempty"`
	ResourceMeta       Meta   `json:"meta,omitzero"`
}

// MetadataMark is the member of a hostname's metadata that names its owner.
// There is no other place for a mark, and not every zone has this one: the
// platform refuses metadata (1413) in zones that are not entitled to it, and on
// hostnames with a wildcard. So a hostname carries its owner if the file gives
// it metadata. One without is identified by its name alone, and absence from
// the file never deletes it. Source: Cloudflare for Platforms, "Custom
// metadata", limitations; status codes of custom hostnames.
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
	canon.SetIfAny(c, "ssl", h.SSL)
	if h.CustomMetadata != nil {
		c["custom_metadata"] = h.CustomMetadata
	}
	canon.SetIfAny(c, "custom_origin_server", strings.ToLower(h.CustomOriginServer))
	canon.SetIfAny(c, "custom_origin_sni", h.CustomOriginSNI)
	return c
}

// Completed returns the hostname with those settings of the live one that it
// leaves alone: the API takes the settings of a certificate as a whole. It does
// not take over metadata.
func (h *CustomHostname) Completed(live Resource) Resource {
	found, ok := live.(*CustomHostname)
	if !ok {
		return h
	}
	completed := *h
	completed.SSL = canon.MergeObjects(found.SSL, h.SSL)
	if h.CustomOriginServer == "" {
		completed.CustomOriginServer = found.CustomOriginServer
	}
	if h.CustomOriginSNI == "" {
		completed.CustomOriginSNI = found.CustomOriginSNI
	}
	return &completed
}

// MarkedMetadata returns a hostname's metadata with its owner.
func MarkedMetadata(metadata Object, stack string) Object {
	marked := maps.Clone(metadata)
	if marked == nil {
		marked = Object{}
	}
	marked[MetadataMark] = stack
	return marked
}

// MetadataOwner returns the owner in a hostname's metadata, or "", and the
// rest; nil if there is neither.
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
