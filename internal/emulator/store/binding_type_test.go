package store

import (
	"encoding/json"
	"testing"
)

// TestD1DatabaseByEitherName: a d1 binding finds its database by id or by
// database_id.
func TestD1DatabaseByEitherName(t *testing.T) {
	s := open(t)
	update(t, s, func(tx *Tx) { tx.PutD1Database("a", D1Database{UUID: "u-1", Name: "orders"}) })
	for _, field := range []string{"id", "database_id"} {
		b := Binding{Name: "DB", Type: "d1", Fields: map[string]json.RawMessage{field: json.RawMessage(`"u-1"`)}}
		view(t, s, func(tx *Tx) {
			if name := BindingTypeOf("d1").Title(tx, "a", b); name != "orders" {
				t.Errorf("a binding by %s is called %q", field, name)
			}
		})
	}
}
