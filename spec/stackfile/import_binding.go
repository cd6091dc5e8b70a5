package stackfile

import (
	"maps"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// writtenBinding is how a binding type is written in a stack file: the group it
// stands in, and its fields there by the API's property. A type that is not
// among them, or has a property that is not, is written under `bindings`.
type writtenBinding struct {
	group  string // as in [bindingGroups]
	name   string // the field for the binding's name
	fields map[string]string
	single bool // the group is one binding and no list
}

var writtenBindings = map[string]writtenBinding{
	spec.BindingService:       {group: "services", name: "binding", fields: same("service", "environment", "entrypoint", "props")},
	spec.BindingDurableObject: {group: "durable_objects/bindings", name: "name", fields: same("class_name", "script_name", "environment")},
	spec.BindingWorkflow:      {group: "workflows", name: "binding", fields: map[string]string{"workflow_name": "name", "class_name": "class_name", "script_name": "script_name"}},
	"hyperdrive":              {group: "hyperdrive", name: "binding", fields: same("id")},
	"vectorize":               {group: "vectorize", name: "binding", fields: same("index_name")},
	"analytics_engine":        {group: "analytics_engine_datasets", name: "binding", fields: same("dataset")},
	"pipelines":               {group: "pipelines", name: "binding", fields: same("pipeline")},
	"ratelimit":               {group: "ratelimits", name: "name", fields: same("namespace_id", "simple")},
	spec.BindingSendEmail:     {group: "send_email", name: "name", fields: same("destination_address", "allowed_destination_addresses", "allowed_sender_addresses")},
	"secrets_store_secret":    {group: "secrets_store_secrets", name: "binding", fields: same("store_id", "secret_name")},
	"mtls_certificate":        {group: "mtls_certificates", name: "binding", fields: same("certificate_id")},
	"ai":                      {group: "ai", name: "binding", single: true},
	"browser":                 {group: "browser", name: "binding", single: true},
	"images":                  {group: "images", name: "binding", single: true},
	"version_metadata":        {group: "version_metadata", name: "binding", single: true},
}

func same(names ...string) map[string]string {
	fields := map[string]string{}
	for _, name := range names {
		fields[name] = name
	}
	return fields
}

// bindings writes a script's bindings, and returns the names of the secrets that
// stay what they are and of what else is carried over.
func (im *importer) bindings(m *members, a spec.Address, s *spec.Script) (kept, carried []string) {
	vars, secrets := members{}, members{}
	groups := map[string][]any{}
	singles := map[string]spec.Object{}
	for _, b := range s.Bindings {
		c := b.Canonical()
		delete(c, "type")
		text, isText := c["text"].(string)
		value, isJSON := c["json"]
		_, isString := value.(string)
		switch {
		case b.Type == spec.BindingSecret:
			kept = append(kept, b.Name)
			secrets.set(b.Name, spec.Object{"keep": true})
		case b.Type == spec.BindingSecretKey || im.inherit[a][b.Name]:
			carried = append(carried, b.Name)
		case b.Type == spec.BindingText && isText:
			vars.set(b.Name, text)
		case b.Type == spec.BindingJSON && isJSON && !isString:
			vars.set(b.Name, value)
		case b.Type == spec.BindingAssets:
			// it belongs to the assets
		default:
			group, item := im.binding(b, c)
			if single := writtenBindings[b.Type].single; single && singles[group] == nil && len(item) == 1 {
				singles[group] = item
			} else if single {
				groups["bindings"] = append(groups["bindings"], rawItem(b))
			} else {
				groups[group] = append(groups[group], item)
			}
		}
	}
	if len(vars) > 0 {
		m.put("vars", vars.value())
	}
	if len(secrets) > 0 {
		m.put("secrets", secrets.value())
	}
	if len(carried) > 0 {
		m.set("carry_over", canon.SortedStrings(carried))
	}
	if s.Assets != nil {
		assets := spec.Object{"keep": true}
		for _, b := range s.Bindings {
			if b.Type == spec.BindingAssets {
				assets["binding"] = b.Name
			}
		}
		m.set("assets", assets)
	}
	for _, group := range bindingGroups {
		if item := singles[group.key]; item != nil {
			m.set(group.key, item)
		}
		if items := groups[group.key]; len(items) > 0 {
			outer, inner, nested := strings.Cut(group.key, "/")
			if nested {
				m.set(outer, spec.Object{inner: items})
			} else {
				m.set(outer, items)
			}
		}
	}
	return kept, carried
}

// binding is a binding as an item of a group.
func (im *importer) binding(b spec.Binding, c spec.Object) (string, spec.Object) {
	item := spec.Object{"binding": b.Name}
	text := func(name string) string {
		s, _ := c[name].(string)
		return s
	}
	// refer names a store of the file by its key, and any other by a field.
	refer := func(a spec.Address, found bool, field, value string) {
		if key := im.keys[a]; found && key != "" {
			item["ref"] = key
		} else {
			item[field] = value
		}
	}
	switch b.Type {
	case spec.BindingKVNamespace:
		if onlyHas(c, "namespace_id") {
			a, found := im.ids[spec.KindKVNamespace][text("namespace_id")]
			refer(a, found, "id", text("namespace_id"))
			return "kv_namespaces", item
		}
	case spec.BindingD1:
		if onlyHas(c, "id") {
			a, found := im.ids[spec.KindD1Database][text("id")]
			refer(a, found, "database_id", text("id"))
			return "d1_databases", item
		}
	case spec.BindingR2Bucket:
		if onlyHas(c, "bucket_name", "jurisdiction") {
			refer(spec.BucketOf(b), true, "bucket_name", text("bucket_name"))
			if item["ref"] == nil && text("jurisdiction") != "" {
				item["jurisdiction"] = text("jurisdiction")
			}
			return "r2_buckets", item
		}
	case spec.BindingQueue:
		if onlyHas(c, "queue_name", "delivery_delay") {
			maps.Copy(item, im.queueReference(text("queue_name")))
			if delay := c["delivery_delay"]; delay != nil {
				item["delivery_delay"] = delay
			}
			return "queues/producers", item
		}
	case spec.BindingDispatchNamespace:
		if outbound, ok := writtenOutbound(c["outbound"]); ok && onlyHas(c, "namespace", "outbound") {
			item["namespace"] = text("namespace")
			if outbound != nil {
				item["outbound"] = outbound
			}
			return "dispatch_namespaces", item
		}
	default:
		if w, known := writtenBindings[b.Type]; known && onlyHas(c, slices.Collect(maps.Keys(w.fields))...) {
			item := spec.Object{w.name: b.Name}
			for property, value := range c {
				item[w.fields[property]] = value
			}
			return w.group, item
		}
	}
	return "bindings", rawItem(b)
}

// rawItem is a binding in the API's form.
func rawItem(b spec.Binding) spec.Object {
	item := spec.Object{"name": b.Name, "type": b.Type}
	maps.Copy(item, b.Properties.Object())
	return item
}

// onlyHas reports whether an object has no other keys.
func onlyHas(o spec.Object, keys ...string) bool {
	for key := range o {
		if !slices.Contains(keys, key) {
			return false
		}
	}
	return true
}

// writtenOutbound is the outbound Worker of a dispatch namespace as the file has
// it, nil where there is none, and whether the file can say it.
func writtenOutbound(value any) (spec.Object, bool) {
	outbound, ok := value.(spec.Object)
	if !ok {
		return nil, true
	}
	worker, _ := outbound["worker"].(spec.Object)
	if !onlyHas(outbound, "worker", "params") || !onlyHas(worker, "service", "environment") || worker["service"] == nil {
		return nil, false
	}
	written := maps.Clone(worker)
	var names []any
	params, _ := outbound["params"].([]any)
	for _, param := range params {
		p, _ := param.(spec.Object)
		if !onlyHas(p, "name") {
			return nil, false
		}
		names = append(names, p["name"])
	}
	canon.SetIfAny(written, "parameters", names)
	return written, true
}
