package api

import (
	"net/http"
	"regexp"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) workerSubdomainRoutes() []route {
	const worker, account = "/accounts/{account}/workers/scripts/{script}/subdomain", "/accounts/{account}/workers/subdomain"
	return []route{
		{"GET", worker, s.getWorkerSubdomain},
		{"POST", worker, s.setWorkerSubdomain},
		{"DELETE", worker, s.deleteWorkerSubdomain},
		{"GET", account, s.getAccountSubdomain},
		{"PUT", account, s.putAccountSubdomain},
		{"DELETE", account, s.deleteAccountSubdomain},
	}
}

type subdomainView struct {
	Enabled         bool `json:"enabled"`
	PreviewsEnabled bool `json:"previews_enabled"`
}

func viewSubdomain(script store.Script) subdomainView { return subdomainView(script.Subdomain) }

func (s *Server) getWorkerSubdomain(c *call) (reply, error) {
	var view subdomainView
	err := s.readScript(c, workers{}, func(_ *store.Tx, script store.Script) error {
		view = viewSubdomain(script)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// setWorkerSubdomain sets whether the Worker is on workers.dev. Previews follow
// unless they are mentioned: wrangler leaves them out when it turns the
// subdomain off.
func (s *Server) setWorkerSubdomain(c *call) (reply, error) {
	var body struct {
		Enabled         *bool `json:"enabled"`
		PreviewsEnabled *bool `json:"previews_enabled"`
	}
	if err := c.json(&body, errMalformedJSON); err != nil {
		return reply{}, err
	}
	if body.Enabled == nil {
		return reply{}, fail(http.StatusBadRequest, workersMissingParameter, "The body has no boolean \"enabled\"")
	}
	setting := store.Subdomain{Enabled: *body.Enabled, PreviewsEnabled: *body.Enabled}
	if body.PreviewsEnabled != nil {
		setting.PreviewsEnabled = *body.PreviewsEnabled
	}
	return s.changeWorkerSubdomain(c, setting)
}

func (s *Server) deleteWorkerSubdomain(c *call) (reply, error) {
	return s.changeWorkerSubdomain(c, store.Subdomain{})
}

func (s *Server) changeWorkerSubdomain(c *call, setting store.Subdomain) (reply, error) {
	script, err := s.adjustScript(c, workers{}, func(_ *store.Tx, script *store.Script) error {
		script.Subdomain = setting
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(viewSubdomain(script))
}

type accountSubdomainView struct {
	Subdomain string `json:"subdomain"`
}

func (s *Server) getAccountSubdomain(c *call) (reply, error) {
	var account store.Account
	err := c.view(func(tx *store.Tx) error {
		account, _ = tx.Account(c.account)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	if account.Subdomain == "" {
		return reply{}, fail(http.StatusNotFound, workersScriptNotFound, "workers.api.error.subdomain_not_found")
	}
	return ok(accountSubdomainView{Subdomain: account.Subdomain})
}

var accountSubdomain = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (s *Server) putAccountSubdomain(c *call) (reply, error) {
	var body accountSubdomainView
	if err := c.json(&body, errMalformedJSON); err != nil {
		return reply{}, err
	}
	if !accountSubdomain.MatchString(body.Subdomain) {
		return reply{}, fail(http.StatusBadRequest, workersInvalidSubdomain, "%q is not a valid subdomain", body.Subdomain)
	}
	return s.changeAccountSubdomain(c, body.Subdomain)
}

func (s *Server) deleteAccountSubdomain(c *call) (reply, error) {
	if _, err := s.changeAccountSubdomain(c, ""); err != nil {
		return reply{}, err
	}
	return done()
}

func (s *Server) changeAccountSubdomain(c *call, subdomain string) (reply, error) {
	err := c.update(func(tx *store.Tx) error {
		for _, other := range tx.Accounts() {
			if subdomain != "" && other.Subdomain == subdomain && other.ID != c.account {
				return fail(http.StatusConflict, workersSubdomainTaken, "The subdomain %q is taken", subdomain)
			}
		}
		account, _ := tx.Account(c.account)
		account.Subdomain = subdomain
		tx.PutAccount(account)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(accountSubdomainView{Subdomain: subdomain})
}
