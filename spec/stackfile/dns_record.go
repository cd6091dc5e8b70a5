package stackfile

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// onlyWorker is the address of nothing: the content of a record whose requests a
// Worker answers before they would get there.
// Source: Workers documentation, "Routes", on setting up a record.
const onlyWorker = "100::"

func (l *loader) loadDNSRecord(e entry) {
	zone, ok := l.zoneOfEntry(e)
	if !ok {
		return
	}
	r := &spec.DNSRecord{
		Zone: zone, Type: recordType(e.value), Name: recordName(e.name, e.value),
		Content: onlyWorker, Proxied: true, TTL: spec.AutomaticTTL, ResourceMeta: e.meta(),
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

// recordType returns the type of the record that an entry is.
func recordType(entry *document.Value) string {
	if kind := entry.Get("type").String(); kind != "" {
		return kind
	}
	return spec.RecordAAAA
}

// recordName returns a name as DNS has it; @ is that of the zone.
func recordName(name string, entry *document.Value) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if zone := entry.Get("zone_name").String(); name == "@" && zone != "" {
		return strings.ToLower(zone)
	}
	return name
}

// recordAddressName returns the name that an entry's record has in its address.
func recordAddressName(name string, entry *document.Value) string {
	return recordType(entry) + "/" + recordName(name, entry)
}

// recordLabels is a name of DNS. Unlike that of a host it may have underscores.
// Source: RFC 2181, section 11; RFC 1034, section 4.3.3 for the star.
var recordLabels = regexp.MustCompile(`^(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)+$`)

const longestName = 253 // RFC 1035, section 2.3.4, without the length of the first label and the root

// checkRecord refuses what the platform would refuse in the middle of an apply.
func (l *loader) checkRecord(e entry, r *spec.DNSRecord) bool {
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
	case content == nil && r.Type != spec.RecordAAAA:
		message = fmt.Sprintf("a record of type %s needs `content`", r.Type)
		hint = fmt.Sprintf("if only a Worker answers, leave `type` out: the record is then %s %s, a placeholder", spec.RecordAAAA, onlyWorker)
	case !isContent(r.Type, r.Content):
		message, hint, at = fmt.Sprintf("%q cannot be the content of a record of type %s", r.Content, r.Type), contentHints[r.Type], content.Range()
	case r.TTL > spec.AutomaticTTL && r.Proxied:
		message, hint, at = "the TTL of a proxied record is automatic", "remove `ttl`, or write `proxied: false`, but then no Worker answers", e.value.Get("ttl").Range()
	case r.TTL > spec.AutomaticTTL && r.TTL < shortestTTL:
		message, hint, at = fmt.Sprintf("a TTL of %v seconds is too short", r.TTL), fmt.Sprintf("write %d for automatic, or 60 to 86400; zones on the Enterprise plan allow %d and more", spec.AutomaticTTL, shortestTTL), e.value.Get("ttl").Range()
	default:
		return true
	}
	l.Report(spec.RuleDNSRecord, at, message, hint)
	return false
}

// firstLabels returns those that a name most likely has below its zone.
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
	spec.RecordA:     "write an IPv4 address, as in 192.0.2.1",
	spec.RecordAAAA:  "write an IPv6 address, as in 2001:db8::1",
	spec.RecordCNAME: "write a hostname, as in origin.example.com",
}

func isContent(kind, content string) bool {
	address, err := netip.ParseAddr(content)
	switch kind {
	case spec.RecordA:
		return err == nil && address.Is4()
	case spec.RecordAAAA:
		return err == nil && address.Is6() && address.Zone() == ""
	default:
		return err != nil && recordLabels.MatchString(spec.CanonicalContent(kind, content)) && !strings.HasPrefix(content, "*")
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
	long := utf8.RuneCountInString(spec.MarkedComment(text, l.stack.Name))
	switch owner, _ := spec.CommentOwner(text); {
	case owner != "":
		l.Report(spec.RuleDNSRecord, comment.Range(), fmt.Sprintf("the comment %q ends like wfpsync's own mark", text), "leave that out: wfpsync adds it")
	case strings.ContainsFunc(text, unicode.IsControl):
		l.Report(spec.RuleDNSRecord, comment.Range(), "the comment has a line break or a control character in it", "write it on one line")
	case long > paidComment:
		l.Report(spec.RuleDNSRecord, comment.Range(), fmt.Sprintf("the comment has %d characters with the mark %q, and %d may be", long, spec.MarkedComment("", l.stack.Name), paidComment), "shorten it")
	case long > freeComment:
		l.Warn(spec.RuleDNSComment, comment.Range(), fmt.Sprintf("the comment has %d characters with the mark %q, and a zone on the free plan allows %d", long, spec.MarkedComment("", l.stack.Name), freeComment), "shorten it; zones on a paid plan allow 500")
	}
}

func (im *importer) writeDNSRecord(m *members, live *spec.Live) []string {
	r := live.Resource.(*spec.DNSRecord)
	writeZone(m, r.Zone)
	if r.Type != spec.RecordAAAA {
		m.set("type", r.Type)
	}
	if r.Type != spec.RecordAAAA || spec.CanonicalContent(r.Type, r.Content) != onlyWorker {
		m.set("content", r.Content)
	}
	if !r.Proxied {
		m.set("proxied", false)
	}
	if r.TTL != spec.AutomaticTTL {
		m.set("ttl", r.TTL)
	}
	if r.Comment != nil && *r.Comment != "" {
		m.set("comment", *r.Comment)
	}
	im.writeAdopt(m, live)
	return nil
}
