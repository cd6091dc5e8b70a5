package account

import (
	"context"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// workerRoute is a route as the list of Workers shows it, without its zone.
type workerRoute struct {
	ID      string `json:"id"`
	Pattern string `json:"pattern"`
	Script  string `json:"script"`
}

// addOrphanRoutes adds the routes of our Workers in zones that were not read.
// It finds the zone as wrangler does, by walking up the labels of the pattern's
// host. It skips a pattern without a host, such as */*, because nothing shows
// its zone, and a zone that the credentials may not look up.
func (r *reading) addOrphanRoutes(ctx context.Context, snap *spec.Snapshot) error {
	read := r.zonesRead(snap)
	slices.SortFunc(r.routes, func(a, b workerRoute) int { return strings.Compare(a.Pattern, b.Pattern) })
	for _, route := range r.routes {
		if read.patterns[route.Pattern] {
			continue
		}
		zone, found, err := r.account.zoneOf(ctx, spec.RouteHost(route.Pattern), read.names)
		if err != nil && !cloudflare.IsDenied(err) {
			return err
		}
		if !found || read.ids[zone.ID] {
			continue
		}
		live := liveRoute(zone.Name, route)
		snap.Resources[live.Resource.Address()] = live
	}
	return nil
}

// zonesRead are the zones, and the patterns, that a snapshot covers.
type zonesRead struct{ names, ids, patterns map[string]bool }

func (r *reading) zonesRead(snap *spec.Snapshot) zonesRead {
	read := zonesRead{names: map[string]bool{}, ids: map[string]bool{}, patterns: map[string]bool{}}
	for _, c := range snap.Collections {
		switch {
		case c.Kind != spec.KindRoute:
		case zoneID.MatchString(c.Parent):
			read.ids[c.Parent] = true
		default:
			read.names[c.Parent] = true
		}
	}
	for address := range snap.Resources {
		if address.Kind == spec.KindRoute {
			read.patterns[address.Name] = true
		}
	}
	return read
}
