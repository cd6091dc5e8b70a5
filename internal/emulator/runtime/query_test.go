package runtime_test

import (
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// TestD1Query: Workers see what the API writes, and the other way round.
// Queries also work while no Worker runs.
func TestD1Query(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	id := r.Database("db")
	query, raw := "/d1/database/"+id+"/query", "/d1/database/"+id+"/raw"
	r.JSON("POST", query, object{"sql": "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t (name) VALUES ('a;b')"}).OK()
	r.JSON("POST", query, object{"sql": "INSERT INTO t (name) VALUES (?)", "params": []any{"c"}}).OK()
	r.Script(emulatortest.Worker("w"), `export default { async fetch(request, env) {
  await env.DB.prepare("INSERT INTO t (name) VALUES ('worker')").run();
  return Response.json((await env.DB.prepare("SELECT name FROM t ORDER BY id").all()).results.map((r) => r.name));
} }`, object{"bindings": []any{object{"type": "d1", "name": "DB", "id": id}}}).OK()
	r.Says("anything", "/", `["a;b","c","worker"]`)
	r.JSON("POST", query, object{"sql": "SELECT * FROM nowhere"}).Fails(400, 7500)
	r.JSON("POST", query, object{"batch": []any{object{"sql": "DELETE FROM t"}, object{"sql": "SELECT * FROM nowhere"}}}).Fails(400, 7500) // undone
	r.JSON("POST", query, object{"sql": " -- nothing"}).Fails(400, 7400)
	r.JSON("POST", "/d1/database/none/query", object{"sql": "SELECT 1"}).Fails(404, 7404)

	r.Runtime.Close()
	type result struct {
		Results any
		Success bool
		Meta    struct {
			Changes   int
			ChangedDB bool `json:"changed_db"`
		}
	}
	var results []result
	r.JSON("POST", query, object{"sql": "SELECT * FROM t WHERE id > 1; DELETE FROM t WHERE id = 1"}).OK().Into(&results)
	if rows := results[0].Results.([]any); len(results) != 2 || len(rows) != 2 || rows[0].(map[string]any)["name"] != "c" || results[1].Meta.Changes != 1 || !results[1].Meta.ChangedDB {
		t.Errorf("the query answers %+v", results)
	}
	r.JSON("POST", raw, object{"sql": "SELECT id, name FROM t"}).OK().Into(&results)
	if got := results[0].Results.(map[string]any); len(got["columns"].([]any)) != 2 || len(got["rows"].([]any)) != 2 {
		t.Errorf("the raw query answers %+v", got)
	}
}
