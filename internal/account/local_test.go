package account

import (
	"encoding/json"
	"iter"
	"testing"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/internal/cloudflare/cloudflaretest"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
)

// local is an emulated account behind real HTTP, with a record of what it was
// asked.
type local struct {
	*Account
	*cloudflaretest.Local
	waits *waits
}

func openLocal(t *testing.T, change ...func(*emulator.Options)) *local {
	t.Helper()
	l := &local{Local: cloudflaretest.OpenLocal(t, change...)}
	l.connect(t, cloudflare.Options{})
	return l
}

// connect replaces the account with one that has other options.
func (l *local) connect(t *testing.T, o cloudflare.Options) {
	t.Helper()
	l.waits = new(waits)
	o.BaseURL, o.Credentials, o.Sleep = l.BaseURL, cloudflare.Credentials{Token: "local"}, l.waits.Sleep
	client, err := New(Options{Options: o})
	if err != nil {
		t.Fatal(err)
	}
	l.Account = client.Account(testAccount)
}

// ensureZone gives the account a zone and returns its id.
func (l *local) ensureZone(t *testing.T, name string) string {
	t.Helper()
	if err := l.Emulator.ForTests().EnsureZone(testAccount, name); err != nil {
		t.Fatal(err)
	}
	z, err := l.zone(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return z.ID
}

// seed stores scripts without a request, with tags that depend on their index.
func (l *local) seed(t *testing.T, namespace string, n int, tags func(i int) []string) {
	t.Helper()
	err := l.Emulator.ForTests().Seed(testAccount, namespace, seeds(n, tags))
	if err != nil {
		t.Fatal(err)
	}
}

func seeds(n int, tags func(i int) []string) iter.Seq[api.Seed] {
	return func(yield func(api.Seed) bool) {
		for i := range n {
			metadata, _ := json.Marshal(spec.Object{"compatibility_date": "2026-01-01", "tags": tags(i)})
			if !yield(api.Seed{Name: seedName(i), Metadata: metadata}) {
				return
			}
		}
	}
}

func (l *local) read(t *testing.T, collections ...spec.Collection) *spec.Snapshot {
	t.Helper()
	snap, err := l.Read(t.Context(), "platform", collections)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func (l *local) inspect(t *testing.T, snap *spec.Snapshot, addresses ...spec.Address) {
	t.Helper()
	if err := l.Inspect(t.Context(), snap, addresses); err != nil {
		t.Fatal(err)
	}
}

var (
	allNamespaces = spec.Collection{Kind: spec.KindDispatchNamespace}
	allKV         = spec.Collection{Kind: spec.KindKVNamespace}
	allDatabases  = spec.Collection{Kind: spec.KindD1Database}
	allQueues     = spec.Collection{Kind: spec.KindQueue}
	allWorkers    = spec.Collection{Kind: spec.KindWorker}
)

func bucketsIn(jurisdiction string) spec.Collection {
	return spec.Collection{Kind: spec.KindR2Bucket, Parent: jurisdiction}
}

func routesOf(zone string) spec.Collection {
	return spec.Collection{Kind: spec.KindRoute, Parent: zone}
}
