package store

import "time"

const dnsRecordsBucket = "dns records"

// A DNSRecord is a record of a zone.
type DNSRecord struct {
	ID         string    `json:"id"`
	Type       string    `json:"type"`
	Name       string    `json:"name"`
	Content    string    `json:"content"`
	Proxied    bool      `json:"proxied"`
	TTL        float64   `json:"ttl"`
	Priority   *float64  `json:"priority,omitempty"`
	Comment    *string   `json:"comment,omitempty"`
	Tags       []string  `json:"tags,omitempty"`
	CreatedOn  time.Time `json:"created_on"`
	ModifiedOn time.Time `json:"modified_on"`
}

// DNSRecords returns a zone's records, sorted by id.
func (t *Tx) DNSRecords(zoneID string) []DNSRecord { return t.dnsRecords(zoneID).all() }

// DNSRecord returns a record of a zone by its id.
func (t *Tx) DNSRecord(zoneID, id string) (DNSRecord, bool) { return t.dnsRecords(zoneID).get(id) }

// PutDNSRecord creates or replaces a record.
func (t *Tx) PutDNSRecord(zoneID string, r DNSRecord) { t.dnsRecords(zoneID).put(r.ID, r) }

// DeleteDNSRecord removes a record.
func (t *Tx) DeleteDNSRecord(zoneID, id string) { t.dnsRecords(zoneID).delete(id) }

func (t *Tx) dnsRecords(zoneID string) collection[DNSRecord] {
	return collect[DNSRecord](t, dnsRecordsBucket, zoneID)
}
