package account

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// The codes below are the Workers errors that Cloudflare documents
// (https://developers.cloudflare.com/workers/platform/error-codes/ and a page
// for each code), and others that wrangler and Alchemy handle.
const (
	codeRequestTimeout   = 1000 // any product; only the text says that it is transient
	codeNoRoute          = 7000
	codeNoMethod         = 7001
	codeBadIdentifier    = 7003 // unknown account or zone
	codeInternal         = 10002
	codeInternalToo      = 10013
	codeConcurrentChange = 10035
	codeRouteExists      = 10020
	codeWorkerExists     = 10040
	codeNamespaceMissing = 100119
	codeNamespaceExists  = 100120
	codeKVMissing        = 10013
	codeKVTitleExists    = 10014
	codeD1Missing        = 7404
	codeD1Exists         = 7502
	codeR2Missing        = 10006
	codeR2Exists         = 10004
	codeR2NotEmpty       = 10008 // seen by clients, but not documented; see bucketNotEmpty
	codeQueueMissing     = 11000
	codeQueueExists      = 11009
	codeConsumerExists   = 11004
	codeRecordMissing    = 81044
	codeHostExists       = 81053 // an A, AAAA or CNAME record conflicts
	codeCNAMEExists      = 81054
	codeRecordExists     = 81057
	codeRecordIdentical  = 81058
	codeSaaSNoQuota      = 1404
	codeSaaSExists       = 1406
	codeSaaSMissing      = 1436
)

var (
	// workersMissing: script, route, service, environment, domain, namespace.
	workersMissing = []int{10007, 10009, 10090, 10092, 100114, codeNamespaceMissing}

	// workersExists: route, Worker, namespace.
	workersExists = []int{codeRouteExists, codeWorkerExists, codeNamespaceExists}

	// workersMissingTargets say that something which an upload or a route
	// refers to does not exist, or is not known everywhere yet: the Worker of a
	// route, a tail consumer, or what a binding names (KV, Durable Object, R2,
	// service, Hyperdrive, Vectorize, D1, secrets store, queue, certificate,
	// dispatch namespace).
	workersMissingTargets = []int{10019, 10041, 10061, 10085, 10143, 10144, 10145, 10157, 10159, 10181, 10182, 11000, 100143, codeNamespaceMissing}
)

// IsNotFound reports whether an error says that the resource of a request or of
// a lookup does not exist. An unknown account or zone is something else.
func IsNotFound(err error) bool { return cloudflare.Is(err, notFound) || errors.Is(err, errAbsent) }

// IsExists reports whether an error says that the resource to be created
// exists.
func IsExists(err error) bool { return cloudflare.Is(err, exists) }

// of reports whether an error belongs to a product.
func of(e *cloudflare.Error, product spec.Product) bool { return e.Product == string(product) }

// notFound and exists go by what the API says, as [cloudflare.Error.Denied]
// does. A page of something in front of the API says neither, whatever its
// status: otherwise a proxy could make a resource count as deleted, or as never
// written.
func notFound(e *cloudflare.Error) bool {
	switch {
	case e.NotEnvelope:
		return false
	case slices.Contains(ownCodes(e).missing, e.Code):
		return true
	case e.Status == http.StatusNotFound:
		return !slices.Contains([]int{codeNoRoute, codeNoMethod, codeBadIdentifier}, e.Code)
	}
	return false
}

func exists(e *cloudflare.Error) bool { return slices.Contains(ownCodes(e).exists, e.Code) }

var notEmptyMessage = regexp.MustCompile(`is(n.t| not) empty`)

// bucketNotEmpty reports whether an R2 bucket was not deleted because there are
// objects in it. R2 has two sentences for that, see "Consistency model" in its
// documentation.
func bucketNotEmpty(e *cloudflare.Error) bool {
	return of(e, spec.ProductR2) && (e.Code == codeR2NotEmpty || notEmptyMessage.MatchString(e.Message))
}

