package api

import (
	"net/http"
	"slices"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// workerDomainRoutes returns undocumented operations, with which wrangler
// deploys a Worker's custom domains.
func (s *Server) workerDomainRoutes() []route {
	const domains = "/accounts/{account}/workers/scripts/{script}/domains"
	return []route{
		{"POST", domains + "/changeset", s.compareWorkerDomains},
		{"PUT", domains + "/records", s.putWorkerDomains},
	}
}

// workerDomainFields is a custom domain as wrangler's configuration has it.
type workerDomainFields struct {
	Hostname        string `json:"hostname"`
	ZoneID          string `json:"zone_id"`
	ZoneName        string `json:"zone_name"`
	Enabled         *bool  `json:"enabled"`
	PreviewsEnabled bool   `json:"previews_enabled"`
}

func (f workerDomainFields) of(script string, override bool) customDomainFields {
	return customDomainFields{
		Hostname: f.Hostname, Service: script, ZoneID: f.ZoneID, ZoneName: f.ZoneName, OverrideExistingOrigin: override,
	}
}

// A workerDomainChange says what would happen to a custom domain. Modified
// means that it leads elsewhere today: wrangler asks before it takes that.
type workerDomainChange struct {
	customDomainView
	Modified bool `json:"modified"`
}

type workerDomainChangeset struct {
	Added       []workerDomainChange `json:"added"`
	Removed     []workerDomainChange `json:"removed"`
	Updated     []workerDomainChange `json:"updated"`
	Conflicting []workerDomainChange `json:"conflicting"` // with DNS records; never here
}

// compareWorkerDomains returns what putWorkerDomains would do.
func (s *Server) compareWorkerDomains(c *call) (reply, error) {
	var body []workerDomainFields
	if err := c.json(&body, errMalformedJSON); err != nil {
		return reply{}, err
	}
	none := []workerDomainChange{}
	changes := workerDomainChangeset{Added: none, Removed: none, Updated: none, Conflicting: none}
	name := c.param("script")
	err := c.view(func(tx *store.Tx) error {
		if !tx.Workers(c.account).Has(name) {
			return errScriptNotFound
		}
		wanted := make(map[string]bool, len(body))
		for _, f := range body {
			wanted[f.Hostname] = true
			there := slices.IndexFunc(tx.CustomDomains(c.account), func(d store.CustomDomain) bool { return d.Hostname == f.Hostname })
			if there < 0 {
				changes.Added = append(changes.Added, workerDomainChange{customDomainView: customDomainView{
					Hostname: f.Hostname, Service: name, Environment: "production", ZoneID: f.ZoneID, ZoneName: f.ZoneName,
				}})
				continue
			}
			view := viewCustomDomain(tx, tx.CustomDomains(c.account)[there])
			changes.Updated = append(changes.Updated, workerDomainChange{customDomainView: view, Modified: view.Service != name})
		}
		for _, d := range tx.CustomDomains(c.account) {
			if d.Script == name && !wanted[d.Hostname] {
				changes.Removed = append(changes.Removed, workerDomainChange{customDomainView: viewCustomDomain(tx, d)})
			}
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(changes)
}

// putWorkerDomains replaces all custom domains of a Worker.
func (s *Server) putWorkerDomains(c *call) (reply, error) {
	var body struct {
		OverrideExistingOrigin bool                 `json:"override_existing_origin"`
		Origins                []workerDomainFields `json:"origins"`
	}
	if err := c.json(&body, errMalformedJSON); err != nil {
		return reply{}, err
	}
	name := c.param("script")
	views := []customDomainView{}
	err := c.update(func(tx *store.Tx) error {
		if !tx.Workers(c.account).Has(name) {
			return errScriptNotFound
		}
		kept := map[string]bool{}
		for _, f := range body.Origins {
			if f.Enabled != nil && !*f.Enabled || f.PreviewsEnabled {
				return fail(http.StatusNotImplemented, workersInvalidHostname,
					"The local account of wfpsync knows neither enabled nor previews_enabled of custom domains: leave them out for %s", f.Hostname)
			}
			d, err := f.of(name, body.OverrideExistingOrigin).attach(tx, c.account)
			if err != nil {
				return err
			}
			kept[d.ID] = true
			views = append(views, viewCustomDomain(tx, d))
		}
		for _, d := range tx.CustomDomains(c.account) {
			if d.Script == name && !kept[d.ID] {
				tx.DeleteCustomDomain(c.account, d.ID)
			}
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(views)
}
