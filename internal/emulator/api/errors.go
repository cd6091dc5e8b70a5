package api

import (
	"fmt"
	"net/http"
	"strings"
)

// A failure is an unsuccessful response. Clients decide by the code, and the
// same code means different things in different products (10014 is a taken
// title in KV, an entitlement check in Workers), so the constants below have
// the product in their names.
type failure struct {
	status   int
	problems []problem
}

func (f *failure) Error() string {
	var text []string
	for _, p := range f.problems {
		text = append(text, fmt.Sprintf("%d: %s", p.Code, p.Message))
	}
	return strings.Join(text, "; ")
}

// because returns the failure with a cause added to its message.
func (f *failure) because(cause error) *failure {
	return fail(f.status, f.problems[0].Code, "%s: %v", f.problems[0].Message, cause)
}

func fail(status, code int, format string, args ...any) *failure {
	return &failure{status: status, problems: []problem{{Code: code, Message: fmt.Sprintf(format, args...)}}}
}

// These codes are for all products: the API checks credentials, path and body
// before it calls a product.
const (
	codeInvalidHeaders   = 6003
	codeNoRoute          = 7000
	codeInvalidObject    = 7003
	codeMissingAuth      = 9106
	codeInvalidZone      = 9109
	codeMethodNotAllowed = 10405
)

// These are the codes of Workers, /workers/**. Most of their names come from
// the link errors in the public schema.
const (
	workersBadContentType       = 10001
	workersInternal             = 10002
	workersMissingParameter     = 10003
	workersMalformedParameter   = 10004
	workersUnparsableBody       = 10006
	workersScriptNotFound       = 10007
	workersRouteNotFound        = 10009
	workersInvalidName          = 10016
	workersRouteNeedsScript     = 10019
	workersRouteExists          = 10020
	workersValidationFailed     = 10021
	workersInvalidRoutePattern  = 10022
	workersAssetTokenInvalid    = 10023
	workersScriptTooLarge       = 10027
	workersSubdomainTaken       = 10031
	workersInvalidSubdomain     = 10032
	workersBindingNameMissing   = 10052
	workersBindingNameTaken     = 10053
	workersBindingTextTooLarge  = 10054
	workersTooManyVariables     = 10055
	workersBindingNotFound      = 10056
	workersInheritUnresolved    = 10057
	workersClassMissing         = 10061
	workersStillConsumer        = 10064
	workersNoHandlers           = 10068
	workersVersionNotFound      = 10071
	workersMigrationTagMismatch = 10079
	workersServiceNotFound      = 10090
	workersEnvironmentNotFound  = 10092
	workersStillReferenced      = 10142
	workersServiceTargetMissing = 10143
	workersLimitsNeedStandard   = 10205
	workersCPULimitTooHigh      = 10206
	workersInvalidDeployment    = 10210
	workersPartialAssets        = 10301
	workersInvalidAssets        = 10304
	workersAssetsBindingAlone   = 10305
	workersNoAssetsManifest     = 10343
	workersTagTooLarge          = 100102
	workersTooManyTags          = 100103
	workersInvalidHostname      = 100111
	workersZoneNotFound         = 100112
	workersDomainNotFound       = 100114
	workersHostnameTaken        = 100116
	workersNamespaceNotFound    = 100119
	workersNamespaceExists      = 100120
	workersUnknownBindingType   = 100153
	workersAssetRules           = 100324
)

// These are the codes of KV, /storage/kv/**.
const (
	kvKeyNotFound       = 10009
	kvInvalidBody       = 10012
	kvNamespaceNotFound = 10013
	kvTitleTaken        = 10014
	kvTitleMissing      = 10019
	kvInvalidParameter  = 10029
	kvInvalidExpiration = 10034
)

// These are the codes of D1, /d1/**.
const (
	d1InvalidRequest   = 7400
	d1DatabaseNotFound = 7404
	d1DatabaseExists   = 7502
	d1QueryFailed      = 7500
)

// These are the codes of R2, /r2/**. The one for an invalid parameter is not
// documented, and no client checks it.
const (
	r2BucketExists   = 10004
	r2InvalidName    = 10005
	r2BucketNotFound = 10006
	r2InvalidRequest = 10040
)

// These are the codes of Queues, /queues/**.
const (
	queueInvalidBody    = 10026
	queueNotFound       = 11000
	queueInvalidName    = 11003
	queueConsumerExists = 11004
	queueStillBound     = 11005
	queueExists         = 11009
)

// These are the codes of DNS, /zones/…/dns_records. The documentation has no
// list of them, but users report them. After 1004 the real API says more in an
// error_chain.
const (
	dnsValidation     = 1004
	dnsInvalidList    = 6003
	dnsNotProxiable   = 9004
	dnsMalformed      = 9207
	dnsRecordNotFound = 81044
	dnsHostExists     = 81053
	dnsCNAMEExists    = 81054
	dnsIdentical      = 81058
)

// These are the codes of Cloudflare for SaaS, /zones/…/custom_hostnames.
// Source: status codes of custom hostnames.
const (
	saasMalformed        = 1400
	saasInvalidMetadata  = 1401
	saasNoQuota          = 1404
	saasDuplicate        = 1406
	saasInvalidHostname  = 1407
	saasNotASCII         = 1408
	saasReservedTop      = 1409
	saasNoSuffix         = 1410
	saasReserved         = 1411
	saasWildcardMetadata = 1412
	saasNoMetadata       = 1413
	saasNoOrigin         = 1421
	saasInvalidMethod    = 1432
	saasInvalidType      = 1433
	saasInvalidSSL       = 1434
	saasNotFound         = 1436
	saasFilters          = 1438
	saasImmutable        = 1439
	saasIncompleteSSL    = 1440
	saasWildcard         = 1448
)

// statusHopeless is for requests that would fail in the same way again: clients
// do not retry after it, as they do after other statuses from 500.
const statusHopeless = http.StatusNotImplemented

var (
	errDNSMalformed   = fail(http.StatusBadRequest, dnsMalformed, "Request body is invalid.")
	errSaaSMalformed  = fail(http.StatusBadRequest, saasMalformed, "Unable to decode the JSON request body. Check your input and try again.")
	errInternal       = fail(http.StatusInternalServerError, workersInternal, "Internal error in the local account")
	errPanicked       = fail(statusHopeless, workersInternal, "wfpsync has a bug in its local account; please report it")
	errBodyTooLarge   = fail(http.StatusRequestEntityTooLarge, workersScriptTooLarge, "The request is larger than 100 MB")
	errUnreadableBody = fail(http.StatusBadRequest, workersUnparsableBody, "The request body could not be read")
	errMalformedJSON  = fail(http.StatusBadRequest, workersUnparsableBody, "The request body is not the JSON that is expected here")
	errContentType    = fail(http.StatusBadRequest, workersBadContentType, "Unsupported or unexpected Content-Type")
	errD1Malformed    = fail(http.StatusBadRequest, d1InvalidRequest, "The request is malformed")
	errR2Malformed    = fail(http.StatusBadRequest, r2InvalidRequest, "The JSON you provided was not well formed.")
	errQueueMalformed = fail(http.StatusBadRequest, queueInvalidBody, "could not parse the request body")
	errAssetManifest  = fail(http.StatusBadRequest, workersInvalidAssets, "The manifest of the assets is invalid")
	errScriptNotFound = fail(http.StatusNotFound, workersScriptNotFound, "This Worker does not exist on your account.")
)
