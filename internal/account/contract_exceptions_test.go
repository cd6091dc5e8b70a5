package account

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// An exception is a place in Cloudflare's description that this package
// knowingly does not follow: the description is of August 2024, and wrong here
// and there. Whatever is not listed is checked.
type exception struct {
	operations []string
	part       string   // as in breach
	at         []string // pointers, for path.Match; empty for the part itself
	fields     []string // below the pointers; empty for the pointers themselves
	why        string
	source     string
}

const (
	accountPath   = "/accounts/{account_id}"
	workersPath   = accountPath + "/workers/scripts"
	workerPath    = workersPath + "/{script_name}"
	namespacePath = accountPath + "/workers/dispatch/namespaces"
	userPath      = namespacePath + "/{dispatch_namespace}/scripts/{script_name}"
	queuesPath    = accountPath + "/queues"
	consumersPath = queuesPath + "/{queue_id}/consumers"
	consumerPath  = consumersPath + "/{consumer_id}"
	domainPath    = accountPath + "/workers/domains/{domain_id}"
	routesOfZone  = "/zones/{zone_id}/workers/routes"
	routePath     = routesOfZone + "/{route_id}"
	hostnamesPath = "/zones/{zone_id}/custom_hostnames"
	hostnamePath  = hostnamesPath + "/{custom_hostname_id}"
	keysPath      = accountPath + "/storage/kv/namespaces/*"
	recordsPath   = "/zones/*/dns_records"
	vectorizePath = accountPath + "/vectorize/v2/indexes"
)

var (
	typesOf2025 = "cloudflare-go v4.6.0 and later"
	typesOf2026 = "npm cloudflare 7.3.0"
	answersOfV0 = "the answers in the tests of cloudflare-go v0"

	partOnly     = "the file is a part of the description, and this is of another part"
	isUUID       = "a hostname's id is a UUID"
	anyMetadata  = "metadata is any JSON; its fields are described by an example"
	saasCodes    = "https://developers.cloudflare.com/cloudflare-for-platforms/cloudflare-for-saas/reference/status-codes/custom-hostnames/"
	saasMetadata = "https://developers.cloudflare.com/cloudflare-for-platforms/cloudflare-for-saas/domain-support/custom-metadata/"
	saasOrigin   = "https://developers.cloudflare.com/cloudflare-for-platforms/cloudflare-for-saas/start/advanced-settings/custom-origin/"

	uploads       = []string{"PUT " + workerPath, "PUT " + userPath}
	shownScripts  = append([]string{"GET " + workersPath, "GET " + userPath}, uploads...)
	shownSettings = []string{"GET " + workerPath + "/settings", "GET " + userPath + "/settings"}
	patchSettings = "PATCH " + userPath + "/settings"
	saidSettings  = append(slices.Clone(shownSettings), patchSettings)
	shownConsumer = []string{"POST " + consumersPath, "PUT " + consumerPath}
)

// undescribed lists the operations that the description lacks.
var undescribed = []struct{ name, why, source string }{
	{"GET " + namespacePath + "/*/scripts", "the list of a namespace's scripts is newer", "Cloudflare's operation list of 2026, namespace-worker-list-scripts"},
	{"PUT " + namespacePath + "/*", "renaming and trusting a namespace are newer", "Cloudflare's operation list of 2026, namespace-worker-put-namespace"},
	{"POST " + namespacePath + "/*/scripts/*/assets-upload-session", "static assets are newer", typesOf2025},
	{"POST " + workersPath + "/*/assets-upload-session", "static assets are newer", typesOf2025},
	{"POST " + accountPath + "/workers/assets/upload", "static assets are newer", typesOf2025},
	{"GET " + workersPath + "/*/subdomain", "it was not documented yet", typesOf2025},
	{"POST " + workersPath + "/*/subdomain", "it was not documented yet", typesOf2025},
	{"PATCH " + queuesPath + "/*", "a change of single settings is newer", typesOf2025},
	{"PUT " + workersPath + "/*/secrets", "it was not documented yet", "API reference, \"Add Script Secret\""},
	{"PATCH " + workersPath + "/*/secrets-bulk", "many secrets at once are newer", typesOf2026},
	{"PATCH " + namespacePath + "/*/scripts/*/secrets-bulk", "many secrets at once are newer", typesOf2026},
	{"GET " + keysPath + "/keys", partOnly, "API reference, \"List a Namespace's Keys\""},
	{"GET " + keysPath + "/values/*", partOnly, "API reference, \"Read Key-Value Pair\""},
	{"PUT " + keysPath + "/bulk", partOnly, "API reference, \"Write Multiple Key-Value Pairs\""},
	{"POST " + keysPath + "/bulk/delete", partOnly, "API reference, \"Delete Multiple Key-Value Pairs\""},
	{"GET " + recordsPath, partOnly, "API reference, \"List DNS Records\""},
	{"POST " + recordsPath, partOnly, "API reference, \"Create DNS Record\""},
	{"PATCH " + recordsPath + "/*", partOnly, "API reference, \"Update DNS Record\""},
	{"DELETE " + recordsPath + "/*", partOnly, "API reference, \"Delete DNS Record\""},
	{"GET " + vectorizePath, partOnly, "cloudflare-go v4.6.0, vectorize.IndexService.List"},
	{"POST " + vectorizePath, partOnly, "cloudflare-go v4.6.0, vectorize.IndexService.New"},
	{"DELETE " + vectorizePath + "/*", partOnly, "cloudflare-go v4.6.0, vectorize.IndexService.Delete"},
	{"PATCH " + accountPath + "/r2/buckets/*", "the default storage class could not be changed", typesOf2025},
}

