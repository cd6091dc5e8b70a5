package store

import (
	"encoding/json"
	"time"
)

const customHostnamesBucket = "custom hostnames"

// A CustomHostname is a hostname in a customer's domain that leads to a zone.
type CustomHostname struct {
	ID                 string                     `json:"id"`
	Hostname           string                     `json:"hostname"`
	SSL                map[string]json.RawMessage `json:"ssl,omitempty"`
	CustomMetadata     json.RawMessage            `json:"custom_metadata,omitempty"`
	CustomOriginServer string                     `json:"custom_origin_server,omitempty"`
	CustomOriginSNI    string                     `json:"custom_origin_sni,omitempty"`
	Validations        int                        `json:"validations"` // how many certificates have been requested
	CreatedAt          time.Time                  `json:"created_at"`
}

// CustomHostnames returns a zone's custom hostnames, sorted by id.
func (t *Tx) CustomHostnames(zoneID string) []CustomHostname { return t.customHostnames(zoneID).all() }

// CustomHostname returns a custom hostname of a zone by its id.
func (t *Tx) CustomHostname(zoneID, id string) (CustomHostname, bool) {
	return t.customHostnames(zoneID).get(id)
}

// PutCustomHostname creates or replaces a custom hostname.
func (t *Tx) PutCustomHostname(zoneID string, h CustomHostname) {
	t.customHostnames(zoneID).put(h.ID, h)
	t.changed(Change{})
}

// DeleteCustomHostname removes a custom hostname.
func (t *Tx) DeleteCustomHostname(zoneID, id string) {
	t.customHostnames(zoneID).delete(id)
	t.changed(Change{})
}

func (t *Tx) customHostnames(zoneID string) collection[CustomHostname] {
	return collect[CustomHostname](t, customHostnamesBucket, zoneID)
}
