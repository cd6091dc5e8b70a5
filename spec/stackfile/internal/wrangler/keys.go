package wrangler

import "slices"

// key is a key of a configuration, and what becomes of it.
type key struct {
	name  string
	scope scope
	fate  fate

	// harmless is the value that means the same as leaving the key out does,
	// beside null and whatever is empty.
	harmless any

	// advice is what to do about a key that is not taken, or that a stack file has
	// no place for where it was pasted.
	advice string
}

// scope is where a key counts.
// Source: workers-sdk, packages/workers-utils/src/config/validation.ts (4.164.0).
type scope int

const (
	inherited scope = iota // an environment has that of the top level unless it has its own
	own                    // the top level and each environment have their own
	top                    // only the top level has it
)

// fate is what becomes of a key.
type fate int

const (
	taken    fate = iota // a Worker of a stack file has it too, and says what may be in it
	bindings             // taken, but for what is for development only
	local                // does not change what is deployed
	warned               // changes what is deployed in a small way that wfpsync does not follow
	refused              // changes what is deployed, and wfpsync cannot do it
	special              // see [Read]
)

// keys are all keys that wrangler knows. A key that a Worker of a stack file
// learns to have becomes taken here, and says nothing else.
// Source: wrangler 4.164.0, config-schema.json; node_compat and legacy_env and
// usage_model are of earlier versions.
var keys = []key{
	{name: "main"},
	{name: "compatibility_date"},
	{name: "compatibility_flags"},
	{name: "rules"},
	{name: "no_bundle"},
	{name: "minify"},
	{name: "base_dir"},
	{name: "find_additional_modules"},
	{name: "routes"},
	{name: "route"},
	{name: "triggers"},
	{name: "workers_dev"},
	{name: "preview_urls"},
	{name: "assets"},
	{name: "migrations"},
	{name: "limits"},
	{name: "logpush"},
	{name: "observability"},
	{name: "placement"},
	{name: "alias", scope: top},
	{name: "define", scope: own},
	{name: "vars", scope: own},
	{name: "tail_consumers", scope: own},

	{name: "ai", scope: own, fate: bindings},
	{name: "analytics_engine_datasets", scope: own, fate: bindings},
	{name: "browser", scope: own, fate: bindings},
	{name: "d1_databases", scope: own, fate: bindings},
	{name: "dispatch_namespaces", scope: own, fate: bindings},
	{name: "durable_objects", scope: own, fate: bindings},
	{name: "hyperdrive", scope: own, fate: bindings},
	{name: "images", scope: own, fate: bindings},
	{name: "kv_namespaces", scope: own, fate: bindings},
	{name: "mtls_certificates", scope: own, fate: bindings},
	{name: "pipelines", scope: own, fate: bindings},
	{name: "queues", scope: own, fate: bindings},
	{name: "r2_buckets", scope: own, fate: bindings},
	{name: "ratelimits", scope: own, fate: bindings},
	{name: "secrets_store_secrets", scope: own, fate: bindings},
	{name: "send_email", scope: own, fate: bindings},
	{name: "services", scope: own, fate: bindings},
	{name: "vectorize", scope: own, fate: bindings},
	{name: "version_metadata", scope: own, fate: bindings},
	{name: "workflows", scope: own, fate: bindings},

	{name: "name", fate: special},
	{name: "account_id", fate: special},
	{name: "secrets", scope: own, fate: special},
	{name: "env", scope: top, fate: special, advice: "what differs between environments goes into `environments` at the top of the file"},

	{name: "$schema", scope: top, fate: local, advice: localAdvice},
	{name: "dependencies_instrumentation", scope: top, fate: local, advice: localAdvice},
	{name: "dev", scope: top, fate: local, advice: localAdvice},
	{name: "previews", fate: local, advice: localAdvice},
	{name: "send_metrics", scope: top, fate: local, advice: localAdvice},

	// What wrangler and Cloudflare's plugin for Vite write into the configuration
	// that a build makes.
	{name: "configPath", scope: top, fate: local, advice: localAdvice},
	{name: "definedEnvironments", scope: top, fate: local, advice: localAdvice},
	{name: "targetEnvironment", scope: top, fate: local, advice: localAdvice},
	{name: "topLevelName", scope: top, fate: local, advice: localAdvice},
	{name: "userConfigPath", scope: top, fate: local, advice: localAdvice},

	// It says which files of a Python Worker are left out, and wfpsync uploads none.
	{name: "python_modules", fate: local, advice: "wfpsync uploads no Python: remove it"},

	{name: "build", fate: warned, advice: "wfpsync runs no build commands: build first, and name the result with `main` and no_bundle: true"},
	{name: "preserve_file_names", fate: warned, harmless: false, advice: "wfpsync names the modules beside the bundle itself"},
	{name: "tsconfig", fate: warned, harmless: "tsconfig.json", advice: "wfpsync reads the tsconfig.json nearest to each source file"},
	{name: "upload_source_maps", fate: warned, harmless: false, advice: "wfpsync uploads no source maps"},

	{name: "cloudchamber", scope: own, fate: refused, advice: containerAdvice},
	{name: "containers", scope: own, fate: refused, advice: containerAdvice},
	{name: "access", fate: refused},
	{name: "addresses", scope: top, fate: refused},
	{name: "cache", fate: refused, harmless: map[string]any{"enabled": false}},
	{name: "compliance_region", fate: refused, harmless: "public"},
	{name: "connect", scope: own, fate: refused},
	{name: "exports", fate: refused, advice: "declare Durable Objects with `durable_objects` and `migrations`"},
	{name: "first_party_worker", fate: refused, harmless: false},
	{name: "jsx_factory", fate: refused, harmless: "React.createElement", advice: "set `jsxFactory` in tsconfig.json instead"},
	{name: "jsx_fragment", fate: refused, harmless: "React.Fragment", advice: "set `jsxFragmentFactory` in tsconfig.json instead"},
	{name: "keep_names", fate: refused, harmless: true, advice: "wfpsync keeps the names of functions and classes"},
	{name: "keep_vars", scope: top, fate: refused, harmless: false, advice: "wfpsync removes variables that no file names: name those of the dashboard under `carry_over`"},
	{name: "legacy_env", scope: top, fate: refused, harmless: true, advice: "each environment is a Worker of its own"},
	{name: "logfwdr", fate: refused},
	{name: "node_compat", fate: refused, harmless: false, advice: "add nodejs_compat to compatibility_flags"},
	{name: "pages_build_output_dir", scope: top, fate: refused, advice: "this configures a Pages project, which is not a Worker"},
	{name: "site", scope: top, fate: refused, advice: "serve the files as `assets`"},
	{name: "streaming_tail_consumers", scope: own, fate: refused, advice: "a Worker under `tail_consumers` gets the events when the invocation has ended"},
	{name: "usage_model", fate: refused, harmless: "standard", advice: "the platform has one usage model: remove it"},
	{name: "data_blobs", scope: top, fate: refused, advice: blobAdvice},
	{name: "text_blobs", scope: top, fate: refused, advice: blobAdvice},
	{name: "wasm_modules", scope: top, fate: refused, advice: blobAdvice},

	{name: "agent_memory", scope: own, fate: refused, advice: bindingAdvice},
	{name: "ai_search", scope: own, fate: refused, advice: bindingAdvice},
	{name: "ai_search_namespaces", scope: own, fate: refused, advice: bindingAdvice},
	{name: "analytics", scope: own, fate: refused, advice: bindingAdvice},
	{name: "artifacts", scope: own, fate: refused, advice: bindingAdvice},
	{name: "flagship", scope: own, fate: refused, advice: bindingAdvice},
	{name: "k2", scope: own, fate: refused, advice: bindingAdvice},
	{name: "media", scope: own, fate: refused, advice: bindingAdvice},
	{name: "stream", scope: own, fate: refused, advice: bindingAdvice},
	{name: "unsafe", scope: own, fate: refused, advice: "bindings of unsafe.bindings go into `bindings`"},
	{name: "unsafe_hello_world", scope: own, fate: refused, advice: bindingAdvice},
	{name: "vpc_networks", scope: own, fate: refused, advice: bindingAdvice},
	{name: "vpc_services", scope: own, fate: refused, advice: bindingAdvice},
	{name: "worker_loaders", scope: own, fate: refused, advice: bindingAdvice},
}

