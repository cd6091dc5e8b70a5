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

// The codes below are Cloudflare's documented Workers errors
// (https://developers.cloudflare.com/workers/platform/error-codes/ and the
// pages per code), completed by what wrangler and Alchemy handle.
const (
	codeRequestTimeout   = 1000 // any product; transient by its text alone
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
	codeR2NotEmpty       = 10008 // seen by clients, and not documented; see bucketNotEmpty
	codeQueueMissing     = 11000
	codeQueueExists      = 11009
	codeConsumerExists   = 11004
	codeRecordMissing    = 81044
	codeHostExists       = 81053 // an A, AAAA or CNAME record where there can be one of them
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

	// workersMissingTargets are refusals of an upload or a route whose binding,
	// tail consumer or Worker does not exist, or not yet everywhere: Worker of a
	// route, KV, Durable Object, R2, service, Hyperdrive, Vectorize, D1, secrets
	// store, queue, certificate, dispatch namespace.
	workersMissingTargets = []int{10019, 10041, 10061, 10085, 10143, 10144, 10145, 10157, 10159, 10181, 10182, 11000, 100143, codeNamespaceMissing}
)

// IsNotFound reports whether an error says that what a request named, or a lookup
// was for, does not exist. An unknown account or zone is something else.
func IsNotFound(err error) bool { return cloudflare.Is(err, notFound) || errors.Is(err, errAbsent) }

// IsExists reports whether an error says that what was to be created exists.
func IsExists(err error) bool { return cloudflare.Is(err, exists) }

// of reports whether an error is of a product.
func of(e *cloudflare.Error, product spec.Product) bool { return e.Product == string(product) }

// notFound and refused are what the API says, as [cloudflare.Error.Denied] is. A page of
// something that stands before it says none of these, whatever its status: taken for the
// API's word, it would let what is there count as gone, or as never written.
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
// objects in it. R2 says so in one of two sentences, see "Consistency model" in
// its documentation.
func bucketNotEmpty(e *cloudflare.Error) bool {
	return of(e, spec.ProductR2) && (e.Code == codeR2NotEmpty || notEmptyMessage.MatchString(e.Message))
}

func missingTarget(e *cloudflare.Error) bool {
	return of(e, spec.ProductWorkers) && slices.Contains(workersMissingTargets, e.Code)
}

// postponed reports whether the server certainly did nothing, and may do it later.
func postponed(e *cloudflare.Error) bool {
	return !exists(e) && (e.Throttled() || refusedForNow(e) || e.NeverSent())
}

// ambiguous reports whether the server may have done what it was asked to,
// although the answer is no proof of it.
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

// sentAgain reports whether the client sends a request again that failed. Where a look
// comes first, that is for [Account.insist] to decide.
func sentAgain(ctx context.Context, e *cloudflare.Error) bool {
	return retryable(e) && (!looksFirst(ctx) || e.Method == http.MethodGet || repeatable(e.Path))
}

// retryable reports whether sending the request again may help and can do no
// harm. What writes is sent again only when the server certainly did nothing;
// otherwise the caller looks whether it did, see [Account.Put]. Static files are
// told by their hash, so that sending one twice is sending it once.
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

// The last part of the paths of static assets.
const (
	assetSessionEndpoint = "assets-upload-session"
	assetUploadEndpoint  = "assets/upload"
)

// repeatable reports whether a POST to a path may be sent any number of times.
func repeatable(path string) bool {
	return strings.HasSuffix(path, "/"+assetSessionEndpoint) || strings.HasSuffix(path, "/workers/"+assetUploadEndpoint)
}

// sessionOver reports whether a static file was refused because the token of
// its session is not, or no longer, good for anything.
func sessionOver(e *cloudflare.Error) bool {
	return strings.HasSuffix(e.Path, "/workers/"+assetUploadEndpoint) && e.Denied()
}

// assetsForgotten are refusals of a script whose assets were not all there, or
// whose token is too old. Source: API errors 10301, 10304 and 10343.
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
		// The same code is used for invalid requests; only the text tells.
		return strings.Contains(e.Message, "Request timeout") || strings.Contains(e.Message, "Internal Server Error")
	}
	return false
}

// failedToGenerate is a hiccup of the upload endpoint that has no code of its
// own; Alchemy tells it by this text and sends the upload again.
func failedToGenerate(e *cloudflare.Error) bool {
	return e.Status == http.StatusBadRequest && strings.Contains(e.Message, "failed to generate")
}