var exceptions = []exception{
	{
		shownScripts, "200", []string{"/result", "/result/*"},
		[]string{
			"compatibility_date", "compatibility_flags", "handlers", "has_assets", "has_modules", "last_deployed_from",
			"migration_tag", "observability", "placement", "tag", "tags",
		},
		"a script shows more of itself", typesOf2026 + ", ScriptListResponse",
	},
	{[]string{"GET " + workersPath}, "200", []string{"/result/*"}, []string{"routes"}, "a listed Worker shows its routes", typesOf2026 + ", ScriptListResponse"},
	{uploads, "200", []string{"/result"}, []string{"deployment_id", "entry_point"}, "an upload's answer shows them", "wrangler's deploy; " + typesOf2026 + ", ScriptUpdateResponse"},
	{
		append(slices.Clone(shownScripts), saidSettings...), "200", []string{"/result", "/result/*"}, []string{"usage_model"},
		`the models "bundled" and "unbound" have made way for "standard"`, typesOf2025,
	},
	{
		append(append([]string{"PATCH " + workerPath + "/script-settings"}, shownScripts...), shownSettings...), "200", []string{"/result", "/result/*"}, []string{"tail_consumers"},
		"it is null where there are none", typesOf2026 + ", TailConsumers of settings",
	},
	{append([]string{"PATCH " + workerPath + "/script-settings"}, saidSettings...), "200", []string{"/result"}, []string{"observability"}, "it is newer", typesOf2025},
	{saidSettings, "200", []string{"/result/placement"}, []string{"status"}, "how far smart placement has got is newer", typesOf2025},
	{
		saidSettings, "200", []string{"/result/bindings/*"}, []string{"text", "json", "jurisdiction", "delivery_delay"},
		"variables are missing among the types of bindings, and settings of others are newer", typesOf2025 + "; wrangler's upload form",
	},
	{
		saidSettings, "200", []string{"/result/bindings/*"}, nil,
		"variables are missing among the types of bindings, and a parameter of an outbound Worker is an object with a name", typesOf2026 + "; wrangler's upload form",
	},
	{
		[]string{patchSettings}, "body", []string{"/settings/bindings/*"}, []string{"text", "json", "jurisdiction", "delivery_delay"},
		"a change says bindings as an upload does", typesOf2026 + ", ScriptUpdateParams",
	},
	{[]string{patchSettings}, "body", []string{"/settings/bindings/*"}, nil, "a change says bindings as an upload does", typesOf2026 + ", ScriptUpdateParams"},
	{[]string{patchSettings}, "body", []string{"/settings"}, []string{"observability"}, "it is newer", typesOf2025},
	{
		[]string{patchSettings}, "query", []string{""}, []string{"bindings_inherit"},
		"uploads and versions take it; that a change does is not documented, and if it does not, it is passed over", "Cloudflare's operation list of 2026",
	},
	{[]string{"PATCH " + workerPath + "/script-settings"}, "200", []string{"/result"}, []string{"tags"}, "a Worker's tags are newer", typesOf2025},
	{[]string{"PATCH " + workerPath + "/script-settings"}, "body", []string{""}, []string{"tags"}, "a Worker's tags are newer", typesOf2025},
	{uploads, "body", []string{"/metadata"}, []string{"assets", "keep_assets", "limits", "observability"}, "they are newer", typesOf2026 + ", ScriptUpdateParams"},
	{[]string{"PUT " + workerPath}, "body", []string{"/metadata/migrations/steps/*"}, []string{"new_sqlite_classes"}, "SQLite in Durable Objects is newer", typesOf2025},
	{uploads, "query", []string{""}, []string{"bindings_inherit"}, "it is newer; without it, a secret that is to be kept and is missing is dropped in silence", "Cloudflare's operation list of 2026"},
	{
		[]string{"GET " + userPath + "/content", "GET " + workerPath + "/content/v2"}, "200", nil, nil,
		"modules are answered as a form; the description says that they are text", "wrangler, which reads it",
	},

	{
		[]string{"DELETE " + workerPath, "DELETE " + userPath, "DELETE " + domainPath}, "200", nil, nil,
		"nothing is said of a body; the API answers its envelope with null", "wrangler and Alchemy, which read it; with no body, it works, too",
	},
	{
		[]string{"DELETE " + workerPath, "DELETE " + userPath, "DELETE " + domainPath}, "404", nil, nil,
		"nothing is said of the body of a failure, which is as that of every other", "Cloudflare's list of error codes",
	},
	{
		[]string{"POST " + namespacePath}, "400", []string{""}, []string{"success", "result"},
		"a failure is described as a success without a result", "Cloudflare's list of error codes",
	},
	{
		[]string{
			"GET " + userPath, "GET " + workerPath + "/schedules", "PUT " + workerPath + "/schedules",
			"DELETE " + queuesPath + "/{queue_id}", "DELETE " + consumerPath, "DELETE " + routePath,
		},
		"404", []string{""}, []string{"success", "result"}, "a failure is described as a success", "Cloudflare's list of error codes",
	},
	{
		[]string{"DELETE " + queuesPath + "/{queue_id}", "DELETE " + consumerPath, "DELETE " + accountPath + "/d1/database/{database_id}"}, "200", []string{"/result"}, nil,
		"what is deleted is answered as null", typesOf2025 + ", whose result may be null",
	},

	{
		[]string{"GET /accounts", "GET /zones", "GET " + accountPath + "/storage/kv/namespaces", "GET " + hostnamesPath}, "200", []string{"/result_info"}, []string{"total_pages"},
		"pages are counted", "https://developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/",
	},
	{
		[]string{"GET " + namespacePath, "GET " + namespacePath + "/{dispatch_namespace}", "POST " + namespacePath}, "200", []string{"/result", "/result/*"}, []string{"trusted_workers"},
		"trusted namespaces are newer", typesOf2026,
	},

	{[]string{"GET " + accountPath + "/d1/database"}, "200", []string{"/result"}, nil, "a list is described as an object and as a list at once", typesOf2025},
	{
		[]string{"GET " + accountPath + "/d1/database", "POST " + accountPath + "/d1/database"}, "200", []string{"/result", "/result/*"}, []string{"jurisdiction", "file_size", "num_tables"},
		"a database shows more of itself", typesOf2026,
	},
	{[]string{"POST " + accountPath + "/d1/database"}, "body", []string{""}, []string{"jurisdiction"}, "it is newer", typesOf2026},
	{[]string{"GET " + accountPath + "/r2/buckets"}, "200", []string{"/result"}, nil, `a list of buckets is described as one of other products; it is below "buckets"`, typesOf2025 + "; wrangler"},
	{[]string{"POST " + accountPath + "/r2/buckets"}, "200", []string{"/result"}, []string{"jurisdiction"}, "it is newer", typesOf2025},
	{[]string{"POST " + accountPath + "/r2/buckets"}, "200", []string{"/result"}, []string{"location"}, "it is answered in capitals", "wrangler's r2 bucket info"},

	{[]string{"GET " + queuesPath}, "query", []string{""}, []string{"page"}, "it has pages", "wrangler, which asks for them"},
	{
		[]string{"GET " + queuesPath, "POST " + queuesPath}, "200", []string{"", "/result"}, nil,
		"what the result has is required of the envelope", typesOf2025,
	},
	{
		[]string{"GET " + queuesPath, "POST " + queuesPath}, "200", []string{"/result", "/result/*"},
		[]string{"settings", "producers", "consumers", "producers_total_count", "consumers_total_count"},
		"a queue's settings are newer, its producers and consumers are lists, and one that was made shows all of it, too", typesOf2025,
	},
	{shownConsumer, "200", []string{"", "/result"}, nil, "what the result has is required of the envelope", typesOf2025},
	{shownConsumer, "200", []string{"/result"}, []string{"consumer_id", "queue_id", "script", "type"}, "a consumer has an id and a type", typesOf2025},
	{shownConsumer, "200", []string{"/result/settings"}, []string{"max_concurrency", "retry_delay"}, "they are newer", typesOf2025},

	{[]string{"GET " + accountPath + "/workers/domains", "PUT " + accountPath + "/workers/domains"}, "200", []string{"/result", "/result/*"}, []string{"cert_id"}, "it is newer", typesOf2026},
	{
		[]string{"PUT " + accountPath + "/workers/domains"}, "body", []string{""}, []string{"override_existing_origin"},
		"a hostname of another Worker is taken over with it", "API errors 100116 and 100117",
	},
	{[]string{"GET " + routesOfZone}, "200", []string{"/result/*"}, nil, "a route without a script leads to no Worker", "https://developers.cloudflare.com/workers/configuration/routing/routes/"},
	{[]string{"PUT " + routePath}, "200", []string{"/result"}, nil, "a route without a script leads to no Worker", "https://developers.cloudflare.com/workers/configuration/routing/routes/"},
	{[]string{"PUT " + routePath}, "body", []string{""}, []string{"id"}, "it is required since", typesOf2025 + ", RouteUpdateParams"},
	{[]string{"GET /zones"}, "200", []string{"/result/*"}, []string{"paused", "plan", "status", "type"}, "a zone shows more of itself", typesOf2025},

	{[]string{"POST " + hostnamesPath}, "201", nil, nil, "what is created is answered with 201", saasCodes},
	{[]string{"PATCH " + hostnamePath}, "202", nil, nil, "what is changed is answered with 202", saasCodes},
	{[]string{"GET " + hostnamesPath}, "200", []string{"/result/*/id"}, nil, isUUID, answersOfV0},
	{[]string{"POST " + hostnamesPath}, "201", []string{"/result/id"}, nil, isUUID, answersOfV0},
	{[]string{"PATCH " + hostnamePath}, "202", []string{"/result/id"}, nil, isUUID, answersOfV0},
	{[]string{"DELETE " + hostnamePath}, "200", []string{"/id"}, nil, isUUID, answersOfV0},
	{[]string{"PATCH " + hostnamePath, "DELETE " + hostnamePath}, "path", []string{""}, []string{"custom_hostname_id"}, isUUID, answersOfV0},
	{[]string{"POST " + hostnamesPath, "PATCH " + hostnamePath}, "body", []string{"/custom_metadata/*"}, nil, anyMetadata, saasMetadata},
	{[]string{"GET " + hostnamesPath}, "200", []string{"/result/*/custom_metadata/*"}, nil, anyMetadata, saasMetadata},
	{[]string{"POST " + hostnamesPath}, "201", []string{"/result/custom_metadata/*"}, nil, anyMetadata, saasMetadata},
	{[]string{"PATCH " + hostnamePath}, "202", []string{"/result/custom_metadata/*"}, nil, anyMetadata, saasMetadata},
	{[]string{"POST " + hostnamesPath}, "body", []string{""}, []string{"custom_origin_server"}, "only a change is described with an origin", saasOrigin},
}

