package api

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) dnsRecordRoutes() []route {
	const list, one = "/zones/{zone}/dns_records", "/zones/{zone}/dns_records/{record}"
	return []route{
		{"GET", list, s.listDNSRecords},
		{"POST", list, s.createDNSRecord},
		{"GET", one, s.getDNSRecord},
		{"PUT", one, s.putDNSRecord},
		{"PATCH", one, s.patchDNSRecord},
		{"DELETE", one, s.deleteDNSRecord},
	}
}

type dnsRecordView struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Content    string         `json:"content"`
	Proxiable  bool           `json:"proxiable"`
	Proxied    bool           `json:"proxied"`
	TTL        float64        `json:"ttl"`
	Priority   *float64       `json:"priority,omitempty"`
	Settings   map[string]any `json:"settings"`
	Meta       map[string]any `json:"meta"`
	Comment    *string        `json:"comment"`
	Tags       []string       `json:"tags"`
	CreatedOn  timestamp      `json:"created_on"`
	ModifiedOn timestamp      `json:"modified_on"`
}

func viewDNSRecord(r store.DNSRecord) dnsRecordView {
	return dnsRecordView{
		ID: r.ID, Name: r.Name, Type: r.Type, Content: r.Content, Proxiable: proxiable(r.Type), Proxied: r.Proxied, TTL: r.TTL, Priority: r.Priority,
		Settings: map[string]any{}, Meta: map[string]any{}, Comment: r.Comment, Tags: append([]string{}, r.Tags...),
		CreatedOn: timestamp(r.CreatedOn), ModifiedOn: timestamp(r.ModifiedOn),
	}
}

func proxiable(kind string) bool { return slices.Contains([]string{"A", "AAAA", "CNAME"}, kind) }

