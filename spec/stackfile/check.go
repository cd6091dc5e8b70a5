package stackfile

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// nameRule is what the platform allows as a name.
type nameRule struct {
	what    string
	pattern *regexp.Regexp
	hint    string

	// maxLength is how many characters a name may have, 0 if the pattern says so. A
	// pattern that counts to 512 takes five milliseconds to compile, at each start.
	maxLength int
}

func (r nameRule) allows(name string) bool {
	return (r.maxLength == 0 || utf8.RuneCountInString(name) <= r.maxLength) && r.pattern.MatchString(name)
}

// Sources: API schema of script names; API error 10016 for account Workers; API
// schema of D1 databases; R2, "Create buckets"; API error 11003 for queues.
// The API takes more as the name of a namespace than is wise to create.
var (
	namespaceName  = nameRule{"dispatch namespace", regexp.MustCompile(`^[A-Za-z0-9_-]+$`), "use letters, digits and dashes, at most 63", 63}
	kvTitle        = nameRule{"KV namespace title", regexp.MustCompile(`^[^\x00-\x1f\x7f]+$`), "use printable characters, at most 512", 512}
	d1Name         = nameRule{"D1 database", regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`), "use lower-case letters, digits, dashes and underscores, the first a letter or digit", 0}
	r2Name         = nameRule{"bucket", regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`), "use 3 to 63 lower-case letters, digits and dashes, with no dash at either end", 0}
	queueName      = nameRule{"queue", regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$`), "use letters, digits and dashes, at most 63, with no dash at either end", 0}
	workerName     = nameRule{"Worker", regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`), "use lower-case letters, digits, dashes and underscores, at most 63, without a dash at the end", 0}
	userWorkerName = nameRule{"user Worker", regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]*$`), "use lower-case letters, digits, dashes and underscores", 255}
	bindingName    = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

	// hostnameLabel is one label of a hostname. Source: RFC 1123, section 2.1.
	hostnameLabel = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

func (l *loader) checkName(e entry, rule nameRule) {
	if !rule.allows(e.name) {
		l.Report(spec.RuleName, e.nameAt, fmt.Sprintf("%q cannot be the name of a %s", e.name, rule.what), rule.hint)
	}
}

// checkHostname warns of a user Worker whose name the dispatcher cannot get from
// a hostname, as in acme.example.com, which is how most platforms choose it.
func (l *loader) checkHostname(e entry) {
	if !hostnameLabel.MatchString(e.name) && userWorkerName.allows(e.name) {
		l.Warn(spec.RuleHostname, e.nameAt, fmt.Sprintf("no hostname can select the user Worker %q", e.name),
			"use letters, digits and dashes, at most 63, with no dash at either end, so that the name can be part of a hostname")
	}
}

func (l *loader) checkBindingName(name string, at diag.Range) {
	if l.bindingNames[name] { // the Workers of a fleet have the same
		return
	}
	if bindingName.MatchString(name) {
		l.bindingNames[name] = true
	} else {
		l.Report(spec.RuleName, at, fmt.Sprintf("%q cannot be the name of a binding", name), "use a JavaScript identifier, such as API_KEY")
	}
}

// Limits of the platform on tags. Commas, ampersands and colons are part of the
// grammar of tag filters; tags with colons are in use all the same, wrangler's
// own (cf:service=…) among them. Source: Workers for Platforms, tags; API errors
// 100102 and 100103.
const (
	maxTags = 8
)

// loadTags reads `tags`; two of the platform's eight are wfpsync's own.
func (l *loader) loadTags(value *document.Value) []string {
	tags := value.Get("tags")
	if tags == nil {
		return nil
	}
	for _, item := range tags.Items {
		tag := item.String()
		switch {
		case tag == "" || len(tag) > spec.MaxTagBytes:
			l.Report(spec.RuleTags, item.Range(), fmt.Sprintf("the tag %q is %d bytes; a tag has 1 to %d", tag, len(tag), spec.MaxTagBytes), "")
		case strings.ContainsAny(tag, ",&"):
			l.Report(spec.RuleTags, item.Range(), fmt.Sprintf("the tag %q has a comma or an ampersand in it", tag), "tag filters cannot name such a tag; use a dash")
		case strings.HasPrefix(tag, spec.TagPrefix):
			l.Report(spec.RuleTags, item.Range(), fmt.Sprintf("the tag %q begins like wfpsync's own", tag), "choose another beginning than "+spec.TagPrefix)
		case strings.Contains(tag, ":"):
			l.Warn(spec.RuleTagColon, item.Range(), fmt.Sprintf("the tag %q has a colon in it", tag), "a tag filter takes it for the end of the tag; use a dash, unless another program wrote the tag")
		}
	}
	list := tags.Strings()
	if len(list) > maxTags-spec.ReservedTags {
		l.Report(spec.RuleTags, tags.Range(), fmt.Sprintf("%d tags; the platform allows %d, and %d are wfpsync's own", len(list), maxTags, spec.ReservedTags),
			fmt.Sprintf("use at most %d", maxTags-spec.ReservedTags))
	}
	return list
}

// loadCompatibilityDate reads the date without which the platform falls back to
// the behaviour of 2021-11-02. Source: Workers, multipart upload metadata.
func (l *loader) loadCompatibilityDate(e entry, value *document.Value) string {
	date := value.Get("compatibility_date")
	if date == nil {
		l.Report(spec.RuleCompatibilityDate, e.at, fmt.Sprintf("%q has no compatibility_date", e.key),
			"set it here, or for all Workers under `defaults`: without it the Worker gets the behaviour of 2021-11-02")
		return ""
	}
	if _, err := time.Parse(time.DateOnly, date.String()); err != nil {
		l.Report(spec.RuleCompatibilityDate, date.Range(), fmt.Sprintf("%q is not a date", date.String()), "write it as YYYY-MM-DD")
	}
	return date.String()
}

// isOwnCredential reports whether an environment variable holds one of
// wfpsync's own credentials.
func isOwnCredential(env string) bool {
	return strings.HasPrefix(env, "CLOUDFLARE_") || env == "WFPSYNC_SECRETS_KEY"
}
