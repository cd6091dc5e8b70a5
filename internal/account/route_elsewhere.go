package account

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// workerRoute is a route as the list of Workers shows it, without its zone.
type workerRoute struct {
	ID      string `json:"id"`
	Pattern string `json:"pattern"`
	Script  string `json:"script"`
}

// addRoutesElsewhere adds the routes of our Workers in zones that were not
// read. Such a zone is found as wrangler finds it, by walking up the labels of
// the pattern's host. A pattern without a host, such as */*, is in a zone that
// nothing tells; and a zone that the credentials may not look up stays unread.
func (r *reading) addRoutesElsewhere(ctx context.Context, snap *spec.Snapshot) error {
	read := r.zonesRead(snap)
	slices.SortFunc(r.routes, func(a, b workerRoute) int { return strings.Compare(a.Pattern, b.Pattern) })
	absent := map[string]bool{} // names that are no zone
	for _, route := range r.routes {
		if read.patterns[route.Pattern] {
			continue
		}
		zone, found, err := r.zoneOf(ctx, patternHost(route.Pattern), read.names, absent)
		if err != nil {
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

// zonesRead says which zones, and which patterns, a snapshot covers.
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

// zoneOf finds the zone of a host, unless it is one of those that were read.
func (r *reading) zoneOf(ctx context.Context, host string, read, absent map[string]bool) (zone, bool, error) {
	for name := host; strings.Contains(name, "."); _, name, _ = strings.Cut(name, ".") {
		if read[name] {
			return zone{}, false, nil
		}
		if absent[name] {
			continue
		}
		z, err := r.account.zone(ctx, name)
		switch {
		case errors.As(err, new(*UnknownZoneError)):
			absent[name] = true
		case IsDenied(err):
			return zone{}, false, nil
		case err != nil:
			return zone{}, false, err
		default:
			return z, true, nil
		}
	}
	return zone{}, false, nil
}

// patternHost is the host of a route pattern without its wildcard: both
// *.example.com/* and *example.com/* are about example.com.
func patternHost(pattern string) string {
	if _, rest, ok := strings.Cut(pattern, "://"); ok {
		pattern = rest
	}
	host, _, _ := strings.Cut(pattern, "/")
	return strings.TrimLeft(host, "*.")
}
