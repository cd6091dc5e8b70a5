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

// The types of records that can be proxied, and so lead to a Worker. Mail,
// verification and everything else in a zone is not the business of a platform's
// Workers, and of such records there are several by one name.
const (
	RecordA     = "A"
	RecordAAAA  = "AAAA"
	RecordCNAME = "CNAME"
)

// DNSRecord is a record of a zone. There may be several of one name and type in a
// zone; a stack has one.
type DNSRecord struct {
	// Zone is as of a [Route].
	Zone string `json:"zone"`
	Type string `json:"type"`

	// Name is the whole name, in lower case, with a star in the place of its
	// first label where it stands for all.
	Name    string `json:"name"`
	Content string `json:"content"`

	// Proxied lets Cloudflare answer for the name: only then are its Workers asked.
	Proxied bool `json:"proxied"`

	// TTL is in seconds; [AutomaticTTL] leaves it to the platform.
	TTL float64 `json:"ttl"`

	// Comment is what people say of the record, without the stack's mark; nil
	// leaves it as it is.
	Comment *string `json:"comment,omitempty"`

	// Others are how many other records of the same name and type the zone has.
	Others       int  `json:"others,omitempty"`
	ResourceMeta Meta `json:"meta,omitzero"`
}

// AutomaticTTL is how the API writes a time to live that the platform chooses,
// which that of a proxied record always is.
// Source: API reference, "Create DNS Record".
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

// Completed is the record with what the live one has and it leaves as it is.
func (r *DNSRecord) Completed(live Resource) Resource {
	completed := *r
	if found, ok := live.(*DNSRecord); ok && r.Comment == nil {
		completed.Comment = found.Comment
	}
	return &completed
}

// CanonicalContent is what a record points to, in the one spelling that the
// spellings of an address have in common.
func CanonicalContent(kind, content string) string {
	if address, err := netip.ParseAddr(content); err == nil && kind != RecordCNAME {
		return address.String()
	}
	return strings.ToLower(strings.TrimSuffix(content, "."))
}

// A record carries its owner at the end of its comment, which people see and DNS
// does not. Source: Cloudflare DNS, "Record attributes".
var recordMark = regexp.MustCompile(`^(?s)(?:(.*) )?\[` + regexp.QuoteMeta(ownerPrefix) + `([a-z0-9][a-z0-9.-]*)\]$`)

// MarkedComment is a record's comment with its owner.
func MarkedComment(comment, stack string) string {
	mark := "[" + OwnerTag(stack) + "]"
	if comment == "" {
		return mark
	}
	return comment + " " + mark
}

// CommentOwner reads a record's comment: the owning stack, or "", and what people
// say.
func CommentOwner(comment string) (stack, rest string) {
	if m := recordMark.FindStringSubmatch(comment); m != nil {
		return m[2], m[1]
	}
	return "", comment
}
