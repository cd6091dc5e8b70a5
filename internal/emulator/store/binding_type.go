package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// A BindingType describes one of the platform's binding types to every package
// of the emulator. The facts about the real platform are repeated here,
// separate from package spec, so that the two cannot be wrong together.
type BindingType struct {
	Name string

	// Required is the field that a binding must have, or "" if it needs none,
	// or one of two. It is a string, unless AnyJSON says that it can be any
	// JSON.
	Required string
	AnyJSON  bool

	// Fault returns what else is wrong with a binding by itself, or "". It is
	// nil if nothing can be.
	Fault func(b Binding) string

	// Inherits says that a binding stands for a previous one.
	Inherits bool

	// Secret says that a value is never returned. Shown are the fields that are
	// returned anyway.
	Secret bool
	Shown  []string

	// Size returns how many bytes of a variable or of a secret the platform
	// counts. It is nil for other types.
	Size func(b Binding) int

	// Value returns the value in a Worker's env of a binding that is only a
	// value. It is nil for other types.
	Value func(b Binding, s Script) any

	// Missing returns the platform's code and message if the store of a binding
	// does not exist, or "". It is nil for bindings without a store in the
	// local account: an AI model or a certificate is not checked.
	Missing func(tx *Tx, account string, b Binding) (code int, message string)

	// Leads is the other kind of target that a binding has in the local
	// account.
	Leads Lead

	// Title returns the user's name for the target of a binding that has only
	// its id. It is nil if the binding has a name for it.
	Title func(tx *Tx, account string, b Binding) string

	// Entrypoint is the host's entrypoint that serves a binding while Workers
	// run, and Props limit it to one resource; "" for none. Details are what
	// the code that runs before the Worker's also needs.
	Entrypoint string
	Props      func(s Site, b Binding) map[string]any
	Details    func(s Site, b Binding) map[string]any

	// target returns the target of a binding in the index of referrers: an
	// account Worker, a queue, or "".
	target func(b Binding) string
}

// A Lead is a kind of target of a binding.
type Lead int

// These are the kinds of targets.
const (
	ToNothing Lead = iota // in the local account
	ToAssets
	ToWorker
	ToObjectClass
	ToWorkflow
	ToDispatchNamespace
)

// A Site is the script that has a binding.
type Site struct {
	Tx          *Tx
	Account     string
	NamespaceID string // empty: an account Worker
	Script      string
}

// SecretText is the type of a secret without a type.
const SecretText = "secret_text"

// DefaultJurisdiction is the jurisdiction of a bucket that names none.
const DefaultJurisdiction = "default"

