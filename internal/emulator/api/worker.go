package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) workerRoutes() []route {
	const list = "/accounts/{account}/workers/scripts"
	const one = list + "/{script}"
	content := func(c *call) (reply, error) { return s.getContent(c, workers{}) }
	return append(s.sharedScriptRoutes(one, workers{}),
		route{"GET", list, s.listWorkers},
		route{"GET", one, content},
		route{"GET", one + "/content/v2", content},
		route{"DELETE", one, s.deleteWorker},
		route{"GET", one + "/script-settings", s.getScriptSettings},
		route{"PATCH", one + "/script-settings", s.patchScriptSettings},
		route{"GET", "/accounts/{account}/workers/workers/{script}", s.getBetaWorker},
	)
}

// workers is the container of the account's own Workers.
type workers struct{}

func (workers) scripts(c *call, tx *store.Tx) (*store.Scripts, error) {
	return tx.Workers(c.account), nil
}

// workerName is the pattern that wrangler enforces too. The length is that of a
// DNS label, because the name becomes one.
var workerName = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]{0,62}$`)

func (workers) checkName(name string) error {
	if !workerName.MatchString(name) {
		return fail(http.StatusBadRequest, workersInvalidName,
			"The Worker name %q is invalid: use up to 63 lower-case letters, digits, dashes and underscores", name)
	}
	return nil
}

// deployed makes a version of what was written and deploys it with all the
// traffic, as the platform does for every upload, secret and setting of an
// account Worker.
func (workers) deployed(tx *store.Tx, account string, script store.Script) {
	deployNow(tx, account, addVersion(tx, account, script, nil), script)
}

func (workers) owner(script string) string { return script }

// listWorkers returns all Workers: this list has no pages.
func (s *Server) listWorkers(c *call) (reply, error) {
	filter, err := parseTagFilter(c.query().Get("tags"))
	if err != nil {
		return reply{}, err
	}
	views := []scriptView{}
	err = c.view(func(tx *store.Tx) error {
		routes := map[string][]routeView{}
		for _, zone := range accountZones(tx, c.account) {
			for _, r := range tx.Routes(zone.ID) {
				routes[r.Script] = append(routes[r.Script], viewRoute(r))
			}
		}
		for head := range tx.Workers(c.account).Heads("") {
			if filter.matches(head.Tags) {
				view := viewScript(head)
				view.Routes = routes[head.Name]
				views = append(views, view)
			}
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(views)
}

func (s *Server) deleteWorker(c *call) (reply, error) {
	return s.removeWorker(c, errScriptNotFound)
}

// removeWorker deletes an account Worker with its routes and domains, unless
// another script binds to it or it consumes a queue. With force=true those
// references are deleted too, as the flag is documented to do for bindings.
func (s *Server) removeWorker(c *call, missing error) (reply, error) {
	name := c.param("script")
	err := c.update(func(tx *store.Tx) error {
		head, found := tx.Workers(c.account).Head(name)
		if !found {
			return missing
		}
		referrers := tx.Referrers(c.account, name)
		if len(referrers) > 0 && c.query().Get("force") != "true" {
			return fail(http.StatusBadRequest, workersStillReferenced,
				"Cannot delete the Worker '%s' because %d others bind to it, '%s' for instance", name, len(referrers), referrers[0].Name)
		}
		if queues := tx.ConsumedBy(c.account, name); len(queues) > 0 && c.query().Get("force") != "true" {
			return fail(http.StatusBadRequest, workersStillConsumer,
				"Cannot delete the Worker '%s' because it consumes the queue '%s'", name, queues[0].Name)
		}
		for _, referrer := range referrers {
			tx.Detach(referrer, name, s.now())
		}
		dropWorker(tx, c.account, head)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return done()
}

// dropWorker deletes an account Worker with everything that belongs to it.
func dropWorker(tx *store.Tx, account string, head store.Head) {
	dropRoutes(tx, account, head.Name)
	for _, d := range tx.CustomDomains(account) {
		if d.Script == head.Name {
			tx.DeleteCustomDomain(account, d.ID)
		}
	}
	for _, q := range tx.ConsumedBy(account, head.Name) {
		q.Consumers = slices.DeleteFunc(q.Consumers, func(c store.QueueConsumer) bool { return c.Script == head.Name })
		tx.PutQueue(account, q)
	}
	tx.History(account, head.Tag).Delete()
	tx.Workers(account).Delete(head.Name)
}

// scriptSettingsView are the settings that belong to the Worker and not to its
// versions.
type scriptSettingsView struct {
	Logpush       bool            `json:"logpush"`
	Observability json.RawMessage `json:"observability,omitempty"`
	Tags          []string        `json:"tags"`
	TailConsumers json.RawMessage `json:"tail_consumers"`
}

var scriptSettingsFields = []string{"logpush", "observability", "tags", "tail_consumers"}

func viewScriptSettings(script store.Script) scriptSettingsView {
	return scriptSettingsView{
		Logpush: script.Logpush, Observability: script.Observability,
		Tags: script.Tags, TailConsumers: orNull(script.TailConsumers),
	}
}

func (s *Server) getScriptSettings(c *call) (reply, error) {
	var view scriptSettingsView
	err := s.readScript(c, workers{}, func(_ *store.Tx, script store.Script) error {
		view = viewScriptSettings(script)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// patchScriptSettings changes what the JSON body mentions. It makes no new
// version.
func (s *Server) patchScriptSettings(c *call) (reply, error) {
	var body fields
	if err := c.json(&body, errMalformedJSON); err != nil {
		return reply{}, err
	}
	present := fields{}
	for _, name := range scriptSettingsFields {
		if value, mentioned := body[name]; mentioned {
			present[name] = value
		}
	}
	script, err := s.adjustScript(c, workers{}, func(tx *store.Tx, script *store.Script) error {
		return s.apply(tx, c.account, script.Name, script, present)
	})
	if err != nil {
		return reply{}, err
	}
	return ok(viewScriptSettings(script))
}

// betaWorkerView is a Worker in the newer API. wrangler reads the subdomain
// there after a deploy.
type betaWorkerView struct {
	ID            string          `json:"id"`
	Name          string          `json:"name"`
	CreatedOn     timestamp       `json:"created_on"`
	UpdatedOn     timestamp       `json:"updated_on"`
	Logpush       bool            `json:"logpush"`
	Observability json.RawMessage `json:"observability"`
	Subdomain     subdomainView   `json:"subdomain"`
	Tags          []string        `json:"tags"`
	TailConsumers json.RawMessage `json:"tail_consumers"`
}

func (s *Server) getBetaWorker(c *call) (reply, error) {
	var view betaWorkerView
	err := s.readScript(c, workers{}, func(_ *store.Tx, script store.Script) error {
		view = betaWorkerView{
			ID: script.Tag, Name: script.Name,
			CreatedOn: timestamp(script.CreatedOn), UpdatedOn: timestamp(script.ModifiedOn),
			Logpush: script.Logpush, Observability: script.Observability,
			Subdomain: viewSubdomain(script), Tags: orEmpty(script.Tags), TailConsumers: script.TailConsumers,
		}
		if view.Observability == nil {
			view.Observability = json.RawMessage(`{"enabled":false}`)
		}
		if view.TailConsumers == nil {
			view.TailConsumers = json.RawMessage("[]")
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}