func missingTarget(e *cloudflare.Error) bool {
	return of(e, spec.ProductWorkers) && slices.Contains(workersMissingTargets, e.Code)
}

// postponed reports whether the server certainly did nothing, and may do it
// later.
func postponed(e *cloudflare.Error) bool {
	return !exists(e) && (e.Throttled() || refusedForNow(e) || e.NeverSent())
}

// ambiguous reports whether the server may have done what it was asked to,
// although the response does not prove it.
func ambiguous(err error) bool {
	var e *cloudflare.Error
	if !errors.As(err, &e) || exists(e) || e.Throttled() || refusedForNow(e) {
		return false
	}
	switch {
	case e.Status == 0:
		return e.Attempts > 0 && e.Cause != nil && !e.NeverSent()
	case e.Status >= http.StatusInternalServerError:
		return true
	case e.Status < http.StatusMultipleChoices && e.Code == 0: // a success that says nothing
		return true
	default:
		return transient(e)
	}
}

// sentAgain reports whether the client sends a failed request again. If a look
// has to come first, [Account.writeUntilKnown] decides instead.
func sentAgain(ctx context.Context, e *cloudflare.Error) bool {
	return retryable(e) && (!looksFirst(ctx) || e.Method == http.MethodGet || repeatable(e.Path))
}

// retryable reports whether sending the request again may help and can do no
// harm. A write is sent again only if the server certainly did nothing.
// Otherwise the caller looks first, see [Account.Put]. Static files are named
// by their hash, so sending one twice is the same as sending it once.
func retryable(e *cloudflare.Error) bool {
	switch {
	case exists(e) || e.Hopeless():
		return false
	case e.Throttled() || refusedForNow(e):
		return true
	case e.Method != http.MethodGet && !repeatable(e.Path):
		return e.NeverSent()
	default:
		return e.Cause != nil || transient(e)
	}
}

// These are the last parts of the paths of static assets.
const (
	assetSessionEndpoint = "assets-upload-session"
	assetUploadEndpoint  = "assets/upload"
)

// repeatable reports whether a POST to a path may be sent any number of times.
func repeatable(path string) bool {
	return strings.HasSuffix(path, "/"+assetSessionEndpoint) || strings.HasSuffix(path, "/workers/"+assetUploadEndpoint)
}

// sessionOver reports whether a static file was refused because the token of
// its session is invalid or has expired.
func sessionOver(e *cloudflare.Error) bool {
	return strings.HasSuffix(e.Path, "/workers/"+assetUploadEndpoint) && e.Denied()
}

// assetsForgotten reports whether a script was refused because some of its
// assets are missing or their token is too old.
// Source: API errors 10301, 10304 and 10343.
func assetsForgotten(e *cloudflare.Error) bool {
	return of(e, spec.ProductWorkers) && e.Method == http.MethodPut && slices.Contains([]int{10301, 10304, 10343}, e.Code)
}

// refusedForNow reports whether the server did nothing, and may do it when it
// is asked again.
func refusedForNow(e *cloudflare.Error) bool {
	return of(e, spec.ProductWorkers) && (e.Code == codeConcurrentChange || failedToGenerate(e))
}

func transient(e *cloudflare.Error) bool {
	switch {
	case e.Status == http.StatusRequestTimeout:
		return true
	case e.Status >= http.StatusInternalServerError:
		return e.Status != http.StatusNotImplemented
	case of(e, spec.ProductWorkers):
		return e.Code == codeInternal || e.Code == codeInternalToo
	case e.Code == codeRequestTimeout:
		// The same code is used for invalid requests. Only the text differs.
		return strings.Contains(e.Message, "Request timeout") || strings.Contains(e.Message, "Internal Server Error")
	}
	return false
}

// failedToGenerate reports whether the upload endpoint failed in a passing way
// that has no code of its own. Alchemy recognizes it by this text and sends the
// upload again.
func failedToGenerate(e *cloudflare.Error) bool {
	return e.Status == http.StatusBadRequest && strings.Contains(e.Message, "failed to generate")
}
