package spec

import (
	"encoding/json"
	"slices"
)

// CodeOptions are how modules are made of a source, in wrangler's terms.
type CodeOptions struct {
	Minify bool              `json:"minify,omitempty"`
	Define map[string]string `json:"define,omitempty"`
	Alias  map[string]string `json:"alias,omitempty"`
	Rules  []ModuleRule      `json:"rules,omitempty"`

	// NoBundle takes the entrypoint as it is.
	NoBundle bool `json:"no_bundle,omitempty"`

	// FindModules adds the files below BaseDir that the rules match, as modules
	// that the code imports at run time. BaseDir is from the project root, and
	// "" for the entrypoint's folder.
	FindModules bool   `json:"find_additional_modules,omitempty"`
	BaseDir     string `json:"base_dir,omitempty"`

	// Runtime is what decides which modules the runtime has.
	Runtime Runtime `json:"runtime,omitzero"`
}

// Runtime is the part of a Worker's compatibility settings that says which
// modules the runtime has for it. The date is "" where each Worker has its own.
type Runtime struct {
	Date  string   `json:"date,omitempty"`
	Flags []string `json:"flags,omitempty"` // those about Node.js, sorted
}

// HasFlag reports whether a compatibility flag is set.
func (r Runtime) HasFlag(flag string) bool { return slices.Contains(r.Flags, flag) }

// ModuleRule says which files become modules of which type.
type ModuleRule struct {
	Type  ModuleType `json:"type"`
	Globs []string   `json:"globs"`

	// Fallthrough lets the next rule of the type count as well.
	Fallthrough bool `json:"fallthrough,omitempty"`
}

// Key is the same for equal options only. That of no options at all is "".
func (o CodeOptions) Key() string {
	data, _ := json.Marshal(o) // strings and booleans
	if string(data) == "{}" {
		return ""
	}
	return string(data)
}