// bindingTypes are the platform's types of bindings. A new type is a row here.
var bindingTypes = tableOf(
	BindingType{Name: "agent_memory"},
	BindingType{Name: "ai"},
	BindingType{Name: "ai_search", Required: "instance_name"},
	BindingType{Name: "ai_search_namespace", Required: "namespace"},
	BindingType{Name: "analytics_engine", Required: "dataset"},
	BindingType{Name: "artifacts", Required: "namespace"},
	BindingType{Name: "assets", Leads: ToAssets, Entrypoint: "Assets", Props: assetsProps},
	BindingType{Name: "browser"},
	BindingType{Name: "d1", Missing: missingDatabase, Title: databaseName, Entrypoint: "D1", Props: d1Props},
	BindingType{Name: "data_blob", Required: "part"},
	BindingType{Name: "dispatch_namespace", Required: "namespace", Leads: ToDispatchNamespace,
		Entrypoint: "Dispatch", Props: dispatchProps, Details: dispatchDetails, target: outboundTarget},
	BindingType{Name: "durable_object_namespace", Leads: ToObjectClass, Entrypoint: "ObjectClass", Props: classProps}, // needs class_name or namespace_id
	BindingType{Name: "flagship", Required: "app_id"},
	BindingType{Name: "hyperdrive", Required: "id"},
	BindingType{Name: "images"},
	BindingType{Name: "inherit", Inherits: true},
	BindingType{Name: "json", Required: "json", AnyJSON: true, Size: jsonSize, Value: jsonValue},
	BindingType{Name: "kv_namespace", Required: "namespace_id", Missing: missingNamespace, Title: namespaceTitle, Entrypoint: "Store", Props: kvProps},
	BindingType{Name: "logfwdr"},
	BindingType{Name: "media"},
	BindingType{Name: "messaging", Required: "namespace"},
	BindingType{Name: "mtls_certificate", Required: "certificate_id"},
	BindingType{Name: "pipelines"}, // needs pipeline or stream
	BindingType{Name: "plain_text", Required: "text", Size: textSize, Value: textValue},
	BindingType{Name: "queue", Required: "queue_name", Missing: missingQueue, Entrypoint: "Store", Props: queueProps, Details: queueDetails, target: producerTarget},
	BindingType{Name: "r2_bucket", Required: "bucket_name", Missing: missingBucket, Entrypoint: "Store", Props: r2Props},
	BindingType{Name: "ratelimit", Required: "namespace_id", Fault: rateLimitFault, Details: rateLimitDetails},
	BindingType{Name: "secret_key", Required: "format", Secret: true, Shown: []string{"format", "algorithm", "usages"}, Size: keySize},
	BindingType{Name: SecretText, Required: "text", Secret: true, Size: textSize, Value: textValue},
	BindingType{Name: "secrets_store_secret", Required: "secret_name"},
	BindingType{Name: "send_email"},
	BindingType{Name: "service", Required: "service", Leads: ToWorker, Entrypoint: "Service", Props: serviceProps, target: serviceTarget},
	BindingType{Name: "stream"},
	BindingType{Name: "tail_consumer", Required: "service"},
	BindingType{Name: "text_blob", Required: "part"},
	BindingType{Name: "vectorize", Required: "index_name", Missing: missingIndex},
	BindingType{Name: "version_metadata", Value: versionMetadata},
	BindingType{Name: "vpc_network"}, // needs network_id or tunnel_id
	BindingType{Name: "vpc_service", Required: "service_id"},
	BindingType{Name: "wasm_module", Required: "part"},
	BindingType{Name: "websearch"},
	BindingType{Name: "worker_loader"},
	BindingType{Name: "workflow", Required: "workflow_name", Leads: ToWorkflow},
)

func tableOf(rows ...BindingType) map[string]BindingType {
	table := make(map[string]BindingType, len(rows))
	for _, t := range rows {
		table[t.Name] = t
	}
	return table
}

// BindingTypeOf returns the description of a type of bindings. For an unknown
// type it is empty, even its name.
func BindingTypeOf(name string) BindingType { return bindingTypes[name] }

func textSize(b Binding) int { return len(b.Text("text")) }
func jsonSize(b Binding) int { return len(b.Fields["json"]) }
func keySize(b Binding) int  { return len(b.Text("key_base64")) + len(b.Fields["key_jwk"]) }

func textValue(b Binding, _ Script) any { return b.Text("text") }
func jsonValue(b Binding, _ Script) any { return b.Fields["json"] }

func versionMetadata(_ Binding, s Script) any {
	return map[string]any{"id": s.DeploymentID, "tag": "", "timestamp": s.ModifiedOn}
}

func assetsProps(s Site, _ Binding) map[string]any {
	return map[string]any{"namespace": s.NamespaceID, "name": s.Script}
}

func namespaceTitle(tx *Tx, account string, b Binding) string {
	n, _ := tx.KVNamespace(account, b.Text("namespace_id"))
	return n.Title
}

func kvProps(_ Site, b Binding) map[string]any { return pathOf("kv", b.Text("namespace_id")) }

// DatabaseID returns the database of a d1 binding. Newer clients call it
// database_id.
func (b Binding) DatabaseID() string { return cmp.Or(b.Text("id"), b.Text("database_id")) }

func databaseName(tx *Tx, account string, b Binding) string {
	d, _ := tx.D1Database(account, b.DatabaseID())
	return d.Name
}

