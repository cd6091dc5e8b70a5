package spec

import (
	"encoding/json"
	"slices"
)

// CodeOptions say how a source is built, in wrangler's terms.
type CodeOptions struct {
	Minify bool              `json:"minify,omitempty"`
	Define map[string]string `json:"define,omitempty"`
	Alias  map[string]string `json:"alias,omitempty"`
	Rules  []ModuleRule      `json:"rules,omitempty"`

	// NoBundle uses the entrypoint without bundling it.
	NoBundle bool `json:"no_bundle,omitempty"`

	// FindModules adds the files below BaseDir that match the rules, as modules
	// that the code imports at run time. BaseDir is relative to the project
	// root; "" means the entrypoint's folder.
	FindModules bool   `json:"find_additional_modules,omitempty"`
	BaseDir     string `json:"base_dir,omitempty"`

	// Runtime decides which modules the runtime provides.
	Runtime Runtime `json:"runtime,omitzero"`
}

// Runtime is the part of a Worker's compatibility settings that says which
// modules and globals of Node.js the runtime has for it, and so what has to be
// bundled. The date is "" where the program that uploads the Worker chooses it.
type Runtime struct {
	Date  string   `json:"date,omitempty"`
	Flags []string `json:"flags,omitempty"` // those about Node.js and about bodies that are iterated, sorted
}

// HasFlag reports whether a compatibility flag is set.
func (r Runtime) HasFlag(flag string) bool { return slices.Contains(r.Flags, flag) }

// ModuleRule says which files become modules of which type.
type ModuleRule struct {
	Type  ModuleType `json:"type"`
	Globs []string   `json:"globs"`

	// Fallthrough lets the next rule of the type apply, too.
	Fallthrough bool `json:"fallthrough,omitempty"`
}

// Key returns text that is equal only for equal options; "" for no options.
func (o CodeOptions) Key() string {
	data, _ := json.Marshal(o) // strings and booleans cannot fail
	if string(data) == "{}" {
		return ""
	}
	return string(data)
}
