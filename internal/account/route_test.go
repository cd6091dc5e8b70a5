package account

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

func TestZones(t *testing.T) {
	l := openLocal(t)
	id := l.ensureZone(t, "example.com")
	put(t, l.Account, worker("router"), nil)
	put(t, l.Account, &spec.Route{Zone: "example.com", Pattern: "example.com/*", Worker: "router"}, nil)

	// A file may name a zone by its id. The addresses are the same.
	snap := l.read(t, routesOf(id), routesOf("example.com"))
	for _, zone := range []string{id, "example.com"} {
		address := spec.Address{Kind: spec.KindRoute, Parent: zone, Name: "example.com/*"}
		if snap.Resources[address] == nil {
			t.Errorf("%s is not among %v", address, snap.Addresses())
		}
	}
	_, err := l.Read(t.Context(), "platform", []spec.Collection{routesOf("elsewhere.example")})
	var unknown *UnknownZoneError
	if !errors.As(err, &unknown) || unknown.Zone != "elsewhere.example" || !strings.Contains(err.Error(), `"elsewhere.example"`) {
		t.Errorf("got %v", err)
	}
}

// A route of ours is seen even in a zone that was not asked for.
func TestRoutesElsewhere(t *testing.T) {
	l := openLocal(t)
	l.ensureZone(t, "example.com")
	l.ensureZone(t, "example.net")
	forgotten := l.ensureZone(t, "shop.example.org")
	put(t, l.Account, worker("router"), nil)
	l.seed(t, "", 1, func(int) []string { return nil }) // w0000, unowned
	for zone, patterns := range map[string][]string{
		"example.com":      {"example.com/*"},
		"shop.example.org": {"*.eu.shop.example.org/*", "*shop.example.org/cart"},
		"example.net":      {"*/*"}, // nothing shows the zone of this one
	} {
		for _, pattern := range patterns {
			put(t, l.Account, &spec.Route{Zone: zone, Pattern: pattern, Worker: "router"}, nil)
		}
	}
	put(t, l.Account, &spec.Route{Zone: "shop.example.org", Pattern: "shop.example.org/theirs", Worker: "w0000"}, nil)

	reader := l.client.Account(testAccount) // knows no zones yet
	l.Asked()
	snap, err := reader.Read(t.Context(), "platform", []spec.Collection{allWorkers, routesOf("example.com")})
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	for _, address := range snap.Addresses() {
		if address.Kind == spec.KindRoute {
			routes = append(routes, address.String())
			if live := snap.Resources[address]; live.Revision.ID == "" || live.Resource.(*spec.Route).Worker != "router" || !live.Detailed {
				t.Errorf("%s is %+v", address, live)
			}
		}
	}
	want := []string{
		"route/example.com/example.com/*",
		"route/shop.example.org/*.eu.shop.example.org/*",
		"route/shop.example.org/*shop.example.org/cart",
	}
	if diff := cmp.Diff(want, routes); diff != "" {
		t.Error(diff)
	}
	if snap.Read(routesOf("shop.example.org")) {
		t.Error("the zone counts as read, but only our routes were looked at")
	}
	if asked := l.Asked(); len(asked) > 6 {
		t.Errorf("asked %d times: %v", len(asked), asked)
	}

	// If the zone was read by its id, it is covered, and nothing is added
	// twice.
	snap, err = reader.Read(t.Context(), "platform", []spec.Collection{allWorkers, routesOf(forgotten)})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range snap.Addresses() {
		if address.Kind == spec.KindRoute && address.Parent == "shop.example.org" {
			t.Errorf("%s is there beside %s", address, forgotten)
		}
	}
}

// A token without access to zones still reads Workers.
func TestRoutesElsewhereWithoutPermission(t *testing.T) {
	tags := `"wfpsync.platform"`
	handler, n := answers(
		success(`[{"id":"router","tags":[`+tags+`],"routes":[{"id":"r","pattern":"a.example.com/*"}]}]`),
		failure(403, 9109, "Unauthorized to access requested resource"))
	snap, err := craft(t, handler).Account(testAccount).Read(t.Context(), "platform", []spec.Collection{allWorkers})
	if err != nil || len(snap.Resources) != 1 || *n != 2 {
		t.Errorf("%v, %v after %d requests", snap, err, *n)
	}
}
