package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) customDomainRoutes() []route {
	const list, one = "/accounts/{account}/workers/domains", "/accounts/{account}/workers/domains/{domain}"
	return []route{
		{"GET", list, s.listCustomDomains},
		{"PUT", list, s.putCustomDomain},
		{"GET", one, s.getCustomDomain},
		{"DELETE", one, s.deleteCustomDomain},
	}
}

type customDomainView struct {
	ID          string `json:"id"`
	Hostname    string `json:"hostname"`
	Service     string `json:"service"`
	Environment string `json:"environment"`
	ZoneID      string `json:"zone_id"`
	ZoneName    string `json:"zone_name"`
	CertID      string `json:"cert_id"`
}

func viewCustomDomain(tx *store.Tx, d store.CustomDomain) customDomainView {
	zone, _ := tx.Zone(d.ZoneID)
	return customDomainView{
		ID: d.ID, Hostname: d.Hostname, Service: d.Script, Environment: "production",
		ZoneID: d.ZoneID, ZoneName: zone.Name, CertID: derivedID("certificate " + d.ID),
	}
}

// listCustomDomains returns all of them: this list has no pages.
func (s *Server) listCustomDomains(c *call) (reply, error) {
	query := c.query()
	views := []customDomainView{}
	err := c.view(func(tx *store.Tx) error {
		for _, d := range tx.CustomDomains(c.account) {
			view := viewCustomDomain(tx, d)
			if isOrAny(query.Get("hostname"), view.Hostname) && isOrAny(query.Get("service"), view.Service) &&
				isOrAny(query.Get("zone_id"), view.ZoneID) && isOrAny(query.Get("zone_name"), view.ZoneName) &&
				isOrAny(query.Get("environment"), view.Environment) {
				views = append(views, view)
			}
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	slices.SortFunc(views, func(a, b customDomainView) int { return strings.Compare(a.Hostname, b.Hostname) })
	return ok(views)
}

type customDomainFields struct {
	Hostname               string `json:"hostname"`
	Service                string `json:"service"`
	ZoneID                 string `json:"zone_id"`
	ZoneName               string `json:"zone_name"`
	OverrideExistingOrigin bool   `json:"override_existing_origin"`
}

// putCustomDomain attaches a hostname to a Worker. A hostname of another Worker
// moves only if the body asks for it.
func (s *Server) putCustomDomain(c *call) (reply, error) {
	var body customDomainFields
	if err := c.json(&body, errMalformedJSON); err != nil {
		return reply{}, err
	}
	var view customDomainView
	err := c.update(func(tx *store.Tx) error {
		d, err := body.attach(tx, c.account)
		if err == nil {
			view = viewCustomDomain(tx, d)
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

func (f customDomainFields) attach(tx *store.Tx, account string) (store.CustomDomain, error) {
	zone, err := findZoneOf(tx, account, f.ZoneID, f.ZoneName, f.Hostname)
	if err != nil {
		return store.CustomDomain{}, err
	}
	if err := f.check(tx, account, zone); err != nil {
		return store.CustomDomain{}, err
	}
	d := store.CustomDomain{ID: newID(), Hostname: f.Hostname, Script: f.Service, ZoneID: zone.ID}
	for _, other := range tx.CustomDomains(account) {
		if other.Hostname != f.Hostname {
			continue
		}
		if other.Script != f.Service && !f.OverrideExistingOrigin {
			return d, fail(http.StatusConflict, workersHostnameTaken, "Hostname '%s' is already in use by the Worker '%s'", other.Hostname, other.Script)
		}
		d.ID = other.ID
	}
	tx.PutCustomDomain(account, d)
	return d, nil
}

func (f customDomainFields) check(tx *store.Tx, account string, zone store.Zone) error {
	switch {
	case f.Hostname == "" || strings.ContainsAny(f.Hostname, "*/: "):
		return fail(http.StatusBadRequest, workersInvalidHostname, "%q is not a valid hostname", f.Hostname)
	case f.Hostname != zone.Name && !strings.HasSuffix(f.Hostname, "."+zone.Name):
		return fail(http.StatusBadRequest, workersInvalidHostname, "The hostname '%s' does not belong to the zone '%s'", f.Hostname, zone.Name)
	case !tx.Workers(account).Has(f.Service):
		return errScriptNotFound
	}
	return nil
}

// findZoneOf returns the zone of an account that a body names by id or by name,
// or else the zone of a host.
func findZoneOf(tx *store.Tx, account, id, name, host string) (store.Zone, error) {
	for _, z := range accountZones(tx, account) {
		if z.ID == id || id == "" && z.Name == name {
			return z, nil
		}
	}
	if id == "" && name == "" {
		if z, found := zoneOfHost(tx, account, host); found {
			return z, nil
		}
	}
	return store.Zone{}, fail(http.StatusBadRequest, workersZoneNotFound, "Could not find the zone of '%s'", host)
}

func (s *Server) findCustomDomain(c *call, tx *store.Tx) (store.CustomDomain, error) {
	d, found := tx.CustomDomain(c.account, c.param("domain"))
	if !found {
		return d, fail(http.StatusNotFound, workersDomainNotFound, "workers.api.error.domain_not_found")
	}
	return d, nil
}

func (s *Server) getCustomDomain(c *call) (reply, error) {
	var view customDomainView
	err := c.view(func(tx *store.Tx) error {
		d, err := s.findCustomDomain(c, tx)
		if err == nil {
			view = viewCustomDomain(tx, d)
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

func (s *Server) deleteCustomDomain(c *call) (reply, error) {
	err := c.update(func(tx *store.Tx) error {
		d, err := s.findCustomDomain(c, tx)
		if err == nil {
			tx.DeleteCustomDomain(c.account, d.ID)
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return done()
}
