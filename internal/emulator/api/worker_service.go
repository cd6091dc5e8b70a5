package api

import (
	"encoding/json"
	"net/http"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// "Services" are the older name for account Workers. The operations are not
// documented, but wrangler and others use them. The code for a missing one is
// different.
func (s *Server) workerServiceRoutes() []route {
	const one = "/accounts/{account}/workers/services/{script}"
	return []route{
		{"GET", one, s.getService},
		{"DELETE", one, s.deleteService},
	}
}

var errServiceNotFound = fail(http.StatusNotFound, workersServiceNotFound, "workers.api.error.service_not_found")

type serviceView struct {
	ID                 string            `json:"id"`
	CreatedOn          timestamp         `json:"created_on"`
	ModifiedOn         timestamp         `json:"modified_on"`
	UsageModel         string            `json:"usage_model"`
	DefaultEnvironment environmentView   `json:"default_environment"`
	Environments       []environmentView `json:"environments"`
}

type environmentView struct {
	Environment string            `json:"environment"`
	CreatedOn   timestamp         `json:"created_on"`
	ModifiedOn  timestamp         `json:"modified_on"`
	Script      serviceScriptView `json:"script"`
}

type serviceScriptView struct {
	scriptView
	Limits json.RawMessage `json:"limits,omitempty"`
}

func (s *Server) getService(c *call) (reply, error) {
	var view serviceView
	err := c.view(func(tx *store.Tx) error {
		script, found := tx.Workers(c.account).Get(c.param("script"))
		if !found {
			return errServiceNotFound
		}
		production := environmentView{
			Environment: "production",
			CreatedOn:   timestamp(script.CreatedOn), ModifiedOn: timestamp(script.ModifiedOn),
			Script: serviceScriptView{scriptView: viewScript(script.Head), Limits: script.Limits},
		}
		view = serviceView{
			ID: script.Name, CreatedOn: production.CreatedOn, ModifiedOn: production.ModifiedOn,
			UsageModel: script.UsageModel, DefaultEnvironment: production, Environments: []environmentView{production},
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// deleteService serves wrangler delete.
func (s *Server) deleteService(c *call) (reply, error) { return s.removeWorker(c, errServiceNotFound) }

func (s *Server) durableObjectRoutes() []route {
	return []route{{"GET", "/accounts/{account}/workers/durable_objects/namespaces", s.listDurableObjects}}
}

// listDurableObjects returns none: bindings to Durable Objects are kept, but
// their objects are not emulated. wrangler asks before it deletes a Worker.
func (s *Server) listDurableObjects(c *call) (reply, error) {
	return pageOf([]struct{}{}, c.query(), pageRange{min: 1, max: 1000, byDefault: 20}, workersMalformedParameter)
}
