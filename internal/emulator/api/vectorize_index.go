package api

import (
	"net/http"
	"regexp"
	"slices"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) vectorizeIndexRoutes() []route {
	const list, one = "/accounts/{account}/vectorize/v2/indexes", "/accounts/{account}/vectorize/v2/indexes/{index}"
	return []route{
		{"GET", list, s.listVectorizeIndexes},
		{"POST", list, s.createVectorizeIndex},
		{"GET", one, s.getVectorizeIndex},
		{"DELETE", one, s.deleteVectorizeIndex},
	}
}

// These are the codes of Vectorize, /vectorize/**. The documentation has no
// list of them. Clients report the first two, with status 400. No client checks
// the one for an invalid index.
const (
	vectorizeNotFound = 3000
	vectorizeExists   = 3002
	vectorizeInvalid  = 3003
)

var errVectorizeMalformed = fail(http.StatusBadRequest, vectorizeInvalid, "The request body is not the JSON that is expected here")

// vectorizeName is the pattern in the API's schema. The maximum length, and
// that of the dimensions, are from the documentation's page on the limits of
// Vectorize.
var vectorizeName = regexp.MustCompile(`^[a-z][a-z0-9_-]*[a-z0-9]$`)

const (
	maxVectorizeName = 64
	minDimensions    = 32
	maxDimensions    = 1536
)

// vectorizePresets are the dimensions of the models that have a preset. It is a
// guess that their metric is cosine: that is not documented.
var vectorizePresets = map[string]int{
	"@cf/baai/bge-small-en-v1.5": 384, "@cf/baai/bge-base-en-v1.5": 768, "@cf/baai/bge-large-en-v1.5": 1024,
	"openai/text-embedding-ada-002": 1536, "cohere/embed-multilingual-v2.0": 768,
}

type vectorizeConfig struct {
	Dimensions int    `json:"dimensions"`
	Metric     string `json:"metric"`
}

type vectorizeIndexView struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Config      vectorizeConfig `json:"config"`
	CreatedOn   timestamp       `json:"created_on"`
	ModifiedOn  timestamp       `json:"modified_on"`
}

func viewVectorizeIndex(v store.VectorizeIndex) vectorizeIndexView {
	created := timestamp(v.CreatedOn)
	return vectorizeIndexView{v.Name, v.Description, vectorizeConfig{v.Dimensions, v.Metric}, created, created}
}

// findVectorizeIndex returns the index in a call's path.
func findVectorizeIndex(c *call, tx *store.Tx) (store.VectorizeIndex, error) {
	v, found := tx.VectorizeIndex(c.account, c.param("index"))
	if !found {
		return v, fail(http.StatusBadRequest, vectorizeNotFound, "vectorize.index.not_found - Index name %q", c.param("index"))
	}
	return v, nil
}

// listVectorizeIndexes responds with one page.
func (s *Server) listVectorizeIndexes(c *call) (reply, error) {
	views := []vectorizeIndexView{}
	err := c.view(func(tx *store.Tx) error {
		for _, v := range tx.VectorizeIndexes(c.account) {
			views = append(views, viewVectorizeIndex(v))
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(views)
}

type vectorizeIndexFields struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Config      *struct {
		vectorizeConfig
		Preset string `json:"preset"`
	} `json:"config"`
}

// index returns the index that the fields describe.
func (f vectorizeIndexFields) index() (store.VectorizeIndex, error) {
	invalid := func(format string, args ...any) (store.VectorizeIndex, error) {
		return store.VectorizeIndex{}, fail(http.StatusBadRequest, vectorizeInvalid, "vectorize.index.invalid_config - "+format, args...)
	}
	if !vectorizeName.MatchString(f.Name) || len(f.Name) > maxVectorizeName {
		return invalid("Index name %q is invalid", f.Name)
	}
	if f.Config == nil {
		return invalid("Config must be provided")
	}
	config := f.Config.vectorizeConfig
	if f.Config.Preset != "" {
		config = vectorizeConfig{vectorizePresets[f.Config.Preset], "cosine"}
	}
	switch {
	case config.Dimensions < minDimensions || config.Dimensions > maxDimensions:
		return invalid("Dimensions must be in range: [%d, %d]", minDimensions, maxDimensions)
	case !slices.Contains([]string{"cosine", "euclidean", "dot-product"}, config.Metric):
		return invalid("Metric %q is invalid", config.Metric)
	}
	return store.VectorizeIndex{Name: f.Name, Description: f.Description, Dimensions: config.Dimensions, Metric: config.Metric}, nil
}

func (s *Server) createVectorizeIndex(c *call) (reply, error) {
	var body vectorizeIndexFields
	if err := c.json(&body, errVectorizeMalformed); err != nil {
		return reply{}, err
	}
	v, err := body.index()
	if err != nil {
		return reply{}, err
	}
	v.CreatedOn = s.now()
	err = c.update(func(tx *store.Tx) error {
		if _, taken := tx.VectorizeIndex(c.account, v.Name); taken {
			return fail(http.StatusBadRequest, vectorizeExists, "vectorize.index.duplicate_name - Index name %q", v.Name)
		}
		tx.PutVectorizeIndex(c.account, v)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(viewVectorizeIndex(v))
}

func (s *Server) getVectorizeIndex(c *call) (reply, error) {
	var view vectorizeIndexView
	err := c.view(func(tx *store.Tx) error {
		v, err := findVectorizeIndex(c, tx)
		view = viewVectorizeIndex(v)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// deleteVectorizeIndex deletes an index. Bindings to it stay, without a target.
func (s *Server) deleteVectorizeIndex(c *call) (reply, error) {
	err := c.update(func(tx *store.Tx) error {
		v, err := findVectorizeIndex(c, tx)
		if err == nil {
			tx.DeleteVectorizeIndex(c.account, v.Name)
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return done()
}
