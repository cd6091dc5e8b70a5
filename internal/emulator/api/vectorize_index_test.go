package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestVectorizeIndexes(t *testing.T) {
	frozen := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return frozen }}})
	const list = "/vectorize/v2/indexes"
	index := func(name string, config object) *emulatortest.Response {
		t.Helper()
		return a.JSON("POST", list, object{"name": name, "config": config})
	}
	cosine := object{"dimensions": 768, "metric": "cosine"}
	const view = `{"name":"catalogue","description":"","config":{"dimensions":768,"metric":"cosine"},"created_on":"2026-11-21T12:00:00.000000Z","modified_on":"2026-11-21T12:00:00.000000Z"}`
	index("catalogue", cosine).OK().Is(view)
	a.Get(list + "/catalogue").OK().Is(view)
	a.Get(list).OK().Is("[" + view + "]")
	index("catalogue", cosine).Fails(400, 3002)
	for _, name := range []string{"", "A", "1a", "a-", "a", strings.Repeat("x", 65)} {
		index(name, cosine).Fails(400, 3003)
	}
	for _, config := range []object{
		nil, {}, {"dimensions": 31, "metric": "cosine"}, {"dimensions": 1537, "metric": "cosine"}, {"dimensions": 768}, {"dimensions": 768, "metric": "near"}, {"preset": "mine"},
	} {
		index("other", config).Fails(400, 3003)
	}
	a.JSON("POST", list, object{"name": "other"}).Fails(400, 3003)
	a.JSON("POST", list, "x").Fails(400, 3003)
	a.Get(list+"/other").Fails(400, 3000)
	a.JSON("DELETE", list+"/other", nil).Fails(400, 3000)

	bindings := func(name string) object {
		return object{"bindings": []any{object{"type": "vectorize", "name": "INDEX", "index_name": name}}}
	}
	a.Upload(emulatortest.Worker("w"), bindings("other")).Fails(400, 10159)
	a.Upload(emulatortest.Worker("w"), bindings("catalogue")).OK()
	a.JSON("DELETE", list+"/catalogue", nil).OK()
	a.Get(list).OK().Is("[]")
}
