package api

import (
	"encoding/json"
	"net/http"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) workerVersionRoutes() []route {
	const list = "/accounts/{account}/workers/scripts/{script}/versions"
	return []route{
		{"GET", list, s.listVersions},
		{"POST", list, s.uploadVersion},
		{"GET", list + "/{version}", s.getVersion},
	}
}

type versionView struct {
	ID            string            `json:"id"`
	Number        int               `json:"number"`
	Metadata      versionMetadata   `json:"metadata"`
	Annotations   map[string]string `json:"annotations,omitempty"`
	Resources     *versionResources `json:"resources,omitempty"`
	StartupTimeMS *int              `json:"startup_time_ms,omitempty"`
}

type versionMetadata struct {
	CreatedOn   timestamp `json:"created_on"`
	ModifiedOn  timestamp `json:"modified_on"`
	Source      string    `json:"source"`
	AuthorID    string    `json:"author_id"`
	AuthorEmail string    `json:"author_email"`
}

type versionResources struct {
	Script        versionScript    `json:"script"`
	ScriptRuntime versionRuntime   `json:"script_runtime"`
	Bindings      []map[string]any `json:"bindings"`
}

type versionScript struct {
	ETag             string   `json:"etag"`
	Handlers         []string `json:"handlers"`
	LastDeployedFrom string   `json:"last_deployed_from"`
}

type versionRuntime struct {
	CompatibilityDate  string          `json:"compatibility_date,omitempty"`
	CompatibilityFlags []string        `json:"compatibility_flags"`
	UsageModel         string          `json:"usage_model"`
	Limits             json.RawMessage `json:"limits,omitempty"`
	MigrationTag       string          `json:"migration_tag,omitempty"`
}

// viewVersion returns a version as lists show it.
func viewVersion(v store.Version) versionView {
	return versionView{
		ID: v.ID, Number: v.Number, Annotations: v.Annotations,
		Metadata: versionMetadata{
			CreatedOn: timestamp(v.CreatedOn), ModifiedOn: timestamp(v.CreatedOn), Source: v.Source,
			AuthorID: userID, AuthorEmail: userEmail,
		},
	}
}

// viewVersionDetail returns a version as it is shown on its own.
func viewVersionDetail(v store.Version) versionView {
	view := viewVersion(v)
	view.Resources = &versionResources{
		Script: versionScript{
			ETag: v.Script.ETag, Handlers: orEmpty(v.Script.Handlers), LastDeployedFrom: v.Script.LastDeployedFrom,
		},
		ScriptRuntime: versionRuntime{
			CompatibilityDate: v.Script.CompatibilityDate, CompatibilityFlags: orEmpty(v.Script.CompatibilityFlags),
			UsageModel: v.Script.UsageModel, Limits: v.Script.Limits, MigrationTag: v.Script.MigrationTag,
		},
		Bindings: ViewBindings(v.Script),
	}
	return view
}

func (s *Server) listVersions(c *call) (reply, error) {
	items := []versionView{}
	err := s.readScript(c, workers{}, func(tx *store.Tx, script store.Script) error {
		for _, version := range tx.History(c.account, script.Tag).Versions() {
			items = append(items, viewVersion(version))
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	response, err := pageOf(items, c.query(), pageRange{min: 1, max: 100, byDefault: 20}, workersMalformedParameter)
	response.result = map[string]any{"items": response.result}
	return response, err
}

func (s *Server) getVersion(c *call) (reply, error) {
	var view versionView
	err := s.readScript(c, workers{}, func(tx *store.Tx, script store.Script) error {
		version, found := tx.History(c.account, script.Tag).Version(c.param("version"))
		if !found {
			return errVersionNotFound
		}
		view = viewVersionDetail(version)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

var errVersionNotFound = fail(http.StatusNotFound, workersVersionNotFound, "This version does not exist.")

// uploadVersion makes a version without deploying it. It inherits and keeps
// from the newest version, which need not be live.
func (s *Server) uploadVersion(c *call) (reply, error) {
	up, err := readUpload(c)
	if err != nil {
		return reply{}, err
	}
	var annotations map[string]string
	if raw := up.metadata["annotations"]; raw != nil {
		if err := json.Unmarshal(raw, &annotations); err != nil {
			return reply{}, named(err, "annotations")
		}
	}
	if err := s.start(c.r.Context(), &up.code, up.metadata.startSettings()); err != nil {
		return reply{}, err
	}
	next := s.uploading(c, workers{}, up)
	var view versionView
	err = c.update(func(tx *store.Tx) error {
		live, found := tx.Workers(c.account).Get(c.param("script"))
		if !found {
			return errScriptNotFound
		}
		newest := live
		if versions := tx.History(c.account, live.Tag).Versions(); len(versions) > 0 {
			newest = versions[0].Script
		}
		script, err := next(tx, &newest)
		if err != nil {
			return err
		}
		s.stamp(&script, &live, live.Name)
		script.LastDeployedFrom, script.DeploymentID = deployedFrom(c.r), newUUID()
		view = viewVersionDetail(addVersion(tx, c.account, script, annotations))
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	view.StartupTimeMS = new(int)
	*view.StartupTimeMS = 1
	return ok(view)
}

// addVersion stores a script as a version. An upload's version and its
// deployment have the same id, which wrangler prints as the current version.
func addVersion(tx *store.Tx, account string, script store.Script, annotations map[string]string) store.Version {
	return tx.History(account, script.Tag).AddVersion(store.Version{
		ID: script.DeploymentID, CreatedOn: script.ModifiedOn, Source: script.LastDeployedFrom,
		Annotations: annotations, Script: script,
	})
}