// A field is what wrangler takes within a key that is taken, and wfpsync does
// not. A step of [] goes through a list.
type field struct {
	path     string
	harmless any
	advice   string
}

var fields = []field{
	{path: "ai.staging", harmless: false},
	{path: "assets.base_path", harmless: "/", advice: "put the files into a folder of that name below the directory"},
	{path: "d1_databases.[].jurisdiction", advice: "give it to the database under `d1_databases` at the top of the stack file"},
	{path: "durable_objects.code_update_strategy"},
	{path: "pipelines.[].stream", advice: bindingAdvice},
	{path: "route.enabled", harmless: true, advice: "leave out a route that is not to be there"},
	{path: "route.previews_enabled", harmless: false},
	{path: "routes.[].enabled", harmless: true, advice: "leave out a route that is not to be there"},
	{path: "routes.[].previews_enabled", harmless: false},
	{path: "triggers.events", advice: "subscribe to the events with wrangler"},
	{path: "workflows.[].concurrency", advice: workflowAdvice},
	{path: "workflows.[].default_retention", advice: workflowAdvice},
	{path: "workflows.[].jurisdiction", advice: workflowAdvice},
	{path: "workflows.[].limits", advice: workflowAdvice},
	{path: "workflows.[].schedules", advice: "let scheduled() of the Worker create the instances, with `triggers`"},
}

const workflowAdvice = "set it with wrangler, which the workflow then keeps"

const (
	bindingAdvice   = "write the binding in the API's form under `bindings`"
	blobAdvice      = "import the file in the Worker's code: it becomes a module"
	containerAdvice = "wfpsync deploys no containers"
	localAdvice     = "it is for wrangler itself only: remove it"
)

// developmentFields are fields of bindings that never reach the account, or only
// with other commands than deploy.
var developmentFields = []string{
	"database_internal_env", "localConnectionString", "local_dev", "migrations_dir", "migrations_pattern", "migrations_table",
	"preview_bucket_name", "preview_database_id", "preview_id", "remote",
}

func find(name string) (key, bool) {
	i := slices.IndexFunc(keys, func(k key) bool { return k.name == name })
	if i < 0 {
		return key{}, false
	}
	return keys[i], true
}

// Keys returns the names of all keys that wrangler knows.
func Keys() []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return names
}

// Advice returns what to do about a key of wrangler that a stack file has no
// place for; "" for any other.
func Advice(name string) string {
	k, _ := find(name)
	return k.advice
}

// IsForDevelopment reports whether a field of a binding is for development only.
func IsForDevelopment(field string) bool { return slices.Contains(developmentFields, field) }
