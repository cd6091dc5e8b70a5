package account

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudflare/cloudflare-go/v4/zones"
	"github.com/wfpsync/wfpsync/internal/cloudflare"
)

// zone is a DNS zone, which routes belong to.
type zone struct{ ID, Name string }

// UnknownZoneError says that the account does not have a zone, or that the
// credentials cannot see it.
type UnknownZoneError struct {
	Zone    string
	Account string
}

func (e *UnknownZoneError) Error() string {
	return fmt.Sprintf("zone %q does not exist in account %s, or the credentials cannot see it", e.Zone, e.Account)
}

var zoneID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// zone finds a zone by its exact name, once. An id is taken as it is, without a
// request for its name.
func (a *Account) zone(ctx context.Context, name string) (zone, error) {
	if zoneID.MatchString(name) {
		return zone{ID: name}, nil
	}
	name = strings.ToLower(name)
	known, ok := a.knownZone(name)
	if !ok {
		var params zones.ZoneListParams
		params.Name.Value, params.Name.Present = name, true
		found, err := a.listZones(ctx, params)
		if err != nil {
			return zone{}, err
		}
		known = a.learnZones(name, found)
	}
	if known.ID == "" {
		return zone{}, &UnknownZoneError{Zone: name, Account: a.id}
	}
	return known, nil
}

// listZones reads one page of the account's zones.
func (a *Account) listZones(ctx context.Context, params zones.ZoneListParams) ([]zones.Zone, error) {
	params.Account.Value.ID.Value, params.Account.Value.ID.Present = a.id, true
	params.Account.Present = true
	response, err := a.client.sdk.zones.List(ctx, params)
	if err != nil {
		return nil, cloudflare.Plain(err)
	}
	return response.Result, cloudflare.IsList("zones", response.JSON.RawJSON())
}

// knownZone returns what is known about a name: its zone, or that it does not
// exist.
func (a *Account) knownZone(name string) (zone, bool) {
	a.zonesMu.Lock()
	defer a.zonesMu.Unlock()
	known, ok := a.zones[name]
	return known, ok || a.allZones
}

// learnZones notes zones, and the result of looking for a name.
func (a *Account) learnZones(name string, found []zones.Zone) zone {
	a.zonesMu.Lock()
	defer a.zonesMu.Unlock()
	a.zones[name] = zone{}
	for _, z := range found {
		a.zones[strings.ToLower(z.Name)] = zone{ID: z.ID, Name: z.Name}
	}
	return a.zones[name]
}

// ZonesOf finds the zones of hosts, by host. A host in no zone is not among the
// keys.
func (a *Account) ZonesOf(ctx context.Context, hosts []string) (map[string]string, error) {
	if len(hosts) == 0 {
		return nil, nil
	}
	if err := a.firstZones(ctx); err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, host := range hosts {
		z, ok, err := a.zoneOf(ctx, host, nil)
		if err != nil {
			return nil, err
		}
		if ok {
			found[host] = z.Name
		}
	}
	return found, nil
}

// zonesOnPage is the largest page.
const zonesOnPage = 50

// firstZones reads the first page of zones. Few accounts have more, and then no
// zone needs a request of its own.
func (a *Account) firstZones(ctx context.Context) error {
	var params zones.ZoneListParams
	params.PerPage.Value, params.PerPage.Present = zonesOnPage, true
	found, err := a.listZones(ctx, params)
	if err != nil {
		return err
	}
	a.learnZones("", found)
	a.zonesMu.Lock()
	defer a.zonesMu.Unlock()
	a.allZones = len(found) < zonesOnPage
	return nil
}

// zoneOf finds the longest zone of a host, as wrangler does, by walking up its
// labels. It stops at a name in the given set and finds nothing.
func (a *Account) zoneOf(ctx context.Context, host string, stop map[string]bool) (zone, bool, error) {
	for name := host; strings.Contains(name, ".") && !stop[name]; _, name, _ = strings.Cut(name, ".") {
		z, err := a.zone(ctx, name)
		if err == nil {
			return z, true, nil
		}
		if !errors.As(err, new(*UnknownZoneError)) {
			return zone{}, false, err
		}
	}
	return zone{}, false, nil
}

// Zones returns the names of all the account's zones, in order.
func (a *Account) Zones(ctx context.Context) ([]string, error) {
	list, err := cloudflare.AllPages(ctx, zonesOnPage, func(ctx context.Context, page float64) ([]zones.Zone, string, error) {
		var params zones.ZoneListParams
		params.Account.Value.ID.Value, params.Account.Value.ID.Present = a.id, true
		params.Account.Present = true
		params.Page.Value, params.Page.Present = page, true
		params.PerPage.Value, params.PerPage.Present = zonesOnPage, true
		response, err := a.client.sdk.zones.List(ctx, params)
		if err != nil {
			return nil, "", err
		}
		raw := response.JSON.RawJSON()
		return response.Result, raw, cloudflare.IsList("zones", raw)
	}, func(z zones.Zone) string { return z.ID })
	if err != nil {
		return nil, err
	}
	a.learnZones("", list)
	a.zonesMu.Lock()
	a.allZones = true
	a.zonesMu.Unlock()
	var names []string
	for _, z := range list {
		names = append(names, strings.ToLower(z.Name))
	}
	slices.Sort(names)
	return names, nil
}
