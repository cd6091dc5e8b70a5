package store

import "time"

const zonesBucket = "zones"

// A Zone is a domain of an account.
type Zone struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	AccountID string    `json:"account_id"`
	CreatedOn time.Time `json:"created_on"`
}

// Zones returns the zones of all accounts, sorted by id.
func (t *Tx) Zones() []Zone { return collect[Zone](t, zonesBucket).all() }

// Zone returns a zone by its id.
func (t *Tx) Zone(id string) (Zone, bool) { return collect[Zone](t, zonesBucket).get(id) }

// PutZone creates or replaces a zone.
func (t *Tx) PutZone(z Zone) { collect[Zone](t, zonesBucket).put(z.ID, z) }
