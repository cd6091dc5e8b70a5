package store

import (
	"fmt"
	"time"
)

const d1DatabasesBucket = "d1 databases"

// A D1Database is a database of D1, without its tables: nothing here runs SQL.
type D1Database struct {
	UUID         string    `json:"uuid"`
	Name         string    `json:"name"`
	Jurisdiction string    `json:"jurisdiction,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
}

// D1Databases returns the account's databases, sorted by id.
func (t *Tx) D1Databases(account string) []D1Database { return t.d1Databases(account).all() }

// D1Database returns a database by its id.
func (t *Tx) D1Database(account, uuid string) (D1Database, bool) {
	return t.d1Databases(account).get(uuid)
}

// PutD1Database creates or replaces a database.
func (t *Tx) PutD1Database(account string, d D1Database) { t.d1Databases(account).put(d.UUID, d) }

// DeleteD1Database removes a database.
func (t *Tx) DeleteD1Database(account, uuid string) { t.d1Databases(account).delete(uuid) }

func (t *Tx) d1Databases(account string) collection[D1Database] {
	return collect[D1Database](t, accountDataBucket, account, d1DatabasesBucket)
}

// missingDatabase returns the platform's error for a binding without its
// database.
func missingDatabase(tx *Tx, account string, b Binding) (code int, message string) {
	if _, found := tx.D1Database(account, b.DatabaseID()); found {
		return 0, ""
	}
	return 10181, fmt.Sprintf("D1 database '%s' of the binding '%s' not found", b.DatabaseID(), b.Name)
}
