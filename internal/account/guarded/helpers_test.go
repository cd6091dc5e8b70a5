package guarded

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/internal/account/accounttest"
	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/internal/cloudflare/cloudflaretest"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
)

var _ Unguarded = (*account.Account)(nil)

// local is an emulated account, and a client that waits without taking time.
type local struct {
	*cloudflaretest.Local
	client  *account.Client
	account *account.Account
	waits   *cloudflaretest.Waits
}

func openLocal(t *testing.T, change ...func(*emulator.Options)) *local {
	t.Helper()
	l := &local{Local: cloudflaretest.OpenLocal(t, change...)}
	l.connect(t, cloudflare.Options{})
	return l
}

// connect replaces the client with one that has other options.
func (l *local) connect(t *testing.T, o cloudflare.Options) {
	t.Helper()
	l.waits = new(cloudflaretest.Waits)
	o.BaseURL, o.Credentials, o.Sleep = l.BaseURL, cloudflare.Credentials{Token: "local"}, l.waits.Sleep
	client, err := account.New(account.Options{Options: o})
	if err != nil {
		t.Fatal(err)
	}
	l.client, l.account = client, client.Account(cloudflaretest.AccountID)
}

func (l *local) ensureZone(t *testing.T, name string) {
	t.Helper()
	if err := l.Emulator.EnsureZone(cloudflaretest.AccountID, name); err != nil {
		t.Fatal(err)
	}
}

func (l *local) read(t *testing.T, collections ...spec.Collection) *spec.Snapshot {
	t.Helper()
	snap, err := l.account.Read(t.Context(), "platform", collections)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func (l *local) inspect(t *testing.T, snap *spec.Snapshot, addresses ...spec.Address) {
	t.Helper()
	if err := l.account.Inspect(t.Context(), snap, addresses); err != nil {
		t.Fatal(err)
	}
}

// seed stores user Workers without a request. Every fifth is the stack's.
func (l *local) seed(t *testing.T, namespace string, n int) {
	t.Helper()
	mark := spec.NewMark(strings.Repeat("c", 64), strings.Repeat("5", 64), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	err := l.Emulator.ForTests().Seed(cloudflaretest.AccountID, namespace, func(yield func(api.Seed) bool) {
		for i := range n {
			var tags []string
			if i%5 == 0 {
				tags = spec.MarkedTags(nil, "platform", mark)
			}
			metadata, _ := json.Marshal(spec.Object{"compatibility_date": "2026-01-01", "tags": tags})
			if !yield(api.Seed{Name: seedName(i), Metadata: metadata}) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	codeOf     = accounttest.Code
	userWorker = accounttest.UserWorker
	worker     = accounttest.Worker
	newTag     = accounttest.Tagged
	seedName   = accounttest.SeedName
	usersOf    = accounttest.UsersOf
	frontDoor  = accounttest.FrontDoor
	liveShop   = accounttest.LiveShop
)

func put(t *testing.T, a *account.Account, r spec.Resource, prior *spec.Revision) spec.Revision {
	t.Helper()
	revision, err := a.Put(t.Context(), spec.Write{Stack: "platform", Resource: r, Prior: prior})
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

var allWorkers = spec.Collection{Kind: spec.KindWorker}

func number(n float64) *float64 { return &n }

// notTaken reports whether an error says that KV has not written a key.
func notTaken(err error) bool { return err != nil && strings.Contains(err.Error(), "apply again") }
