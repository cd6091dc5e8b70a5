package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// bindingTypes are the types of bindings the platform knows, with the field each cannot do without.
var bindingTypes = map[string]string{
	"agent_memory":             "",
	"ai":                       "",
	"ai_search":                "instance_name",
	"ai_search_namespace":      "namespace",
	"analytics_engine":         "dataset",
	"artifacts":                "namespace",
	"assets":                   "",
	"browser":                  "",
	"d1":                       "", // id, or in newer clients database_id
	"data_blob":                "part",
	"dispatch_namespace":       "namespace",
	"durable_object_namespace": "", // class_name, or namespace_id
	"flagship":                 "app_id",
	"hyperdrive":               "id",
	"images":                   "",
	"inherit":                  "",
	"json":                     "json",
	"kv_namespace":             "namespace_id",
	"logfwdr":                  "",
	"media":                    "",
	"messaging":                "namespace",
	"mtls_certificate":         "certificate_id",
	"pipelines":                "", // pipeline, or stream
	"plain_text":               "text",
	"queue":                    "queue_name",
	"r2_bucket":                "bucket_name",
	"ratelimit":                "namespace_id",
	"secret_key":               "format",
	"secret_text":              "text",
	"secrets_store_secret":     "secret_name",
	"send_email":               "",
	"service":                  "service",
	"stream":                   "",
	"tail_consumer":            "service",
	"text_blob":                "part",
	"vectorize":                "index_name",
	"version_metadata":         "",
	"vpc_network":              "", // network_id, or tunnel_id
	"vpc_service":              "service_id",
	"wasm_module":              "part",
	"websearch":                "",
	"worker_loader":            "",
	"workflow":                 "workflow_name",
}

// unsafePrefix marks types that wrangler passes through unseen, for features that are not public yet.
const unsafePrefix = "unsafe_"

// checkBinding checks what can be seen in the binding itself.
func checkBinding(binding store.Binding) error {
	if binding.Name == "" {
		return fail(http.StatusBadRequest, workersBindingNameMissing, "A binding of type '%s' has no name", binding.Type)
	}
	required, known := bindingTypes[binding.Type]
	if !known && !strings.HasPrefix(binding.Type, unsafePrefix) {
		return fail(http.StatusBadRequest, workersUnknownBindingType,
			"The binding '%s' has the unknown type '%s'", binding.Name, binding.Type)
	}
	if required == "" {
		return nil
	}
	value, present := binding.Fields[required]
	if !present {
		return invalid("The binding '%s' of type %s has no %s", binding.Name, binding.Type, required)
	}
	// Everything but a json variable is named by a string.
	if text := new(string); required != "json" && (json.Unmarshal(value, text) != nil || string(value) == "null") {
		return invalid("The binding '%s' of type %s needs a string as its %s", binding.Name, binding.Type, required)
	}
	if binding.Type == "ratelimit" {
		return checkRateLimit(binding)
	}
	return nil
}

// checkRateLimit wants a limit and one of the two periods there are.
// Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/
func checkRateLimit(binding store.Binding) error {
	var simple struct {
		Limit  float64 `json:"limit"`
		Period float64 `json:"period"`
	}
	if raw := binding.Fields["simple"]; raw == nil || json.Unmarshal(raw, &simple) != nil {
		return invalid("The binding '%s' of type ratelimit needs a limit and a period in simple", binding.Name)
	}
	if simple.Limit < 1 || simple.Period != 10 && simple.Period != 60 {
		return invalid("The binding '%s' limits to %v in %v seconds; the period is 10 or 60", binding.Name, simple.Limit, simple.Period)
	}
	return nil
}

// outbound is the Worker through which the requests of dispatched user Workers leave.
type outbound struct {
	Worker struct {
		Service string `json:"service"`
	} `json:"worker"`
	Params []outboundParam `json:"params"`
}

// An outboundParam is written as a string in the older schema and as an object by wrangler and newer SDKs.
type outboundParam struct{ Name string }

// UnmarshalJSON implements json.Unmarshaler.
func (p *outboundParam) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &p.Name)
	}
	var object struct {
		Name string `json:"name"`
	}
	err := json.Unmarshal(data, &object)
	p.Name = object.Name
	return err
}

func decodeOutbound(binding store.Binding) (outbound, error) {
	var out outbound
	raw := binding.Fields["outbound"]
	if raw == nil {
		return out, nil
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, invalid("The outbound Worker of the binding '%s' is malformed: %v", binding.Name, err)
	}
	for _, param := range out.Params {
		if param.Name == "" {
			return out, invalid("An outbound parameter of the binding '%s' has no name", binding.Name)
		}
	}
	return out, nil
}

// IsSecret reports whether a binding has a value that is never returned.
func IsSecret(bindingType string) bool {
	return bindingType == "secret_text" || bindingType == "secret_key"
}

// secretKeyFields are what a secret_key shows of itself; the key material is not among them.
var secretKeyFields = []string{"format", "algorithm", "usages"}

// viewBinding is a binding as answers show it. This is the only way from a stored binding to a client.
func viewBinding(script store.Script, binding store.Binding) map[string]any {
	view := map[string]any{"name": binding.Name, "type": binding.Type}
	switch binding.Type {
	case "secret_text":
	case "secret_key":
		for _, field := range secretKeyFields {
			if value, present := binding.Fields[field]; present {
				view[field] = value
			}
		}
	default:
		for field, value := range binding.Fields {
			view[field] = value
		}
	}
	if class := binding.Text("class_name"); binding.Type == "durable_object_namespace" && class != "" && view["namespace_id"] == nil {
		// The platform creates a namespace for each class and names it here, though nobody sent one.
		owner := binding.Text("script_name")
		if owner == "" {
			owner = script.Tag
		}
		view["namespace_id"] = derivedID("durable object " + owner + " " + class)
	}
	return view
}

// ViewBindings are the bindings of a script as anybody may see them: nothing confidential is among them.
func ViewBindings(script store.Script) []map[string]any {
	views := make([]map[string]any, 0, len(script.Bindings))
	for _, binding := range script.Bindings {
		views = append(views, viewBinding(script, binding))
	}
	return views
}
