// Package explain says in the file's own words what the JSON Schema complains about.
package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/schema"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/complaint"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/wrangler"
)

// Violation reports what violates the schema, and reports whether the value can still
// be used.
func Violation(c *complaint.Collector, v schema.Violation, value *document.Value, member *document.Member) bool {
	if m := sharedKey.FindStringSubmatch(v.Pointer); m != nil && strings.HasPrefix(m[1], "user_workers/") && workerOnly[m[2]] != "" && wrangler.SaysNothing(value) {
		return true
	}
	d, misspelt := explain(c, v, value, member)
	c.Diagnose(d.Severity, d.Rule, d.Range, d.Message, d.Hint, d.Related...)
	if v.Keyword == schema.Unknown && !misspelt {
		return true
	}
	c.Break(v.Pointer)
	return false
}

// explain turns a schema violation into a diagnostic at its place, and says
// whether it is about a key that was meant to be another.
func explain(c *complaint.Collector, v schema.Violation, value *document.Value, member *document.Member) (d diag.Diagnostic, misspelt bool) {
	d = diag.Diagnostic{Severity: diag.Error, Rule: spec.RuleWrongValue, Message: v.Message, Hint: v.Expected, Range: value.Range()}
	switch v.Keyword {
	case schema.Unknown:
		d.Range = member.Range()
		misspelt = explainUnknownKey(c, &d, v, member)
	case "required":
		d.Rule, d.Hint = spec.RuleMissingKey, ""
		if member != nil {
			d.Range = member.Range()
		} else if v.Pointer == "" {
			d.Hint = beginningHint
		}
	case "type":
		if advice := secretAdvice(v.Pointer); advice != "" {
			d.Rule, d.Hint = spec.RuleSecretSource, advice
			d.Message = fmt.Sprintf("the secret %q must say where its value comes from, not contain it", lastStep(v.Pointer))
			c.Mask(value)
		} else if v.Pointer == "" {
			d.Hint = beginningHint
		} else if (value.Kind == document.Number || value.Kind == document.Bool) && wantsText(v) {
			d.Hint = fmt.Sprintf("if it is meant as text, quote it: %q", value.Text)
		}
	}
	return d, misspelt
}

// wantsText reports whether a violation is about a value that should be text.
func wantsText(v schema.Violation) bool {
	expected, _, _ := strings.Cut(v.Message, ", got")
	return strings.Contains(expected, "text")
}

const beginningHint = "a stack file begins with `version: 1` and `name: STACK`"

var (
	sharedKey      = regexp.MustCompile(`^/((?:user_workers|profiles)/[^/]+|defaults)/(.+)$`)
	secretPointer  = regexp.MustCompile(`^/(?:(?:workers|user_workers)/[^/]+|defaults)/secrets/[^/]+$`)
	variableKey    = regexp.MustCompile(`^/variables/([^/]+)/[^/]+$`)
	credentialKeys = []string{"api_token", "apiToken", "api_key", "apiKey", "token", "email", "api_email"}
)

// workerOnly are the fields of a Worker that the platform takes no notice of
// inside a dispatch namespace, with what to do instead. Defaults and profiles,
// which user Workers take over, do not have them either.
// Source: Workers for Platforms limits; workers-sdk#13840, #6758.
var workerOnly = map[string]string{
	"route":            throughDispatcher,
	"routes":           throughDispatcher,
	"triggers":         "give the cron trigger to a Worker under `workers:` with a dispatch namespace, and let its scheduled() call the user Workers",
	"queues/consumers": "let a Worker under `workers:` with a dispatch namespace consume the queue, and hand each message to its user Worker",
	"workers_dev":      "a user Worker has no workers.dev address: reach it through a dispatcher, which may have one",
	"preview_urls":     "a user Worker has no preview URLs: upload it to a dispatch namespace of its own for previews",
}

const throughDispatcher = "requests reach a user Worker through a dispatcher: give the dispatcher, under `workers:`, a wildcard route, as in \"*.example.com/*\""

