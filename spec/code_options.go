package spec

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/internal/document"
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

// ruleTypes are wrangler's names of the types of modules.
var ruleTypes = map[string]ModuleType{
	"ESModule":     ESModule,
	"CommonJS":     CommonJS,
	"CompiledWasm": WebAssembly,
	"Text":         TextModule,
	"Data":         BinaryModule,
}

// loadCodeOptions reads how a Worker's code is bundled.
func (l *loader) loadCodeOptions(e entry, value *document.Value) CodeOptions {
	o := CodeOptions{Runtime: loadRuntime(value)}
	if value.Get("script") != nil {
		l.checkInlineOptions(e.own())
		return o
	}
	o.Minify = value.Get("minify").IsTrue()
	o.NoBundle = value.Get("no_bundle").IsTrue()
	o.FindModules = o.NoBundle
	if find := value.Get("find_additional_modules"); find != nil {
		o.FindModules = find.IsTrue()
	}
	o.Define = l.loadDefine(value.Get("define"))
	o.Alias = textsByName(value.Get("alias"))
	for _, rule := range value.Get("rules").ItemsOrNil() {
		o.Rules = append(o.Rules, ModuleRule{
			Type:        ruleTypes[rule.Get("type").String()],
			Globs:       rule.Get("globs").Strings(),
			Fallthrough: rule.Get("fallthrough").IsTrue(),
		})
	}
	l.checkUnbundledOptions(o, value)
	if base := value.Get("base_dir"); base != nil {
		o.BaseDir = l.loadBaseDir(o, base, cleanPath(value.Get("main").String()))
	}
	return o
}

// bundlingKeys are the fields that change a bundle.
var bundlingKeys = []string{"alias", "base_dir", "define", "find_additional_modules", "minify", "no_bundle", "rules"}

// checkInlineOptions reports fields that change a bundle beside a script that is
// not bundled. What the defaults say is meant for other Workers.
func (l *loader) checkInlineOptions(worker *document.Value) {
	for _, key := range bundlingKeys {
		if m := worker.Member(key); m != nil && m.Value.Kind != document.Null {
			l.report(RuleBundling, m.Range(), fmt.Sprintf("`%s` does nothing beside `script`, which is uploaded as it is", key),
				fmt.Sprintf("put the code into a file and name it with `main`, or remove `%s`", key))
		}
	}
}

// checkUnbundledOptions reports fields that need a bundle where there is none.
func (l *loader) checkUnbundledOptions(o CodeOptions, value *document.Value) {
	if !o.NoBundle {
		return
	}
	noBundle := diag.Related{Range: value.Member("no_bundle").Range(), Message: "`no_bundle` is here"}
	for key, set := range map[string]bool{"alias": len(o.Alias) > 0, "define": len(o.Define) > 0, "minify": o.Minify} {
		if set {
			l.report(RuleBundling, value.Member(key).Range(), fmt.Sprintf("`%s` does nothing with `no_bundle`", key),
				fmt.Sprintf("remove one of the two, or do what `%s` does in your own build", key), noBundle)
		}
	}
}

// loadBaseDir reads the folder that additional modules are looked for in. The
// entrypoint lies in it, so that its imports lead to the same files as before.
func (l *loader) loadBaseDir(o CodeOptions, base *document.Value, entrypoint string) string {
	folder := cleanPath(base.String())
	switch within := folder == "." || strings.HasPrefix(entrypoint, folder+"/"); {
	case !o.FindModules:
		l.report(RuleBundling, base.Range(), "`base_dir` does nothing without `find_additional_modules`", "write find_additional_modules: true beside it, or remove `base_dir`")
	case !within:
		l.report(RuleBundling, base.Range(), fmt.Sprintf("the entrypoint %q is not in %q", entrypoint, base.String()), "name a folder that holds the entrypoint and the modules beside it, such as its own")
	case folder != path.Dir(entrypoint):
		return folder
	}
	return ""
}

// A name is what esbuild replaces: an identifier, or several with dots.
var definedName = regexp.MustCompile(`^[\pL_$][\pL\pN_$]*(\.[\pL_$][\pL\pN_$]*)*$`)

// loadDefine reads `define`: what esbuild puts in the place of names, which is
// JSON or another name.
func (l *loader) loadDefine(value *document.Value) map[string]string {
	for _, m := range value.MembersOrNil() {
		text := m.Value.String()
		switch {
		case !definedName.MatchString(m.Key):
			l.report(RuleBundling, m.Range(), fmt.Sprintf("%q is not a name that can be replaced", m.Key), "use an identifier, or several with dots between: process.env.STAGE")
		case text != "" && !json.Valid([]byte(text)) && !definedName.MatchString(text):
			l.report(RuleBundling, m.Value.Range(), fmt.Sprintf("%q is neither JSON nor a name", text),
				fmt.Sprintf("if it is meant as text, give it quotes of its own: '%s'", mustJSON(text)))
		}
	}
	return textsByName(value)
}

// textsByName are the texts of a map.
func textsByName(value *document.Value) map[string]string {
	var texts map[string]string
	for _, m := range value.MembersOrNil() {
		if texts == nil {
			texts = map[string]string{}
		}
		texts[m.Key] = m.Value.String()
	}
	return texts
}

// loadRuntime reads what decides which modules the runtime has.
func loadRuntime(value *document.Value) Runtime {
	r := Runtime{Date: value.Get("compatibility_date").String()}
	for _, flag := range value.Get("compatibility_flags").Strings() {
		if strings.Contains(flag, "nodejs_") && !r.HasFlag(flag) {
			r.Flags = append(r.Flags, flag)
		}
	}
	slices.Sort(r.Flags)
	return r
}
