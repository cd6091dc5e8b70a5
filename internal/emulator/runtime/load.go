package runtime

import (
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// code is a Worker as the host loads it.
type code struct {
	Revision string                    `json:"revision,omitempty"`
	Main     string                    `json:"main"`
	AsModule bool                      `json:"asModule"`
	Modules  map[string]map[string]any `json:"modules"` // by name: {kind: content}
	Date     string                    `json:"date"`
	Flags    []string                  `json:"flags"`

	// HooksFlag is the compatibility flag that our code around this one needs as well for node:async_hooks; empty: none.
	HooksFlag string `json:"hooksFlag,omitempty"`

	Assets bool `json:"assets,omitempty"` // it has static files, to be asked for first
	Heard  bool `json:"heard,omitempty"`  // somebody wants to know what it prints and throws
	bindings
}

// usualDate is what a Worker without a compatibility date runs as.
// Source: https://developers.cloudflare.com/workers/configuration/compatibility-dates/
const defaultDate = "2021-11-02"

// codeOf is the code of a script and everything it is bound to.
func (r *Runtime) codeOf(tx *store.Tx, namespaceID string, script store.Script) (code, error) {
	modules := make([]Module, 0, len(script.Modules))
	for _, m := range script.Modules {
		modules = append(modules, Module{Name: m.Name, Type: m.Type, Content: tx.Blob(m.Hash)})
	}
	date := known(script.CompatibilityDate, r.date, time.Now())
	if date != script.CompatibilityDate {
		r.tell("warn", "%s runs as of %s, because this workerd does not know %s yet", script.Name, date, script.CompatibilityDate)
	}
	made, err := newCode(script.EntryPoint, script.HasModules, modules, date, script.CompatibilityFlags)
	if err != nil {
		return code{}, err
	}
	made.Assets, made.Heard = script.Assets != nil, r.heard
	made.bindings = r.bind(tx, namespaceID, script, script.HasModules)
	made.Revision = revision(script, made.Stubs)
	return made, nil
}

// revision names a state of a script, code and settings alike. The tag tells a script from an earlier one of its name.
// What a binding's name stands for can change without the script: a dispatch namespace can be renamed.
func revision(script store.Script, stubs []stub) string {
	name := fmt.Sprintf("%s.%x.%s", script.Tag, script.ModifiedOn.UnixMicro(), script.DeploymentID)
	for _, s := range stubs {
		if s.Entrypoint == "Dispatch" {
			name += fmt.Sprintf(".%s", s.Props["namespace"])
		}
	}
	return name
}

// A Module is a file of a Worker.
type Module struct {
	Name    string
	Type    string
	Content []byte
}

func newCode(main string, asModule bool, modules []Module, date string, flags []string) (code, error) {
	made := code{Main: main, AsModule: asModule, Modules: map[string]map[string]any{}, Date: date, Flags: flags}
	if made.Date == "" {
		made.Date = defaultDate
	}
	if made.Flags == nil {
		made.Flags = []string{}
	}
	if !slices.ContainsFunc(made.Flags, bringsAsyncHooks) {
		made.HooksFlag = "nodejs_als"
	}
	for _, m := range modules {
		kind, err := moduleKind(m.Type)
		if err != nil {
			return code{}, fmt.Errorf("the module %q: %w", m.Name, err)
		}
		var content any = string(m.Content)
		if kind == "data" || kind == "wasm" {
			content = m.Content // in base64
		}
		if m.Name == main {
			kind = "js" // a script in the older syntax, too: it is run as a module that listens
		}
		made.Modules[m.Name] = map[string]any{kind: content}
	}
	return made, nil
}

// bringsAsyncHooks reports whether a compatibility flag lets code import node:async_hooks.
// Source: https://developers.cloudflare.com/workers/configuration/compatibility-flags/#nodejs-compatibility-flag
func bringsAsyncHooks(flag string) bool {
	return slices.Contains([]string{"nodejs_als", "nodejs_compat", "nodejs_compat_v2"}, flag)
}

// moduleKind is the loader's word for a content type.
func moduleKind(contentType string) (string, error) {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType = strings.TrimSpace(contentType)
	}
	switch mediaType {
	case "application/javascript+module", "text/javascript+module":
		return "js", nil
	case "application/javascript", "text/javascript":
		return "cjs", nil
	case "application/wasm":
		return "wasm", nil
	case "text/plain", "text/html":
		return "text", nil
	case "application/octet-stream":
		return "data", nil
	case "application/json":
		return "text", nil
	case "text/x-python", "text/x-python-requirement":
		return "", fmt.Errorf("the local account cannot run Python")
	}
	return "", fmt.Errorf("the local account cannot run modules of type %q", contentType)
}

// bindings are what a Worker finds in its env.
type bindings struct {
	Env   map[string]any `json:"env"`   // plain values, and of bindings that need no stub nothing
	Stubs []stub         `json:"stubs"` // stubs
	Wrap  wrapping       `json:"wrap"`
}

// A gate is a stub of one of the host's entrypoints, which props narrow to one thing.
type stub struct {
	Name       string         `json:"name"`
	Entrypoint string         `json:"entrypoint"`
	Props      map[string]any `json:"props"`
}

// wrapping is what boot.js makes of the stubs.
type wrapping struct {
	AsModule bool             `json:"asModule"`
	Isolated bool             `json:"isolated,omitempty"` // a user Worker that its platform does not trust
	Bindings []map[string]any `json:"bindings"`
}

// bind makes the bindings of a script. A type that cannot run here becomes one that says so when it is used.
func (r *Runtime) bind(tx *store.Tx, namespaceID string, script store.Script, asModule bool) bindings {
	made := bindings{Env: map[string]any{}, Stubs: []stub{}, Wrap: wrapping{AsModule: asModule, Bindings: []map[string]any{}}}
	site := store.Site{Tx: tx, Account: r.options.Account, NamespaceID: namespaceID, Script: script.Name}
	for _, b := range script.Bindings {
		described := store.BindingTypeOf(b.Type)
		if described.Value != nil {
			made.Env[b.Name] = described.Value(b, script)
			continue
		}
		about := map[string]any{"name": b.Name, "type": b.Type}
		if described.Details != nil {
			maps.Copy(about, described.Details(site, b))
		}
		made.Wrap.Bindings = append(made.Wrap.Bindings, about)
		if described.Entrypoint != "" {
			made.Stubs = append(made.Stubs, stub{b.Name, described.Entrypoint, described.Props(site, b)})
		}
	}
	made.Wrap.Isolated = isIsolated(tx, r.options.Account, namespaceID)
	scope := cacheScope(namespaceID, script.Name, !made.Wrap.Isolated)
	made.Stubs = append(made.Stubs, stub{"__wfpsync_cache", "Store", map[string]any{"path": "/cache/" + scope}})
	return made
}

// isIsolated reports whether a Worker is a user Worker that its platform does not trust.
func isIsolated(tx *store.Tx, account, namespaceID string) bool {
	for _, n := range tx.DispatchNamespaces(account) {
		if n.ID == namespaceID {
			return !n.TrustedWorkers
		}
	}
	return false
}