// listDNSRecords returns the records that match every filter, or any of them
// with match=any, sorted by name.
func (s *Server) listDNSRecords(c *call) (reply, error) {
	query := c.query()
	views := []dnsRecordView{}
	err := c.view(func(tx *store.Tx) error {
		z, err := s.findZone(c, tx)
		if err != nil {
			return err
		}
		for _, r := range tx.DNSRecords(z.ID) {
			if matchesRecord(query, r) {
				views = append(views, viewDNSRecord(r))
			}
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	slices.SortFunc(views, func(a, b dnsRecordView) int {
		return strings.Compare(a.Name+" "+a.Type+" "+a.ID, b.Name+" "+b.Type+" "+b.ID)
	})
	return pageOf(views, query, pageRange{min: 1, max: 5000000, byDefault: 100}, dnsInvalidList)
}

// matchesRecord reports whether a record matches the filters of a list. A
// filter on text compares the whole text, or a part that its suffix names:
// name.exact, comment.contains, …
func matchesRecord(query url.Values, r store.DNSRecord) bool {
	comment := ""
	if r.Comment != nil {
		comment = *r.Comment
	}
	texts := map[string]string{"name": r.Name, "content": r.Content, "comment": comment, "type": r.Type}
	var results []bool
	for filter := range query {
		field, how, _ := strings.Cut(filter, ".")
		is, known := texts[field]
		wanted := strings.ToLower(query.Get(filter))
		is = strings.ToLower(is)
		switch {
		case filter == "proxied":
			results = append(results, r.Proxied == (wanted == "true"))
		case !known:
		case how == "contains":
			results = append(results, strings.Contains(is, wanted))
		case how == "startswith":
			results = append(results, strings.HasPrefix(is, wanted))
		case how == "endswith":
			results = append(results, strings.HasSuffix(is, wanted))
		case how == "present":
			results = append(results, is != "")
		case how == "absent":
			results = append(results, is == "")
		default:
			results = append(results, is == wanted)
		}
	}
	if query.Get("match") == "any" && len(results) > 0 {
		return slices.Contains(results, true)
	}
	return !slices.Contains(results, false)
}

func (s *Server) findDNSRecord(c *call, tx *store.Tx) (store.Zone, store.DNSRecord, error) {
	z, err := s.findZone(c, tx)
	if err != nil {
		return z, store.DNSRecord{}, err
	}
	r, found := tx.DNSRecord(z.ID, c.param("record"))
	if !found {
		return z, r, fail(http.StatusNotFound, dnsRecordNotFound, "Record does not exist.")
	}
	return z, r, nil
}

func (s *Server) getDNSRecord(c *call) (reply, error) {
	var view dnsRecordView
	err := c.view(func(tx *store.Tx) error {
		_, r, err := s.findDNSRecord(c, tx)
		view = viewDNSRecord(r)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// dnsRecordFields are the members of a body; a member that it lacks is nil.
type dnsRecordFields struct {
	Type     *string         `json:"type"`
	Name     *string         `json:"name"`
	Content  *string         `json:"content"`
	Proxied  *bool           `json:"proxied"`
	TTL      *float64        `json:"ttl"`
	Priority *float64        `json:"priority"`
	Comment  json.RawMessage `json:"comment"`
	Tags     []string        `json:"tags"`
}

// applyTo writes the members of a body to a record.
func (f dnsRecordFields) applyTo(r *store.DNSRecord) error {
	set(&r.Type, f.Type)
	set(&r.Name, f.Name)
	set(&r.Content, f.Content)
	set(&r.Proxied, f.Proxied)
	set(&r.TTL, f.TTL)
	if f.Priority != nil {
		r.Priority = f.Priority
	}
	if f.Tags != nil {
		r.Tags = f.Tags
	}
	if f.Comment != nil {
		r.Comment = nil
		return json.Unmarshal(f.Comment, &r.Comment)
	}
	return nil
}

func (s *Server) createDNSRecord(c *call) (reply, error) {
	return s.writeDNSRecord(c, func(tx *store.Tx) (store.Zone, store.DNSRecord, error) {
		z, err := s.findZone(c, tx)
		return z, store.DNSRecord{ID: newID(), TTL: automaticTTL, CreatedOn: s.now()}, err
	})
}

// putDNSRecord replaces a record: what the body leaves out is reset to its
// default.
func (s *Server) putDNSRecord(c *call) (reply, error) {
	return s.writeDNSRecord(c, func(tx *store.Tx) (store.Zone, store.DNSRecord, error) {
		z, r, err := s.findDNSRecord(c, tx)
		return z, store.DNSRecord{ID: r.ID, TTL: automaticTTL, CreatedOn: r.CreatedOn}, err
	})
}

func (s *Server) patchDNSRecord(c *call) (reply, error) {
	return s.writeDNSRecord(c, func(tx *store.Tx) (store.Zone, store.DNSRecord, error) { return s.findDNSRecord(c, tx) })
}

// writeDNSRecord applies the body to the record that find returns.
func (s *Server) writeDNSRecord(c *call, find func(*store.Tx) (store.Zone, store.DNSRecord, error)) (reply, error) {
	var body dnsRecordFields
	if err := c.json(&body, errDNSMalformed); err != nil {
		return reply{}, err
	}
	var written store.DNSRecord
	err := c.update(func(tx *store.Tx) error {
		z, r, err := find(tx)
		if err != nil {
			return err
		}
		if err := body.applyTo(&r); err != nil {
			return errDNSMalformed.because(err)
		}
		if r.Name = strings.ToLower(strings.TrimSuffix(r.Name, ".")); r.Name == "@" {
			r.Name = z.Name
		} else if r.Name != z.Name && !strings.HasSuffix(r.Name, "."+z.Name) {
			r.Name += "." + z.Name
		}
		if r.Proxied {
			r.TTL = automaticTTL
		}
		if err := checkDNSRecord(r); err != nil {
			return err
		}
		if err := checkBeside(r, tx.DNSRecords(z.ID)); err != nil {
			return err
		}
		r.ModifiedOn = s.now()
		tx.PutDNSRecord(z.ID, r)
		written = r
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(viewDNSRecord(written))
}

const (
	automaticTTL = 1
	maxComment   = 500 // on the plan of the zones here
)

// checkDNSRecord refuses invalid records. Users report which codes 1004 comes
// with.
func checkDNSRecord(r store.DNSRecord) error {
	address, err := netip.ParseAddr(r.Content)
	bad := func(format string, args ...any) error {
		return fail(http.StatusBadRequest, dnsValidation, "DNS Validation Error: "+format, args...)
	}
	switch {
	case r.Type == "" || r.Content == "":
		return bad("a record needs a type and a content")
	case r.Type == "A" && (err != nil || !address.Is4()):
		return bad("Content for A record must be a valid IPv4 address.")
	case r.Type == "AAAA" && (err != nil || !address.Is6()):
		return bad("Content for AAAA record must be a valid IPv6 address.")
	case r.Proxied && !proxiable(r.Type):
		return fail(http.StatusBadRequest, dnsNotProxiable, "This record type cannot be proxied.")
	case r.TTL != automaticTTL && (r.TTL < 30 || r.TTL > 86400):
		return bad("Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.")
	case r.Comment != nil && utf8.RuneCountInString(*r.Comment) > maxComment:
		return bad("The comment exceeds the maximum length of %d characters.", maxComment)
	case r.Comment != nil && strings.ContainsAny(*r.Comment, "\r\n"):
		return bad("The comment has a character that is not allowed.")
	}
	return nil
}

// checkBeside refuses a record that conflicts with existing ones.
func checkBeside(r store.DNSRecord, others []store.DNSRecord) error {
	for _, other := range others {
		if other.Name != r.Name || other.ID == r.ID {
			continue
		}
		switch {
		case other.Type == r.Type && strings.EqualFold(other.Content, r.Content):
			return fail(http.StatusBadRequest, dnsIdentical, "An identical record already exists.")
		case other.Type == "CNAME" && proxiable(r.Type):
			return fail(http.StatusBadRequest, dnsCNAMEExists, "A CNAME record with that host already exists.")
		case r.Type == "CNAME" && proxiable(other.Type):
			return fail(http.StatusBadRequest, dnsHostExists, "An A, AAAA, or CNAME record with that host already exists.")
		}
	}
	return nil
}

func (s *Server) deleteDNSRecord(c *call) (reply, error) {
	var id string
	err := c.update(func(tx *store.Tx) error {
		z, r, err := s.findDNSRecord(c, tx)
		if err != nil {
			return err
		}
		id = r.ID
		tx.DeleteDNSRecord(z.ID, id)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(map[string]string{"id": id})
}
