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

// code is a Worker in the form that the host loads.
type code struct {
	Revision string                    `json:"revision,omitempty"`
	Main     string                    `json:"main"`
	AsModule bool                      `json:"asModule"`
	Modules  map[string]map[string]any `json:"modules"` // by name: {kind: content}
	Date     string                    `json:"date"`
	Flags    []string                  `json:"flags"`

	// HooksFlag is the compatibility flag that our wrapper also needs for
	// node:async_hooks; empty: none.
	HooksFlag string `json:"hooksFlag,omitempty"`

	Assets bool `json:"assets,omitempty"` // it has static files, which come first
	Heard  bool `json:"heard,omitempty"`  // its messages are wanted
	bindings
}

// defaultDate is the date of a Worker without a compatibility date.
// Source:
// https://developers.cloudflare.com/workers/configuration/compatibility-dates/
const defaultDate = "2021-11-02"

// codeOf returns the code of a script with all its bindings.
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

// revision identifies a state of a script, its code and its settings. The tag
// distinguishes a script from an earlier one of the same name. Stubs are
// included, because their targets can change without the script: a dispatch
// namespace can be renamed.
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
			kind = "js" // a script in the older syntax, too: it runs as a module that listens
		}
		made.Modules[m.Name] = map[string]any{kind: content}
	}
	return made, nil
}

// bringsAsyncHooks reports whether a compatibility flag allows importing
// node:async_hooks.
// Source:
// https://developers.cloudflare.com/workers/configuration/compatibility-flags/#nodejs-compatibility-flag
func bringsAsyncHooks(flag string) bool {
	return slices.Contains([]string{"nodejs_als", "nodejs_compat", "nodejs_compat_v2"}, flag)
}

// moduleKind returns the loader's name for a content type.
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

// bindings are the contents of a Worker's env.
type bindings struct {
	Env   map[string]any `json:"env"` // plain values; bindings without a stub have no entry
	Stubs []stub         `json:"stubs"`
	Wrap  wrapping       `json:"wrap"`
}

// A stub is one for an entrypoint of the host, limited to one resource by its
// props.
type stub struct {
	Name       string         `json:"name"`
	Entrypoint string         `json:"entrypoint"`
	Props      map[string]any `json:"props"`
}

// wrapping tells boot.js what to make of the stubs.
type wrapping struct {
	AsModule bool             `json:"asModule"`
	Isolated bool             `json:"isolated,omitempty"` // a user Worker that its platform does not trust
	Bindings []map[string]any `json:"bindings"`
}

// bind makes the bindings of a script. A type that cannot run here becomes one
// that fails with a message when it is used.
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

// isIsolated reports whether a Worker is a user Worker that its platform does
// not trust.
func isIsolated(tx *store.Tx, account, namespaceID string) bool {
	for _, n := range tx.DispatchNamespaces(account) {
		if n.ID == namespaceID {
			return !n.TrustedWorkers
		}
	}
	return false
}
