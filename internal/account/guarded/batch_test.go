package guarded

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
)

func pair(key, value string) *spec.KVPair {
	return &spec.KVPair{KVNamespace: "Table", Key: key, Value: value}
}

var inTable = spec.Collection{Kind: spec.KindKVPair, Parent: "Table"}

func pairs(n int, value string) []spec.Write {
	var writes []spec.Write
	for i := range n {
		writes = append(writes, spec.Write{Stack: "platform", Resource: pair(fmt.Sprintf("k%05d", i), value)})
	}
	return writes
}

// openTable opens an account with an empty KV namespace.
func openTable(t *testing.T) (*local, *Account) {
	t.Helper()
	l := openLocal(t)
	put(t, l.account, &spec.KVNamespace{Title: "Table"}, nil)
	l.Asked()
	return l, New(l.account)
}
func TestKVPairs(t *testing.T) {
	l, c := openTable(t)
	one := &spec.KVPair{
		KVNamespace: "Table", Key: "a/b ?#%2F", Value: "AP8=", Base64: true, Metadata: spec.Object{"n": 1.0}, ExpirationTTL: 3600,
		UserWorker: spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "acme"},
	}
	revision, err := c.Put(t.Context(), spec.Write{Stack: "platform", Resource: one})
	if err != nil {
		t.Fatal(err)
	}
	snap := l.read(t, inTable)
	live := snap.Resources[one.Address()]
	if live == nil || live.Revision != revision || live.Revision.Owner != "platform" || live.Detailed {
		t.Fatalf("put %+v, found %+v", revision, live)
	}
	found := live.Resource.(*spec.KVPair)
	if found.ValueDigest() != one.ValueDigest() || found.UserWorker != one.UserWorker || found.ExpirationTTL != 3600 || !cmp.Equal(found.Metadata, one.Metadata) {
		t.Errorf("found %+v", found)
	}
	l.inspect(t, snap, one.Address())
	if read := snap.Resources[one.Address()]; !read.Detailed || !cmp.Equal(read.Resource.Canonical(), one.Canonical()) {
		t.Errorf("read %+v", read.Resource)
	}
	if err := c.Delete(t.Context(), one.Address(), revision); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(t.Context(), one.Address(), revision); err != nil {
		t.Errorf("gone is as good: %v", err)
	}
	if snap := l.read(t, inTable); len(snap.Resources) != 0 {
		t.Errorf("left %v", snap.Addresses())
	}
}
func TestKVPairsTogether(t *testing.T) {
	l, c := openTable(t)
	writes := pairs(12_000, "x")
	_, errs := c.PutAll(t.Context(), writes)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	// It takes the list of keys, and one request for each ten thousand.
	if asked := l.Asked(); len(asked) != 3 || !strings.HasSuffix(asked[1], "/bulk") || !strings.HasSuffix(asked[2], "/bulk") {
		t.Errorf("asked %q", asked)
	}
	snap := l.read(t, inTable)
	if n := len(snap.Resources); n != 12_000 {
		t.Errorf("%d pairs", n)
	}
	if asked := l.Asked(); len(asked) != 13 { // the namespaces, and 12 pages
		t.Errorf("%d requests to list: %q", len(asked), asked)
	}
	l.account.SetKeyPrefixes(map[spec.Collection]string{inTable: "k0000"})
	if n := len(l.read(t, inTable).Resources); n != 10 {
		t.Errorf("%d pairs begin with the prefix", n)
	}
	l.Asked()
	var addresses []spec.Address
	var priors []spec.Revision
	for _, a := range snap.Addresses()[:3] {
		addresses, priors = append(addresses, a), append(priors, snap.Resources[a].Revision)
	}
	if err := errors.Join(c.DeleteAll(t.Context(), addresses, priors)...); err != nil {
		t.Fatal(err)
	}
	if asked := l.Asked(); len(asked) != 2 || !strings.HasSuffix(asked[1], "/bulk/delete") || !strings.Contains(asked[0], "prefix=k0000") {
		t.Errorf("asked %q", asked)
	}
}

