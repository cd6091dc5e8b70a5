package cloudflaretest

import (
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// AccountID is the account of the tests.
const AccountID = "0123456789abcdef0123456789abcdef"

// Local is an emulated account behind real HTTP, with a record of its requests.
type Local struct {
	Emulator *emulator.Emulator
	BaseURL  string

	mu       sync.Mutex
	requests []string // "GET /workers/…": below the account, with the query
}

// OpenLocal opens an empty account until the test ends.
func OpenLocal(t *testing.T, change ...func(*emulator.Options)) *Local {
	t.Helper()
	l := &Local{}
	options := emulator.Options{Dir: t.TempDir(), NoSync: true, Options: api.Options{Observe: l.observe}}
	for _, c := range change {
		c(&options)
	}
	e, err := emulator.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(e)
	t.Cleanup(func() {
		server.Close()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	l.Emulator, l.BaseURL = e, server.URL+emulator.BasePath
	return l
}

func (l *Local) observe(r api.Request) {
	path := strings.TrimPrefix(r.Path, emulator.BasePath)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, r.Method+" "+strings.TrimPrefix(path, "/accounts/"+AccountID))
}

// Asked returns the requests since the last call, sorted.
func (l *Local) Asked() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	asked := l.requests
	l.requests = nil
	slices.Sort(asked)
	return asked
}