func d1Props(_ Site, b Binding) map[string]any { return map[string]any{"id": b.DatabaseID()} }

// Bucket returns the bucket of an r2_bucket binding.
func (b Binding) Bucket() (jurisdiction, name string) {
	return cmp.Or(b.Text("jurisdiction"), DefaultJurisdiction), b.Text("bucket_name")
}

func r2Props(_ Site, b Binding) map[string]any {
	jurisdiction, name := b.Bucket()
	return pathOf("r2", jurisdiction, name)
}

func queueProps(_ Site, b Binding) map[string]any { return pathOf("queue", b.Text("queue_name")) }

// queueDetails returns the delay of messages without one.
func queueDetails(_ Site, b Binding) map[string]any {
	return map[string]any{"delay": b.Fields["delivery_delay"]}
}

func producerTarget(b Binding) string { return queueTarget(b.Text("queue_name")) }

func serviceProps(_ Site, b Binding) map[string]any {
	return map[string]any{"service": b.Text("service"), "entrypoint": b.Fields["entrypoint"], "props": b.Fields["props"]}
}

func serviceTarget(b Binding) string { return b.Text("service") }

// classProps returns the props of a Durable Object class: the script's own,
// another Worker's, or a user Worker's.
func classProps(s Site, b Binding) map[string]any {
	props := map[string]any{"namespace": s.NamespaceID, "worker": s.Script, "class": b.Text("class_name")}
	if other := b.Text("script_name"); other != "" && other != s.Script {
		props["namespace"], props["worker"] = "", other
		if in := b.Text("dispatch_namespace"); in != "" {
			props["namespace"] = s.namespaceID(in)
		}
	}
	return props
}

func outboundTarget(b Binding) string {
	out, _ := b.Outbound() // the upload checked it
	return out.Service
}

func dispatchProps(s Site, b Binding) map[string]any {
	props := map[string]any{"namespace": s.namespaceID(b.Text("namespace"))}
	if out, _ := b.Outbound(); out.Service != "" {
		props["outbound"] = map[string]any{"service": out.Service, "names": out.Params}
	}
	return props
}

// dispatchDetails returns the namespace that may be called directly. With an
// outbound Worker it may not: each call has parameters, which the host adds.
func dispatchDetails(s Site, b Binding) map[string]any {
	if outboundTarget(b) != "" {
		return nil
	}
	return map[string]any{"direct": s.namespaceID(b.Text("namespace"))}
}

// noNamespace is an id that never exists: that of a dispatch namespace that was
// deleted or renamed although a binding refers to it.
const noNamespace = "none"

func (s Site) namespaceID(name string) string {
	n, found := s.Tx.DispatchNamespace(s.Account, name)
	if !found {
		return noNamespace
	}
	return n.ID
}

// rateLimit returns what a ratelimit binding allows.
func rateLimit(b Binding) (limit, period float64, ok bool) {
	var simple struct {
		Limit  float64 `json:"limit"`
		Period float64 `json:"period"`
	}
	ok = json.Unmarshal(b.Fields["simple"], &simple) == nil
	return simple.Limit, simple.Period, ok
}

// rateLimitFault checks for a limit and one of the two allowed periods.
// Source:
// https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/
func rateLimitFault(b Binding) string {
	switch limit, period, ok := rateLimit(b); {
	case !ok:
		return fmt.Sprintf("The binding '%s' of type ratelimit needs a limit and a period in simple", b.Name)
	case limit < 1 || period != 10 && period != 60:
		return fmt.Sprintf("The binding '%s' limits to %v in %v seconds; the period is 10 or 60", b.Name, limit, period)
	}
	return ""
}

func rateLimitDetails(_ Site, b Binding) map[string]any {
	limit, period, _ := rateLimit(b)
	return map[string]any{"limit": limit, "period": period}
}

func pathOf(parts ...string) map[string]any {
	return map[string]any{"path": "/" + strings.Join(parts, "/")}
}