// A pair that another program has written since the plan was made stays, and
// the others are written.
func TestKVPairsThatMoved(t *testing.T) {
	l, c := openTable(t)
	writes := pairs(3, "x")
	revisions, _ := c.PutAll(t.Context(), writes)
	theirs := pair("k00001", "theirs")
	if _, err := l.account.Put(t.Context(), spec.Write{Stack: "other", Resource: theirs}); err != nil {
		t.Fatal(err)
	}
	again := pairs(4, "y") // the last one is new
	for i := range revisions {
		again[i].Prior = &revisions[i]
	}
	_, errs := c.PutAll(t.Context(), again)
	if errs[0] != nil || errs[2] != nil || errs[3] != nil || !account.IsMoved(errs[1]) {
		t.Errorf("got %v", errs)
	}
	snap := l.read(t, inTable)
	if owner := snap.Resources[theirs.Address()].Revision.Owner; owner != "other" {
		t.Errorf("the owner is %q", owner)
	}
	// A pair that exists already is not overwritten by a create, unless it is
	// what the create would make.
	_, errs = c.PutAll(t.Context(), append(pairs(1, "z"), spec.Write{Stack: "platform", Resource: pair("k00003", "y")}))
	if !account.IsMoved(errs[0]) || errs[1] != nil {
		t.Errorf("got %v", errs)
	}
	errs = c.DeleteAll(t.Context(), []spec.Address{pair("k00002", "").Address()}, revisions[2:3])
	if !account.IsMoved(errs[0]) {
		t.Errorf("got %v", errs)
	}
}

// Among a million keys of others, the ones that count are looked up by name.
func TestKVPairsAmongMany(t *testing.T) {
	l, c := openTable(t)
	if _, errs := c.PutAll(t.Context(), pairs(9_000, "x")); errors.Join(errs...) != nil {
		t.Fatal(errs)
	}
	l.Asked()
	few := []spec.Write{{Stack: "platform", Resource: pair("a", "1")}, {Stack: "platform", Resource: pair("z", "2")}}
	if _, errs := c.PutAll(t.Context(), few); errors.Join(errs...) != nil {
		t.Fatal(errs)
	}
	if asked := l.Asked(); len(asked) != 4 { // two pages, z, and the bulk
		t.Errorf("%d requests: %q", len(asked), asked)
	}
}

// Keys that KV reports as not written are sent again, and no others.
func TestKVPairsThatKVDoesNotTake(t *testing.T) {
	l, c := openTable(t)
	l.Emulator.ForTests().SetTrouble(api.Trouble{KVUnsuccessful: []string{"k00001"}})
	revisions, errs := c.PutAll(t.Context(), pairs(3, "x"))
	if errs[0] != nil || errs[2] != nil || !notTaken(errs[1]) {
		t.Errorf("got %v", errs)
	}
	l.Emulator.ForTests().SetTrouble(api.Trouble{})
	if n := len(l.read(t, inTable).Resources); n != 2 {
		t.Errorf("%d pairs", n)
	}
	l.Emulator.ForTests().SetTrouble(api.Trouble{KVUnsuccessful: []string{"k00000"}})
	errs = c.DeleteAll(t.Context(), []spec.Address{pair("k00000", "").Address(), pair("k00002", "").Address()}, []spec.Revision{revisions[0], revisions[2]})
	if !notTaken(errs[0]) || errs[1] != nil {
		t.Errorf("got %v", errs)
	}
}

// reservations counts the reservations that are not released.
type reservations struct {
	Unguarded
	open int
}

func (u *reservations) Reserve(ctx context.Context, look func() error) (context.Context, func(), error) {
	write, release, err := u.Unguarded.Reserve(ctx, look)
	if err != nil {
		return nil, nil, err
	}
	u.open++
	return write, func() { u.open--; release() }, nil
}

// A reservation is released even if nothing is left to write.
func TestReservationsAreReleased(t *testing.T) {
	l, _ := openTable(t)
	u := &reservations{Unguarded: l.account}
	g := New(u)
	revisions, errs := g.PutAll(t.Context(), pairs(1, "x"))
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	for range 2 {
		if err := g.DeleteAll(t.Context(), []spec.Address{pair("k00000", "").Address()}, revisions)[0]; err != nil {
			t.Error(err)
		}
		if u.open != 0 {
			t.Errorf("%d reservations are open", u.open)
		}
	}
}