// exceptionsUsed records which exceptions are needed, by operation and by
// field.
type exceptionsUsed struct {
	operations map[string]bool         // of undescribed
	breaches   map[int]map[string]bool // of exceptions: operations, pointers and fields
}

func newExceptions() *exceptionsUsed {
	return &exceptionsUsed{map[string]bool{}, map[int]map[string]bool{}}
}

// operation reports whether an operation may be missing from the description.
func (u *exceptionsUsed) operation(method, escapedPath string) bool {
	for _, o := range undescribed {
		pattern := strings.Replace(o.name, "{account_id}", "*", 1)
		if matched, _ := path.Match(pattern, method+" "+escapedPath); matched {
			u.operations[o.name] = true
			return true
		}
	}
	return false
}

// breach reports whether a breach is a listed exception.
func (u *exceptionsUsed) breach(b breach) bool {
	for i, e := range exceptions {
		if e.part != b.part || !slices.Contains(e.operations, b.operation) {
			continue
		}
		if hit := e.hit(b.pointer); hit != "" {
			if u.breaches[i] == nil {
				u.breaches[i] = map[string]bool{}
			}
			u.breaches[i][b.operation], u.breaches[i][hit] = true, true
			return true
		}
	}
	return false
}

// hit returns the field, or the pointer, of the exception that covers a
// pointer, or "" if it does not cover it.
func (e exception) hit(pointer string) string {
	if len(e.at) == 0 && pointer == "" {
		return wholePart
	}
	for _, at := range e.at {
		if len(e.fields) == 0 {
			if matched, _ := path.Match(at, pointer); matched {
				return "at " + at
			}
		}
		for _, field := range e.fields {
			if matched, _ := path.Match(at+"/"+field, pointer); matched {
				return field
			}
		}
	}
	return ""
}

const wholePart = "the whole"

// unused returns the exceptions that nothing needs.
func (u *exceptionsUsed) unused() []string {
	var unused []string
	for _, o := range undescribed {
		if !u.operations[o.name] {
			unused = append(unused, o.name+", which is not sent")
		}
	}
	for i, e := range exceptions {
		wanted := append(slices.Clone(e.operations), e.fields...)
		if len(e.fields) == 0 {
			for _, at := range e.at {
				wanted = append(wanted, "at "+at)
			}
		}
		for _, want := range wanted {
			if !u.breaches[i][want] {
				unused = append(unused, fmt.Sprintf("%s (%s), %s: %s", e.operations[0], e.part, want, e.why))
			}
		}
	}
	return unused
}
