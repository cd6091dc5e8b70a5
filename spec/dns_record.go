package spec

import (
	"net/netip"
	"regexp"
	"strings"
)

// KindDNSRecord is a record of a zone that leads hostnames to Cloudflare.
const KindDNSRecord Kind = "dns_record"

// ProductDNS is the DNS records of a zone.
const ProductDNS Product = "dns"

var dnsRecordKind = KindInfo{
	Kind:            KindDNSRecord,
	Section:         "dns_records",
	Singular:        "DNS record",
	Plural:          "DNS records",
	Container:       ContainerZone,
	Product:         ProductDNS,
	Permission:      Permission{"Zone", "DNS", "Edit"},
	LimitedByGuards: true,
	decode:          decodeAs[*DNSRecord],
}

// These are the types of records that can be proxied, and so lead to a Worker.
// A platform's Workers do not depend on other records, such as those for mail
// and verification, and one name may have several of them.
const (
	RecordA     = "A"
	RecordAAAA  = "AAAA"
	RecordCNAME = "CNAME"
)

// DNSRecord is a record of a zone. A zone may have several with the same name
// and type; a stack has one.
type DNSRecord struct {
	// Zone is as in [Route].
	Zone string `json:"zone"`
	Type string `json:"type"`

	// Name is the full name, in lower case. Its first label is * if it is a
	// wildcard.
	Name    string `json:"name"`
	Content string `json:"content"`

	// Proxied lets Cloudflare answer for the name. Workers get requests only
	// then.
	Proxied bool `json:"proxied"`

	// TTL is in seconds; [AutomaticTTL] lets the platform choose.
	TTL float64 `json:"ttl"`

	// Comment is the comment without the stack's mark; nil leaves it alone.
	Comment *string `json:"comment,omitempty"`

	// Others is how many other records the zone has with the same name and
	// type.
	Others       int  `json:"others,omitempty"`
	ResourceMeta Meta `json:"meta,omitzero"`
}

// AutomaticTTL is the API's value for a time to live that the platform chooses,
// as it always does for a proxied record. Source: API reference, "Create DNS
// Record".
const AutomaticTTL = 1

func (r *DNSRecord) Address() Address {
	return Address{Kind: KindDNSRecord, Parent: r.Zone, Name: r.Type + "/" + r.Name}
}
func (r *DNSRecord) Host() string            { return RouteHost(r.Name) }
func (r *DNSRecord) ZoneOf() string          { return r.Zone }
func (r *DNSRecord) setZone(name string)     { r.Zone = name }
func (r *DNSRecord) References() []Reference { return nil }
func (r *DNSRecord) Meta() Meta              { return r.ResourceMeta }

func (r *DNSRecord) Canonical() Object {
	c := Object{"content": CanonicalContent(r.Type, r.Content), "proxied": r.Proxied, "ttl": r.TTL}
	if r.Comment != nil {
		c["comment"] = *r.Comment
	}
	return c
}

// Completed returns the record with the live one's comment if it leaves that
// alone.
func (r *DNSRecord) Completed(live Resource) Resource {
	completed := *r
	if found, ok := live.(*DNSRecord); ok && r.Comment == nil {
		completed.Comment = found.Comment
	}
	return &completed
}

// CanonicalContent returns a record's target in one of its possible spellings.
func CanonicalContent(kind, content string) string {
	if address, err := netip.ParseAddr(content); err == nil && kind != RecordCNAME {
		return address.String()
	}
	return strings.ToLower(strings.TrimSuffix(content, "."))
}

// recordMark matches a comment that ends in the owner. People see a record's
// comment, but DNS does not publish it. Source: Cloudflare DNS, "Record
// attributes".
var recordMark = regexp.MustCompile(`^(?s)(?:(.*) )?\[` + regexp.QuoteMeta(ownerPrefix) + `([a-z0-9][a-z0-9.-]*)\]$`)

// MarkedComment returns a record's comment with its owner.
func MarkedComment(comment, stack string) string {
	mark := "[" + OwnerTag(stack) + "]"
	if comment == "" {
		return mark
	}
	return comment + " " + mark
}

// CommentOwner returns the owner in a record's comment, or "", and the rest.
func CommentOwner(comment string) (stack, rest string) {
	if m := recordMark.FindStringSubmatch(comment); m != nil {
		return m[2], m[1]
	}
	return "", comment
}
