package runtime

import (
	"encoding/json"
	"fmt"
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
const usualDate = "2021-11-02"

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
	made.Revision = revision(script, made.Gates)
	return made, nil
}

// revision names a state of a script, code and settings alike. The tag tells a script from an earlier one of its name.
// What a binding's name stands for can change without the script: a dispatch namespace can be renamed.
func revision(script store.Script, gates []gate) string {
	name := fmt.Sprintf("%s.%x.%s", script.Tag, script.ModifiedOn.UnixMicro(), script.DeploymentID)
	for _, g := range gates {
		if g.Gate == "Dispatch" {
			name += fmt.Sprintf(".%s", g.Props["namespace"])
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
		made.Date = usualDate
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
	Gates []gate         `json:"gates"` // stubs
	Wrap  wrapping       `json:"wrap"`
}

// A gate is a stub of one of the host's entrypoints, which props narrow to one thing.
type gate struct {
	Name  string         `json:"name"`
	Gate  string         `json:"gate"`
	Props map[string]any `json:"props"`
}

// wrapping is what boot.js makes of the stubs.
type wrapping struct {
	AsModule bool             `json:"asModule"`
	Isolated bool             `json:"isolated,omitempty"` // a user Worker that its platform does not trust
	Bindings []map[string]any `json:"bindings"`
}

// bind makes the bindings of a script. A type that cannot run here becomes one that says so when it is used.
func (r *Runtime) bind(tx *store.Tx, namespaceID string, script store.Script, asModule bool) bindings {
	made := bindings{Env: map[string]any{}, Gates: []gate{}, Wrap: wrapping{AsModule: asModule, Bindings: []map[string]any{}}}
	for _, b := range script.Bindings {
		if value, plain := plainValue(b, script); plain {
			made.Env[b.Name] = value
			continue
		}
		about := map[string]any{"name": b.Name, "type": b.Type}
		switch b.Type {
		case "ratelimit":
			about["limit"], about["period"] = rateLimit(b)
		case "queue":
			about["delay"] = b.Fields["delivery_delay"] // what is sent without a delay of its own has this one
		case "dispatch_namespace":
			if service, _ := outboundOf(b); service == "" { // else each call has parameters, which the host adds
				about["direct"] = namespaceOf(tx, r.options.Account, b.Text("namespace"))
			}
		}
		made.Wrap.Bindings = append(made.Wrap.Bindings, about)
		if entrypoint, props := r.gateOf(tx, namespaceID, script.Name, b); entrypoint != "" {
			made.Gates = append(made.Gates, gate{b.Name, entrypoint, props})
		}
	}
	made.Wrap.Isolated = isIsolated(tx, r.options.Account, namespaceID)
	scope := cacheScope(namespaceID, script.Name, !made.Wrap.Isolated)
	made.Gates = append(made.Gates, gate{"__wfpsync_cache", "Store", storePath("cache", scope)})
	return made
}

// plainValue is the value of a binding that is nothing but a value.
func plainValue(b store.Binding, script store.Script) (any, bool) {
	switch b.Type {
	case "plain_text", "secret_text":
		return b.Text("text"), true
	case "json":
		return b.Fields["json"], true
	case "version_metadata":
		return map[string]any{"id": script.DeploymentID, "tag": "", "timestamp": script.ModifiedOn}, true
	}
	return nil, false
}

func rateLimit(b store.Binding) (limit, period float64) {
	var simple struct {
		Limit  float64 `json:"limit"`
		Period float64 `json:"period"`
	}
	_ = json.Unmarshal(b.Fields["simple"], &simple) // it was checked when it was uploaded
	return simple.Limit, simple.Period
}

// gateOf is the host's entrypoint that a binding leads to, and what narrows it; "" for none.
func (r *Runtime) gateOf(tx *store.Tx, namespaceID, self string, b store.Binding) (entrypoint string, props map[string]any) {
	switch b.Type {
	case "assets":
		return "Assets", map[string]any{"namespace": namespaceID, "name": self}
	case "kv_namespace":
		return "Store", storePath("kv", b.Text("namespace_id"))
	case "r2_bucket":
		return "Store", storePath("r2", orElse(b.Text("jurisdiction"), "default"), b.Text("bucket_name"))
	case "queue":
		return "Store", storePath("queue", b.Text("queue_name"))
	case "d1":
		return "D1", map[string]any{"id": orElse(b.Text("id"), b.Text("database_id"))}
	case "service":
		return "Service", map[string]any{"service": b.Text("service"), "entrypoint": b.Fields["entrypoint"], "props": b.Fields["props"]}
	case "dispatch_namespace":
		props := map[string]any{"namespace": namespaceOf(tx, r.options.Account, b.Text("namespace"))}
		if service, names := outboundOf(b); service != "" {
			props["outbound"] = map[string]any{"service": service, "names": names}
		}
		return "Dispatch", props
	case "durable_object_namespace":
		props := map[string]any{"namespace": namespaceID, "worker": self, "class": b.Text("class_name")}
		if other := b.Text("script_name"); other != "" && other != self {
			props["namespace"], props["worker"] = "", other
			if in := b.Text("dispatch_namespace"); in != "" {
				props["namespace"] = namespaceOf(tx, r.options.Account, in)
			}
		}
		return "ObjectClass", props
	}
	return "", nil
}

// noNamespace is where nothing ever is: a dispatch namespace that was deleted, or renamed, under a binding.
const noNamespace = "none"

func namespaceOf(tx *store.Tx, account, name string) string {
	n, found := tx.DispatchNamespace(account, name)
	if !found {
		return noNamespace
	}
	return n.ID
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

// outboundOf is the outbound Worker of a dispatch binding, and the parameters it takes. They are written as strings in
// the older schema and as objects in the newer.
func outboundOf(b store.Binding) (service string, names []string) {
	var outbound struct {
		Worker struct {
			Service string `json:"service"`
		} `json:"worker"`
		Params []json.RawMessage `json:"params"`
	}
	if json.Unmarshal(b.Fields["outbound"], &outbound) != nil {
		return "", nil
	}
	for _, raw := range outbound.Params {
		var param struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(raw, &param.Name) != nil {
			_ = json.Unmarshal(raw, &param) // it was checked when it was uploaded
		}
		names = append(names, param.Name)
	}
	return outbound.Worker.Service, names
}

func storePath(parts ...string) map[string]any {
	return map[string]any{"path": "/" + strings.Join(parts, "/")}
}

func orElse(value, absent string) string {
	if value == "" {
		return absent
	}
	return value
}