func explainUnknownKey(c *complaint.Collector, d *diag.Diagnostic, v schema.Violation, member *document.Member) (misspelt bool) {
	key := member.Key
	d.Rule = spec.RuleUnknownKey
	d.Message = fmt.Sprintf("unknown key %q", key)
	if m := sharedKey.FindStringSubmatch(v.Pointer); m != nil && workerOnly[m[2]] != "" {
		name := strings.ReplaceAll(m[2], "/", ".")
		if strings.HasPrefix(m[1], "user_workers/") {
			d.Rule = spec.RuleIgnoredOnUserWorker
			d.Message = fmt.Sprintf("the platform ignores %q on a user Worker", name)
			d.Hint = workerOnly[m[2]]
			return false
		}
		d.Message = fmt.Sprintf("%q cannot be set for all Workers", name)
		d.Hint = "set it on Workers under `workers:`: user Workers cannot have it"
		return false
	}
	if strings.Count(v.Pointer, "/") == 1 && Credentials(c, d, member) {
		return false
	}
	if key == "custom_key" {
		c.Mask(member.Value)
		d.Hint = "a private key does not belong in the stack file: upload the certificate with Cloudflare's API, and leave `ssl` out here"
		return false
	}
	if key == "renamed_from" {
		d.Hint = "only dispatch namespaces and KV namespaces can be renamed: declare the new one beside the old one, and remove the old one when nothing needs it"
		return false
	}
	if advice := wranglerAdvice(v.Pointer, key); advice != "" {
		d.Hint = advice
		return false
	}
	if m := variableKey.FindStringSubmatch(v.Pointer); m != nil && diag.Nearest(key, v.Allowed) == "" {
		d.Hint = fmt.Sprintf("if the value itself is a mapping, write it under `default`: %s: { default: { %s: … } }", m[1], key)
		return false
	}
	place := rightPlace(v.Pointer, key)
	if near := diag.Nearest(key, v.Allowed); near != "" && (place == "" || diag.EditDistance(key, near) == 1) {
		d.Hint = fmt.Sprintf("did you mean %q?", near)
		return true
	}
	if whole := wholeKey(key, v.Allowed); whole != "" && !slices.Contains(everywhere, key) {
		d.Hint = fmt.Sprintf("did you mean %q?", whole)
		return false
	}
	switch n := len(v.Allowed); {
	case n == 0 || place != "" && n > maxKeys:
		d.Hint = place
	case n > maxKeys:
		d.Hint = fmt.Sprintf("it is like none of the %d keys allowed here; `wfpsync schema` describes them", n)
	case place != "":
		d.Hint = place + "; the keys allowed here are " + strings.Join(v.Allowed, ", ")
	default:
		d.Hint = "the keys allowed here are " + strings.Join(v.Allowed, ", ")
	}
	return false
}

// wholeKey returns the only key that may stand here whose last words a key is,
// as `namespace` is of `dispatch_namespace`; "" if there is none.
func wholeKey(key string, allowed []string) string {
	whole := ""
	for _, k := range allowed {
		switch {
		case !strings.HasSuffix(k, "_"+key):
		case whole != "":
			return ""
		default:
			whole = k
		}
	}
	return whole
}

// maxKeys is how many keys a hint lists.
const maxKeys = 15

// Credentials explains a key at the top of a file that holds credentials, and reports
// whether it is one.
func Credentials(c *complaint.Collector, d *diag.Diagnostic, member *document.Member) bool {
	if !slices.Contains(credentialKeys, member.Key) {
		return false
	}
	d.Rule = spec.RuleCredentials
	d.Message = fmt.Sprintf("credentials do not belong in the stack file: %q", member.Key)
	d.Hint = "set CLOUDFLARE_API_TOKEN, or CLOUDFLARE_API_KEY with CLOUDFLARE_EMAIL, in the environment"
	c.Mask(member.Value)
	return true
}

var (
	workerKey = regexp.MustCompile(`^/(?:(?:workers|user_workers|profiles)/[^/]+|defaults)/([^/]+)$`)
	insideKey = regexp.MustCompile(`^/(?:(?:workers|user_workers|profiles)/[^/]+|defaults)/[^/]+/.+$`)
)

// wranglerAdvice says what to do about a key that wrangler's configuration has
// and the stack file has not; "" for any other key.
func wranglerAdvice(pointer, key string) string {
	switch {
	case workerKey.MatchString(pointer):
		return wrangler.Advice(key)
	case insideKey.MatchString(pointer) && wrangler.IsForDevelopment(key):
		return "it is for wrangler dev only: remove it"
	case key == "visibility_timeout_ms" && insideKey.MatchString(pointer):
		return "it is for consumers that pull messages over HTTP, which a Worker does not: remove it"
	}
	return ""
}

func secretAdvice(pointer string) string {
	if !secretPointer.MatchString(pointer) {
		return ""
	}
	return fmt.Sprintf("write %s: { env: %s } and set that variable where wfpsync runs", lastStep(pointer), lastStep(pointer))
}

func lastStep(pointer string) string { return pointer[strings.LastIndexByte(pointer, '/')+1:] }
