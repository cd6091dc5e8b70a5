package stackfile

import (
	"regexp"

	"github.com/wfpsync/wfpsync/spec"
)

// vectorizeName is the pattern of the API's schema, "vectorize_index-name", and the
// length of the documentation's page on limits.
var vectorizeName = nameRule{"Vectorize index", regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}[a-z0-9]$`), "use 2 to 64 lower-case letters, digits, dashes and underscores; begin with a letter, and end with a letter or digit", 0}

// loadVectorizeIndex reads an entry of `vectorize_indexes`, which has a preset or what
// one stands for.
func (l *loader) loadVectorizeIndex(e entry) {
	l.checkName(e, vectorizeName)
	if !l.checkOneOf(e.value, "dimensions", "preset") || !l.checkOneOf(e.value, "metric", "preset") {
		return
	}
	v := &spec.VectorizeIndex{
		Name:         e.name,
		Dimensions:   numberOf(e.value.Get("dimensions")),
		Metric:       e.value.Get("metric").String(),
		Preset:       e.value.Get("preset").String(),
		ResourceMeta: e.meta(),
	}
	if description := e.value.Get("description"); description != nil {
		text := description.String()
		v.Description = &text
	}
	l.add(v)
}

// writeVectorizeIndex writes an imported index.
func (im *importer) writeVectorizeIndex(m *members, live *spec.Live) []string {
	settings := live.Resource.Canonical()
	for _, field := range []string{"dimensions", "metric", "description"} {
		if value, set := settings[field]; set && value != "" {
			m.set(field, value)
		}
	}
	return nil
}
