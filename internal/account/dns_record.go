package account

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// DNS records go through the raw client: cloudflare-go has one type for the
// responses about all twenty-one types of records. It is 7,830 lines long, and
// six of its members are needed here.
var dnsRecordOps = kindOps{
	search:    searchRecords,
	kind:      spec.KindDNSRecord,
	endpoints: endpoints{path: "dns_records", missing: []int{codeRecordMissing}, exists: []int{codeHostExists, codeCNAMEExists, codeRecordExists, codeRecordIdentical}, pageSize: "5"},
	list:      listDNSRecords,
	page:      recordsOnPage,
	look:      lookAtDNSRecord,
	put:       putDNSRecord,
	delete:    deleteDNSRecord,
}

// dnsRecord is a record as the API returns it.
type dnsRecord struct {
	ID         string    `json:"id"`
	Type       string    `json:"type"`
	Name       string    `json:"name"`
	Content    string    `json:"content"`
	Proxied    bool      `json:"proxied"`
	TTL        float64   `json:"ttl"`
	Comment    string    `json:"comment"`
	ModifiedOn time.Time `json:"modified_on"`
}

// recordsOnPage is how many records are asked for at a time. A page may have up
// to five million, and few zones have as many as this. A filter would not do:
// it takes one name, while a fleet has many, and it would not show records that
// conflict with a new one.
// Source: API reference, "List DNS Records".
const recordsOnPage = 5000

// recordTypes are those that a stack file can have.
var recordTypes = []string{"A", "AAAA", "CNAME"}

func listDNSRecords(ctx context.Context, r *reading, parent string) ([]*spec.Live, error) {
	zone, err := r.account.zone(ctx, parent)
	if err != nil {
		return nil, err
	}
	records, err := r.account.dnsRecords(ctx, zone, url.Values{})
	if err != nil {
		return nil, err
	}
	return liveRecords(parent, records), nil
}

// dnsRecords reads the records of a zone that a filter matches.
func (a *Account) dnsRecords(ctx context.Context, zone zone, filter url.Values) ([]dnsRecord, error) {
	filter.Set("per_page", strconv.Itoa(recordsOnPage))
	return listPages(ctx, a.api, cloudflare.Path("zones", zone.ID, "dns_records"), filter, recordsOnPage, func(r dnsRecord) string { return r.ID })
}

// listPages reads every page of a list through the raw client.
func listPages[T any](ctx context.Context, api *cloudflare.Client, path string, filter url.Values, perPage int, id func(T) string) ([]T, error) {
	return cloudflare.AllPages(ctx, perPage, func(ctx context.Context, number float64) ([]T, string, error) {
		filter.Set("page", strconv.Itoa(int(number)))
		page, err := api.Send(ctx, http.MethodGet, path, filter, nil)
		if err != nil {
			return nil, "", err
		}
		var response struct {
			Result []T `json:"result"`
		}
		if err := json.Unmarshal(page.Content, &response); err != nil {
			return nil, "", page.Unexpected(err)
		}
		return response.Result, string(page.Content), nil
	}, id)
}

// liveRecords returns one record of each name and type, with the number of the
// others. A marked record is preferred to the first.
func liveRecords(parent string, records []dnsRecord) []*spec.Live {
	slices.SortFunc(records, func(a, b dnsRecord) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), byMark(a, b), cmp.Compare(a.ID, b.ID))
	})
	var out []*spec.Live
	for i, r := range records {
		if !slices.Contains(recordTypes, r.Type) {
			continue
		}
		if i > 0 && records[i-1].Type == r.Type && records[i-1].Name == r.Name {
			out[len(out)-1].Resource.(*spec.DNSRecord).Others++
			continue
		}
		out = append(out, r.live(parent))
	}
	return out
}

// byMark sorts marked records before others.
func byMark(a, b dnsRecord) int {
	ownerA, _ := spec.CommentOwner(a.Comment)
	ownerB, _ := spec.CommentOwner(b.Comment)
	switch {
	case ownerA != "" && ownerB == "":
		return -1
	case ownerA == "" && ownerB != "":
		return 1
	}
	return 0
}

