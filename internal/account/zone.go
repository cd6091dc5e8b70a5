package account

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/cloudflare/cloudflare-go/v4/zones"
)

// zone is a DNS zone, which routes belong to.
type zone struct{ ID, Name string }

// UnknownZoneError is a zone that the account does not have, or that the
// credentials cannot see.
type UnknownZoneError struct {
	Zone    string
	Account string
}

func (e *UnknownZoneError) Error() string {
	return fmt.Sprintf("zone %q does not exist in account %s, or the credentials cannot see it", e.Zone, e.Account)
}

var zoneID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// zone finds a zone by its exact name, once. An id is taken as it is: its name
// is not asked for.
func (a *Account) zone(ctx context.Context, name string) (zone, error) {
	if zoneID.MatchString(name) {
		return zone{ID: name}, nil
	}
	a.zonesMu.Lock()
	known, ok := a.zones[name]
	a.zonesMu.Unlock()
	if ok {
		return known, nil
	}
	var params zones.ZoneListParams
	params.Name.Value, params.Name.Present = name, true
	params.Account.Value.ID.Value, params.Account.Value.ID.Present = a.id, true
	params.Account.Present = true
	answer, err := a.client.sdk.zones.List(ctx, params)
	if err != nil {
		return zone{}, plain(err)
	}
	for _, z := range answer.Result {
		if strings.EqualFold(z.Name, name) {
			known = zone{ID: z.ID, Name: z.Name}
			a.zonesMu.Lock()
			defer a.zonesMu.Unlock()
			a.zones[name] = known
			return known, nil
		}
	}
	return zone{}, &UnknownZoneError{Zone: name, Account: a.id}
}
