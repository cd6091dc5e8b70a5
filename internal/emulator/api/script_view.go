package api

import (
	"encoding/json"
	"net/http"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// scriptView is a script as lists and uploads show it, without its bindings.
type scriptView struct {
	ID                 string          `json:"id"`
	Tag                string          `json:"tag"`
	Tags               *[]string       `json:"tags,omitempty"` // a pointer, because null, [] and absent are different
	ETag               string          `json:"etag,omitempty"`
	CreatedOn          timestamp       `json:"created_on"`
	ModifiedOn         timestamp       `json:"modified_on"`
	HasAssets          bool            `json:"has_assets"`
	HasModules         bool            `json:"has_modules"`
	Handlers           []string        `json:"handlers"`
	LastDeployedFrom   string          `json:"last_deployed_from"`
	CompatibilityDate  string          `json:"compatibility_date,omitempty"`
	CompatibilityFlags []string        `json:"compatibility_flags"`
	Logpush            bool            `json:"logpush"`
	MigrationTag       string          `json:"migration_tag,omitempty"`
	UsageModel         string          `json:"usage_model"`
	TailConsumers      json.RawMessage `json:"tail_consumers"`
	Placement          json.RawMessage `json:"placement,omitempty"`
	PlacementMode      string          `json:"placement_mode,omitempty"`
	Observability      json.RawMessage `json:"observability,omitempty"`

	// This is only in the response to an upload.
	StartupTimeMS *int   `json:"startup_time_ms,omitempty"`
	DeploymentID  string `json:"deployment_id,omitempty"`
	EntryPoint    string `json:"entry_point,omitempty"`

	// These are only for account Workers that have any.
	Routes []routeView `json:"routes,omitempty"`
}

func viewScript(h store.Head) scriptView {
	var placement struct {
		Mode string `json:"mode"`
	}
	if h.Placement != nil { // few scripts of a list have one
		_ = json.Unmarshal(h.Placement, &placement) // another shape has no mode, and only the mode matters
	}
	return scriptView{
		ID: h.Name, Tag: h.Tag, Tags: &h.Tags, ETag: h.ETag,
		CreatedOn: timestamp(h.CreatedOn), ModifiedOn: timestamp(h.ModifiedOn),
		HasAssets: h.HasAssets, HasModules: h.HasModules, Handlers: orEmpty(h.Handlers), LastDeployedFrom: h.LastDeployedFrom,
		CompatibilityDate: h.CompatibilityDate, CompatibilityFlags: orEmpty(h.CompatibilityFlags),
		Logpush: h.Logpush, MigrationTag: h.MigrationTag, UsageModel: h.UsageModel,
		TailConsumers: orNull(h.TailConsumers), Placement: h.Placement, PlacementMode: placement.Mode,
		Observability: h.Observability,
	}
}

// viewUpload returns the response to an upload. Clients print the startup time.
// It is always the same small number here.
func viewUpload(script store.Script) scriptView {
	view := viewScript(script.Head)
	view.StartupTimeMS = new(int)
	*view.StartupTimeMS = 1
	view.DeploymentID = script.DeploymentID
	view.EntryPoint = script.EntryPoint
	return view
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func orNull(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("null")
	}
	return raw
}

// getContent returns the code of a script: the modules as a form with the
// header cf-entrypoint, or the bare text of a service worker.
func (s *Server) getContent(c *call, sc scriptContainer) (reply, error) {
	var response reply
	err := s.readScript(c, sc, func(tx *store.Tx, script store.Script) error {
		if len(script.Modules) == 0 { // only static files
			response = reply{status: http.StatusNoContent, raw: &rawReply{}}
			return nil
		}
		header := http.Header{}
		header.Set("Etag", `"`+script.ETag+`"`)
		if !script.HasModules && len(script.Modules) == 1 {
			only := script.Modules[0]
			header.Set("Content-Type", only.Type)
			response = reply{raw: &rawReply{header: header, body: tx.Blob(only.Hash)}}
			return nil
		}
		contentType, body, err := writeModules(script.Modules, func(m store.Module) []byte { return tx.Blob(m.Hash) })
		header.Set("Content-Type", contentType)
		header.Set("Cf-Entrypoint", script.EntryPoint)
		response = reply{raw: &rawReply{header: header, body: body}}
		return err
	})
	return response, err
}
