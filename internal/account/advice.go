package account

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// This file has one table of what to do about an error, so that plan, apply and
// doctor give the same advice.

// tokensPage is the page on which users make and change tokens.
const tokensPage = "https://dash.cloudflare.com/profile/api-tokens"

var dispatchPath = regexp.MustCompile(`^/accounts/[^/]+/workers/dispatch/`)

// codeAdvice says what to do about single codes of a product.
var codeAdvice = map[spec.Product]map[int]string{
	spec.ProductWorkers: {
		10037:  "the account has as many Workers as its plan allows: user Workers in a dispatch namespace do not count",
		10063:  "the account has no workers.dev subdomain yet: open Workers & Pages in the dashboard once and choose one",
		100129: "Queues need a paid plan of Workers: change it in the dashboard, under Workers & Pages › Plans",
	},
	spec.ProductDNS: {
		codeHostExists:      hostTaken,
		codeCNAMEExists:     hostTaken,
		codeRecordExists:    recordTaken,
		codeRecordIdentical: recordTaken,
	},
	spec.ProductSaaS: {
		codeSaaSNoQuota: "the zone has no custom hostnames yet: enable Cloudflare for SaaS for it in the dashboard, under SSL/TLS › Custom Hostnames",
		1405:            "the zone has as many custom hostnames as its plan allows: enable more in the dashboard, under SSL/TLS › Custom Hostnames, or remove some",
		codeSaaSExists:  "the zone has the custom hostname already: `wfpsync plan` shows it, and `adopt: true` takes it over",
		1413:            "ask Cloudflare to allow custom metadata for the zone, or leave `custom_metadata` out: without it, nothing shows which stack owns a hostname",
		1414:            "ask Cloudflare to allow custom origins for the zone, or leave `custom_origin_server` out: then requests go to the zone's fallback origin",
		1421:            "the origin needs a proxied record of the zone: declare it under `dns_records`",
		codeSaaSMissing: "the custom hostname was removed since the plan was made: plan again",
		1456:            "the account may not use Cloudflare for SaaS: enable it for the zone in the dashboard, under SSL/TLS › Custom Hostnames, or ask who owns the account",
	},
	spec.ProductR2: {
		10042: "R2 is not enabled for the account: open R2 in the dashboard once and enable it",
	},
}

// These conflicts keep a record from being created.
const (
	hostTaken   = "a name with a CNAME cannot have any other record: remove the record in the account first, or choose another name"
	recordTaken = "the record was created since the plan was made: plan again, and take it over with `adopt: true`"
)

// invalidCredentials are the codes for malformed or unknown credentials,
// whatever the request.
// Source: Cloudflare API, errors of authentication.
var invalidCredentials = []int{6003, 6111, 9103, 9106}

// hint returns what to do about an error, or "" if there is no useful advice.
func hint(e *cloudflare.Error) string {
	advice := codeAdvice[spec.Product(e.Product)][e.Code]
	switch {
	case advice != "":
		return advice
	case e.Status == 0 && e.Cause != nil && e.Attempts > 0:
		return "check the network connection and, if it is set, CLOUDFLARE_BASE_URL; `wfpsync doctor` checks both"
	case e.Throttled():
		return "a token may make 1,200 requests in five minutes, including those of the dashboard and of other programs: wait, or use a lower --rate"
	case e.Code == codeBadIdentifier:
		return "is the account id right? `wfpsync doctor` lists the accounts that the credentials can see"
	case isNotEntitled(e):
		return "Workers for Platforms is not part of the account's plan: buy it in the dashboard, under Workers for Platforms, or ask who owns the account"
	case isInvalidCredentials(e):
		return "the credentials are not valid: make a token at " + tokensPage + " and set CLOUDFLARE_API_TOKEN to it"
	case e.Denied() && e.Code != 0:
		return fmt.Sprintf("give the token the permission %q at %s; `wfpsync doctor` checks it and all others", endpointsOf(e.Path).permission(), tokensPage)
	case isNotTheAPI(e):
		return "the response is not from Cloudflare's API: check CLOUDFLARE_BASE_URL, and any proxy or firewall on the way"
	}
	return ""
}

// isNotEntitled reports whether the account, and not the token, lacks
// something. The code for dispatch namespaces is not documented: 10015 is the
// one for features that an account does not have, and 10023 is the one that
// users report.
func isNotEntitled(e *cloudflare.Error) bool {
	return of(e, spec.ProductWorkers) && dispatchPath.MatchString(e.Path) && (e.Code == 10015 || e.Code == 10023)
}

// codeUnauthorized stands for an invalid token, and for a valid one that asks
// for an account or a zone that it may not see. The text says which.
// Source: the API's responses as users of wrangler and Terraform report them.
const (
	codeUnauthorized   = 9109
	invalidAccessToken = "Invalid access token"
)

func isInvalidCredentials(e *cloudflare.Error) bool {
	switch {
	case slices.Contains(invalidCredentials, e.Code), e.Code == codeUnauthorized && strings.Contains(e.Message, invalidAccessToken):
		return true
	case !of(e, spec.ProductAccounts):
		return false
	}
	return e.Status == http.StatusUnauthorized || e.Code == codeUnauthorized
}

// isNotTheAPI reports whether the response is not from the API, but the page of
// a proxy or of the wrong host.
func isNotTheAPI(e *cloudflare.Error) bool {
	return e.Code == 0 && e.Status != 0 && e.Status < http.StatusInternalServerError && e.NotEnvelope
}