func (r dnsRecord) live(parent string) *spec.Live {
	owner, comment := spec.CommentOwner(r.Comment)
	record := &spec.DNSRecord{
		Zone: parent, Type: r.Type, Name: strings.ToLower(r.Name), Content: r.Content,
		Proxied: r.Proxied, TTL: r.TTL, Comment: &comment,
	}
	return &spec.Live{
		Resource: record,
		Revision: spec.Revision{ID: r.ID, ETag: recordTag(record, owner), ModifiedOn: r.ModifiedOn, Owner: owner},
		Detailed: true,
	}
}

// recordTag returns a hash of everything in a record.
func recordTag(r *spec.DNSRecord, owner string) string {
	return fingerprint(r.Completed(&spec.DNSRecord{Comment: new(string)}), owner)
}

// fingerprint returns a hash of a resource and its owner, if the platform has
// no etag for it.
func fingerprint(r spec.Resource, owner string) string {
	return spec.ShortDigest(spec.DigestOf(spec.Object{"says": r.Canonical(), "owner": owner}))
}

// lookAtDNSRecord asks for one record by name and type.
func lookAtDNSRecord(ctx context.Context, a *Account, address spec.Address) (spec.Revision, error) {
	zone, err := a.zone(ctx, address.Parent)
	if err != nil {
		return spec.Revision{}, err
	}
	kind, name, _ := strings.Cut(address.Name, "/")
	records, err := a.dnsRecords(ctx, zone, url.Values{"type": {kind}, "name.exact": {name}})
	if err != nil {
		return spec.Revision{}, err
	}
	if revision := revisionIn(liveRecords(address.Parent, records), address); revision != nil {
		return *revision, nil
	}
	return spec.Revision{}, errAbsent
}

// putDNSRecord creates a record, or changes one and keeps its tags.
func putDNSRecord(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	record := w.Resource.(*spec.DNSRecord)
	zone, err := a.zone(ctx, record.Zone)
	if err != nil {
		return spec.Revision{}, err
	}
	comment := ""
	if record.Comment != nil {
		comment = *record.Comment
	}
	body := map[string]any{
		"type": record.Type, "name": record.Name, "content": record.Content, "proxied": record.Proxied, "ttl": record.TTL,
		"comment": spec.MarkedComment(comment, w.Stack),
	}
	if w.Prior != nil && w.Prior.ID != "" {
		return a.writeDNSRecord(ctx, http.MethodPatch, cloudflare.Path("zones", zone.ID, "dns_records", w.Prior.ID), record, body)
	}
	revision, err := a.writeDNSRecord(ctx, http.MethodPost, cloudflare.Path("zones", zone.ID, "dns_records"), record, body)
	if err == nil {
		return revision, nil
	}
	return afterLostResponse(err, func() (spec.Revision, error) {
		found, err := lookAtDNSRecord(ctx, a, record.Address())
		if err == nil && found.Owner != w.Stack {
			return spec.Revision{}, errAbsent // it is another stack's, and there is no reason to take it over
		}
		return found, err
	})
}

func (a *Account) writeDNSRecord(ctx context.Context, method, path string, record *spec.DNSRecord, body map[string]any) (spec.Revision, error) {
	var response dnsRecord
	if err := a.api.ExchangeJSON(ctx, method, path, body, &response); err != nil {
		return spec.Revision{}, err
	}
	written := response.live(record.Zone)
	if response.ID == "" || written.Resource.Address() != record.Address() || response.Comment != body["comment"] {
		return spec.Revision{}, fmt.Errorf("the API returned the record %s %s (%q) for a write of %s %s (%q)",
			response.Type, response.Name, response.Comment, record.Type, record.Name, body["comment"])
	}
	return written.Revision, nil
}

func deleteDNSRecord(ctx context.Context, a *Account, address spec.Address, prior spec.Revision) error {
	zone, err := a.zone(ctx, address.Parent)
	if err != nil {
		return err
	}
	id := prior.ID
	if id == "" {
		found, err := lookAtDNSRecord(ctx, a, address)
		if err != nil {
			return err
		}
		id = found.ID
	}
	return a.api.Remove(ctx, cloudflare.Path("zones", zone.ID, "dns_records", id))
}
