package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) zoneRoutes() []route {
	return []route{
		{"GET", "/zones", s.listZones},
		{"GET", "/zones/{zone}", s.getZone},
	}
}

type zoneView struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Status      string    `json:"status"`
	Paused      bool      `json:"paused"`
	Type        string    `json:"type"`
	Account     idName    `json:"account"`
	Plan        idName    `json:"plan"`
	NameServers []string  `json:"name_servers"`
	CreatedOn   timestamp `json:"created_on"`
	ModifiedOn  timestamp `json:"modified_on"`
	ActivatedOn timestamp `json:"activated_on"`
	zoneOrigin
}

// zoneOrigin has fields that the API requires although they mean nothing here:
// who owns the domain, and where it was served before.
type zoneOrigin struct {
	DevelopmentMode     int       `json:"development_mode"` // seconds until it ends
	Owner               zoneOwner `json:"owner"`
	Meta                struct{}  `json:"meta"`
	OriginalNameServers []string  `json:"original_name_servers"`
	OriginalRegistrar   *string   `json:"original_registrar"`
	OriginalDNSHost     *string   `json:"original_dnshost"`
}

type zoneOwner struct {
	idName
	Type string `json:"type"`
}

func viewZone(tx *store.Tx, z store.Zone) zoneView {
	account, _ := tx.Account(z.AccountID)
	owner := idName{ID: z.AccountID, Name: account.Name}
	return zoneView{
		ID: z.ID, Name: z.Name, Status: "active", Type: "full",
		Account:     owner,
		Plan:        idName{ID: derivedID("plan"), Name: "Enterprise Website"},
		NameServers: []string{"ns1.localhost", "ns2.localhost"},
		CreatedOn:   timestamp(z.CreatedOn), ModifiedOn: timestamp(z.CreatedOn), ActivatedOn: timestamp(z.CreatedOn),
		zoneOrigin: zoneOrigin{Owner: zoneOwner{owner, "organization"}},
	}
}

// EnsureZone gives an account a zone. The API cannot create zones here, because
// a real one needs a domain.
func (s *Server) EnsureZone(account, name string) error {
	if err := s.EnsureAccount(account); err != nil {
		return err
	}
	// The id is derived, so that it stays the same in tests and tutorials.
	z := store.Zone{
		ID: derivedID("zone " + account + " " + strings.ToLower(name)), Name: strings.ToLower(name),
		AccountID: account, CreatedOn: s.now(),
	}
	return s.store.Update(func(tx *store.Tx) error {
		if _, exists := tx.Zone(z.ID); !exists {
			tx.PutZone(z)
		}
		return nil
	})
}

// EnsureZoneOf gives an account a zone for a host, unless it has one already:
// the last two labels of the host. The long list of real registries is not
// needed here, and below .invalid there is none (RFC 2606).
func (s *Server) EnsureZoneOf(account, host string) error {
	found := false
	err := s.store.View(func(tx *store.Tx) error {
		_, found = zoneOfHost(tx, account, host)
		return nil
	})
	if err != nil || found || strings.HasSuffix(host, ".invalid") {
		return err
	}
	labels := strings.Split(host, ".")
	return s.EnsureZone(account, strings.Join(labels[max(0, len(labels)-2):], "."))
}

// zoneOfHost returns the longest zone of an account that contains a host.
func zoneOfHost(tx *store.Tx, account, host string) (found store.Zone, ok bool) {
	for _, z := range accountZones(tx, account) {
		if (host == z.Name || strings.HasSuffix(host, "."+z.Name)) && len(z.Name) > len(found.Name) {
			found, ok = z, true
		}
	}
	return found, ok
}

// accountZones returns the zones of an account.
func accountZones(tx *store.Tx, account string) []store.Zone {
	return slices.DeleteFunc(tx.Zones(), func(z store.Zone) bool { return z.AccountID != account })
}

// findZone returns the zone in a call's path, if its account may be used.
func (s *Server) findZone(c *call, tx *store.Tx) (store.Zone, error) {
	z, found := tx.Zone(c.param("zone"))
	if !found || !s.allowed(z.AccountID) {
		return z, fail(http.StatusForbidden, codeInvalidZone, "Invalid zone identifier")
	}
	return z, nil
}

func (s *Server) listZones(c *call) (reply, error) {
	query := c.query()
	views := []zoneView{}
	err := c.view(func(tx *store.Tx) error {
		for _, z := range tx.Zones() {
			if !s.allowed(z.AccountID) {
				continue
			}
			view := viewZone(tx, z)
			if isOrAny(query.Get("name"), view.Name) && isOrAny(query.Get("account.id"), view.Account.ID) &&
				isOrAny(query.Get("account.name"), view.Account.Name) && isOrAny(query.Get("status"), view.Status) {
				views = append(views, view)
			}
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	slices.SortFunc(views, func(a, b zoneView) int { return strings.Compare(a.Name, b.Name) })
	return pageOf(views, query, pageRange{min: 5, max: 50, byDefault: 20}, codeInvalidObject)
}

func isOrAny(wanted, is string) bool { return wanted == "" || strings.EqualFold(wanted, is) }

func (s *Server) getZone(c *call) (reply, error) {
	var view zoneView
	err := c.view(func(tx *store.Tx) error {
		z, err := s.findZone(c, tx)
		if err == nil {
			view = viewZone(tx, z)
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}
