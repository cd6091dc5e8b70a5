package spec

import "github.com/wfpsync/wfpsync/spec/internal/canon"

// KindVectorizeIndex is an index of Vectorize.
const KindVectorizeIndex Kind = "vectorize_index"

// ProductVectorize is Vectorize.
const ProductVectorize Product = "vectorize"

var vectorizeIndexKind = KindInfo{
	Kind:       KindVectorizeIndex,
	Section:    "vectorize_indexes",
	Singular:   "Vectorize index",
	Plural:     "Vectorize indexes",
	Product:    ProductVectorize,
	Permission: Permission{"Account", "Vectorize", "Edit"},
	Bindings:   []BindingType{{Name: "vectorize", NameBy: "index_name"}},
	Store:      true,
	ForceNew:   []string{"dimensions", "metric"},
	CreateOnly: []string{"preset", "description"},
	decode:     decodeAs[*VectorizeIndex],
}

// VectorizeIndex is an index of vectors. Its name is unique in an account and
// is its identity, for bindings as well. Nothing about one can be changed.
// Source: Vectorize documentation, "Create indexes".
type VectorizeIndex struct {
	Name string `json:"name"`

	// Dimensions is the length of a vector, and Metric is the measure of
	// distance. Preset is the name of a model and stands for both; the API
	// returns those instead of the name.
	Dimensions *float64 `json:"dimensions,omitempty"`
	Metric     string   `json:"metric,omitempty"`
	Preset     string   `json:"preset,omitempty"`

	// Description is for people; nil if the file does not set one.
	Description  *string `json:"description,omitempty"`
	ResourceMeta Meta    `json:"meta,omitzero"`
}

func (v *VectorizeIndex) Address() Address {
	return Address{Kind: KindVectorizeIndex, Name: v.Name}
}
func (v *VectorizeIndex) References() []Reference { return nil }
func (v *VectorizeIndex) Meta() Meta              { return v.ResourceMeta }

// presetDimensions are the vector lengths of the presets' models. The metric of
// a preset is not documented. Source: Workers AI documentation, "Models"; those
// of OpenAI and of Cohere.
var presetDimensions = map[string]float64{
	"@cf/baai/bge-small-en-v1.5":     384,
	"@cf/baai/bge-base-en-v1.5":      768,
	"@cf/baai/bge-large-en-v1.5":     1024,
	"openai/text-embedding-ada-002":  1536,
	"cohere/embed-multilingual-v2.0": 768,
}

// Canonical includes the dimensions of a preset: an index with other dimensions
// does not work with its model.
func (v *VectorizeIndex) Canonical() Object {
	c := Object{}
	if n, known := presetDimensions[v.Preset]; known {
		c["dimensions"] = n
	}
	if v.Dimensions != nil {
		c["dimensions"] = *v.Dimensions
	}
	canon.SetIfAny(c, "metric", v.Metric)
	canon.SetIfAny(c, "preset", v.Preset)
	if v.Description != nil {
		c["description"] = *v.Description
	}
	return c
}
