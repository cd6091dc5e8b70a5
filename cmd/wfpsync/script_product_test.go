package main

import (
	"encoding/json"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// product NAME [TAG…] uploads a user Worker to the namespace customers as the
// product of a platform does, which knows nothing of wfpsync: with variables, a
// secret, a binding and settings of its own.
func cmdProduct(ts *testscript.TestScript, _ bool, args []string) {
	metadata, err := json.Marshal(map[string]any{
		"compatibility_date": "2026-01-01", "compatibility_flags": []string{"nodejs_compat"}, "tags": args[1:],
		"bindings": []any{
			map[string]any{"type": "plain_text", "name": "TENANT", "text": args[0]},
			map[string]any{"type": "secret_text", "name": "API_KEY", "text": "secret of " + args[0]},
			map[string]any{"type": "analytics_engine", "name": "DATA", "dataset": "tenants"},
		},
		"limits": map[string]any{"cpu_ms": 20}, "cache_options": map[string]any{"enabled": true},
		"observability": map[string]any{"enabled": true},
	})
	ts.Check(err)
	worldOf(ts).with(ts, func(account *emulator.Emulator) {
		ts.Check(account.ForTests().Seed(emulator.LocalAccountID, "customers", func(yield func(api.Seed) bool) {
			yield(api.Seed{Name: args[0], Metadata: metadata})
		}))
	})
}
