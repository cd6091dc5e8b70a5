package api

import (
	"net/http"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) workerDeploymentRoutes() []route {
	const list = "/accounts/{account}/workers/scripts/{script}/deployments"
	return []route{
		{"GET", list, s.listDeployments},
		{"POST", list, s.createDeployment},
	}
}

type deploymentView struct {
	ID          string               `json:"id"`
	CreatedOn   timestamp            `json:"created_on"`
	Source      string               `json:"source"`
	Strategy    string               `json:"strategy"`
	AuthorEmail string               `json:"author_email"`
	Annotations map[string]string    `json:"annotations,omitempty"`
	Versions    []store.VersionShare `json:"versions"`
}

func viewDeployment(d store.Deployment) deploymentView {
	return deploymentView{
		ID: d.ID, CreatedOn: timestamp(d.CreatedOn), Source: d.Source, Strategy: d.Strategy,
		AuthorEmail: userEmail, Annotations: d.Annotations, Versions: d.Versions,
	}
}

func (s *Server) listDeployments(c *call) (reply, error) {
	views := []deploymentView{}
	err := s.readScript(c, workers{}, func(tx *store.Tx, script store.Script) error {
		for _, deployment := range tx.History(c.account, script.Tag).Deployments() {
			views = append(views, viewDeployment(deployment))
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(map[string]any{"deployments": views})
}

// deploymentFields is the body of a new deployment.
type deploymentFields struct {
	Strategy    string               `json:"strategy"`
	Versions    []store.VersionShare `json:"versions"`
	Annotations map[string]string    `json:"annotations"`
}

// createDeployment makes versions live. Here a Worker serves one version at a
// time: in a gradual deployment, the one with the larger share.
func (s *Server) createDeployment(c *call) (reply, error) {
	var body deploymentFields
	if err := c.json(&body, errMalformedJSON); err != nil {
		return reply{}, err
	}
	largest, err := checkShares(body)
	if err != nil {
		return reply{}, err
	}
	var deployment store.Deployment
	_, err = s.adjustScript(c, workers{}, func(tx *store.Tx, script *store.Script) error {
		history := tx.History(c.account, script.Tag)
		var live store.Version
		for i, share := range body.Versions {
			version, found := history.Version(share.VersionID)
			if !found {
				return errVersionNotFound
			}
			if i == largest {
				live = version
			}
		}
		deployVersion(script, live)
		script.LastDeployedFrom, script.DeploymentID = deployedFrom(c.r), live.ID
		deployment = store.Deployment{
			ID: newUUID(), CreatedOn: s.later(script.ModifiedOn), Source: deployedFrom(c.r),
			Strategy: body.Strategy, Versions: body.Versions, Annotations: body.Annotations,
		}
		history.AddDeployment(deployment)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(viewDeployment(deployment))
}

// checkShares returns the index of the version with the largest share.
func checkShares(body deploymentFields) (largest int, err error) {
	if body.Strategy != "percentage" {
		return 0, fail(http.StatusBadRequest, workersInvalidDeployment, "Unknown deployment strategy %q", body.Strategy)
	}
	if n := len(body.Versions); n < 1 || n > 2 {
		return 0, fail(http.StatusBadRequest, workersInvalidDeployment, "A deployment has one or two versions, not %d", n)
	}
	var sum float64
	for i, share := range body.Versions {
		sum += share.Percentage
		if share.Percentage > body.Versions[largest].Percentage {
			largest = i
		}
	}
	if sum != 100 {
		return 0, fail(http.StatusBadRequest, workersInvalidDeployment, "The percentages add up to %v, not 100", sum)
	}
	return largest, nil
}

// deployVersion gives a script the code and the settings of a version. What
// belongs to the Worker as a whole stays.
func deployVersion(script *store.Script, version store.Version) {
	from := version.Script
	script.ETag, script.HasModules, script.Handlers = from.ETag, from.HasModules, from.Handlers
	script.HasAssets, script.Assets = from.HasAssets, from.Assets
	script.CompatibilityDate, script.CompatibilityFlags = from.CompatibilityDate, from.CompatibilityFlags
	script.UsageModel, script.Placement = from.UsageModel, from.Placement
	script.MigrationTag, script.Classes = from.MigrationTag, from.Classes
	script.EntryPoint, script.Modules, script.Bindings = from.EntryPoint, from.Modules, from.Bindings
	script.Limits, script.CacheOptions = from.Limits, from.CacheOptions
}

// deployNow deploys a version with all the traffic.
func deployNow(tx *store.Tx, account string, version store.Version, script store.Script) {
	tx.History(account, script.Tag).AddDeployment(store.Deployment{
		ID: newUUID(), CreatedOn: script.ModifiedOn, Source: script.LastDeployedFrom, Strategy: "percentage",
		Versions: []store.VersionShare{{VersionID: version.ID, Percentage: 100}},
	})
}
