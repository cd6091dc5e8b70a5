package spec

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// KindDNSRecord is a record of a zone that leads hostnames to Cloudflare.
const KindDNSRecord Kind = "dns_record"

var dnsRecordKind = KindInfo{
	Kind:       KindDNSRecord,
	Section:    "dns_records",
	Singular:   "DNS record",
	Plural:     "DNS records",
	Container:  ContainerZone,
	Product:    ProductDNS,
	Permission: permissionDNS,
	Fleet:      true,
	decode:     decodeAs[*DNSRecord],
}

// The types of records that can be proxied, and so lead to a Worker. Mail,
// verification and everything else in a zone is not the business of a platform's
// Workers, and of such records there are several by one name.
const (
	recordA     = "A"
	recordAAAA  = "AAAA"
	recordCNAME = "CNAME"
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

// onlyWorker is the address of nothing: the content of a record whose requests a
// Worker answers before they would get there.
// Source: Workers documentation, "Routes", on setting up a record.
const onlyWorker = "100::"

func (r *DNSRecord) Address() Address {
	return Address{Kind: KindDNSRecord, Parent: r.Zone, Name: r.Type + "/" + r.Name}
}
func (r *DNSRecord) Host() string            { return RouteHost(r.Name) }
func (r *DNSRecord) ZoneOf() string          { return r.Zone }
func (r *DNSRecord) setZone(name string)     { r.Zone = name }
func (r *DNSRecord) References() []Reference { return nil }
func (r *DNSRecord) Meta() Meta              { return r.ResourceMeta }

func (r *DNSRecord) Canonical() Object {
	c := Object{"content": canonicalContent(r.Type, r.Content), "proxied": r.Proxied, "ttl": r.TTL}
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

// canonicalContent is what a record points to, in the one spelling that the
// spellings of an address have in common.
func canonicalContent(kind, content string) string {
	if address, err := netip.ParseAddr(content); err == nil && kind != recordCNAME {
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

func (l *loader) loadDNSRecord(e entry) {
	zone, ok := l.zoneOfEntry(e)
	if !ok {
		return
	}
	r := &DNSRecord{
		Zone: zone, Type: recordType(e.value), Name: recordName(e.name, e.value),
		Content: onlyWorker, Proxied: true, TTL: AutomaticTTL, ResourceMeta: e.meta(),
	}
	if content := e.value.Get("content"); content != nil {
		r.Content = content.String()
	}
	if proxied := e.value.Get("proxied"); proxied != nil {
		r.Proxied = proxied.IsTrue()
	}
	if ttl := numberOf(e.value.Get("ttl")); ttl != nil {
		r.TTL = *ttl
	}
	if comment := e.value.Get("comment"); comment != nil {
		text := comment.String()
		r.Comment = &text
		l.checkComment(comment)
	}
	if l.checkRecord(e, r) {
		l.add(r)
	}
}

// recordType is the type of the record that an entry is.
func recordType(entry *document.Value) string {
	if kind := entry.Get("type").String(); kind != "" {
		return kind
	}
	return recordAAAA
}

// recordName is a name as DNS has it; @ is that of the zone.
func recordName(name string, entry *document.Value) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if zone := entry.Get("zone_name").String(); name == "@" && zone != "" {
		return strings.ToLower(zone)
	}
	return name
}

// recordAddressName is the name that an entry's record has in its address.
func recordAddressName(name string, entry *document.Value) string {
	return recordType(entry) + "/" + recordName(name, entry)
}

// recordLabels is a name of DNS. Unlike that of a host it may have underscores.
// Source: RFC 2181, section 11; RFC 1034, section 4.3.3 for the star.
var recordLabels = regexp.MustCompile(`^(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)+$`)

const longestName = 253 // RFC 1035, section 2.3.4, without the length of the first label and the root

// checkRecord refuses what the platform would refuse in the middle of an apply.
func (l *loader) checkRecord(e entry, r *DNSRecord) bool {
	zone := e.value.Get("zone_name").String()
	message, hint, at := "", "", e.nameAt
	switch content := e.value.Get("content"); {
	case !isASCII(r.Name):
		message, hint = fmt.Sprintf("%q cannot be the name of a DNS record", e.name), "write it in Punycode, as in xn--bcher-kva.example.com"
	case zone != "" && !inZone(strings.TrimPrefix(r.Name, "*."), strings.ToLower(zone)):
		message = fmt.Sprintf("%q is not in the zone %q", e.name, zone)
		hint = fmt.Sprintf("write the whole name, as in %q; @ is the zone itself", firstLabels(r.Name)+"."+zone)
	case !recordLabels.MatchString(r.Name) || len(r.Name) > longestName:
		message, hint = fmt.Sprintf("%q cannot be the name of a DNS record", e.name), "write the whole name, as in app.example.com, or *.example.com for all below it"
	case content == nil && r.Type != recordAAAA:
		message = fmt.Sprintf("a record of the type %s needs `content`", r.Type)
		hint = fmt.Sprintf("where only a Worker answers, leave `type` out: that is %s %s, which leads nowhere else", recordAAAA, onlyWorker)
	case !isContent(r.Type, r.Content):
		message, hint, at = fmt.Sprintf("%q cannot be the content of a record of the type %s", r.Content, r.Type), contentHints[r.Type], content.Range()
	case r.TTL > AutomaticTTL && r.Proxied:
		message, hint, at = "the TTL of a proxied record is automatic", "remove `ttl`, or write `proxied: false`, with which no Worker answers", e.value.Get("ttl").Range()
	case r.TTL > AutomaticTTL && r.TTL < shortestTTL:
		message, hint, at = fmt.Sprintf("a TTL of %v seconds is too short", r.TTL), fmt.Sprintf("write %d for automatic, or 60 to 86400; zones of the Enterprise plan take %d and more", AutomaticTTL, shortestTTL), e.value.Get("ttl").Range()
	default:
		return true
	}
	l.report(RuleDNSRecord, at, message, hint)
	return false
}

// firstLabels are those that a name most likely has below its zone.
func firstLabels(name string) string {
	labels := strings.Split(name, ".")
	if len(labels) > 2 {
		labels = labels[:len(labels)-2]
	}
	return strings.Join(labels, ".")
}

// shortestTTL is what zones of the Enterprise plan take; others take 60 seconds.
// Source: API reference, "Create DNS Record".
const shortestTTL = 30

var contentHints = map[string]string{
	recordA:     "write an IPv4 address, as in 192.0.2.1",
	recordAAAA:  "write an IPv6 address, as in 2001:db8::1",
	recordCNAME: "write a hostname, as in origin.example.com",
}

func isContent(kind, content string) bool {
	address, err := netip.ParseAddr(content)
	switch kind {
	case recordA:
		return err == nil && address.Is4()
	case recordAAAA:
		return err == nil && address.Is6() && address.Zone() == ""
	default:
		return err != nil && recordLabels.MatchString(canonicalContent(kind, content)) && !strings.HasPrefix(content, "*")
	}
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// How long a comment may be, the mark in it, in characters: in zones of the free
// plan, and in others. Source: Cloudflare DNS, "Record attributes", availability.
const (
	freeComment = 100
	paidComment = 500
)

func (l *loader) checkComment(comment *document.Value) {
	text := comment.String()
	long := utf8.RuneCountInString(MarkedComment(text, l.stack.Name))
	switch owner, _ := CommentOwner(text); {
	case owner != "":
		l.report(RuleDNSRecord, comment.Range(), fmt.Sprintf("the comment %q ends like wfpsync's own mark", text), "leave that out: wfpsync adds it")
	case strings.ContainsFunc(text, unicode.IsControl):
		l.report(RuleDNSRecord, comment.Range(), "the comment has a line break or a control character in it", "write it on one line")
	case long > paidComment:
		l.report(RuleDNSRecord, comment.Range(), fmt.Sprintf("the comment has %d characters with the mark %q, and %d may be", long, MarkedComment("", l.stack.Name), paidComment), "shorten it")
	case long > freeComment:
		l.warn(RuleDNSComment, comment.Range(), fmt.Sprintf("the comment has %d characters with the mark %q, and a zone of the free plan takes %d", long, MarkedComment("", l.stack.Name), freeComment), "shorten it, unless the zone has a paid plan, where it may have 500")
	}
}

func (im *importer) writeDNSRecord(m *members, live *Live) []string {
	r := live.Resource.(*DNSRecord)
	writeZone(m, r.Zone)
	if r.Type != recordAAAA {
		m.set("type", r.Type)
	}
	if r.Type != recordAAAA || canonicalContent(r.Type, r.Content) != onlyWorker {
		m.set("content", r.Content)
	}
	if !r.Proxied {
		m.set("proxied", false)
	}
	if r.TTL != AutomaticTTL {
		m.set("ttl", r.TTL)
	}
	if r.Comment != nil && *r.Comment != "" {
		m.set("comment", *r.Comment)
	}
	im.writeAdopt(m, live)
	return nil
}
