package account

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

func TestProductOf(t *testing.T) {
	for path, want := range map[string]spec.Product{
		"/accounts/a/workers/scripts/x":             spec.ProductWorkers,
		"/accounts/a/workers/dispatch/namespaces":   spec.ProductWorkers,
		"/zones/z/workers/routes":                   spec.ProductWorkers,
		"/accounts/a/storage/kv/namespaces":         spec.ProductKV,
		"/accounts/a/storage":                       spec.ProductAccounts,
		"/accounts/a/d1/database":                   spec.ProductD1,
		"/accounts/a/r2/buckets/b":                  spec.ProductR2,
		"/accounts/a/queues":                        spec.ProductQueues,
		"/zones/r2":                                 spec.ProductZones,
		"/zones/z/dns_records/r":                    spec.ProductDNS,
		"/zones/z/custom_hostnames":                 spec.ProductSaaS,
		"/zones":                                    spec.ProductZones,
		"/zones/z":                                  spec.ProductZones,
		"/accounts":                                 spec.ProductAccounts,
		"":                                          spec.ProductAccounts,
		"/accounts/workers/storage/kv/namespaces/x": spec.ProductKV,
	} {
		if got := endpointsOf(path).product; got != want {
			t.Errorf("the product of %q is %s, want %s", path, got, want)
		}
	}
}

// The meaning of a code depends on its product.
func TestClassesOfFailures(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	read := &net.OpError{Op: "read", Err: errors.New("reset")}
	const (
		get, putM, post = http.MethodGet, http.MethodPut, http.MethodPost
	)
	for name, tt := range map[string]struct {
		e                           cloudflare.Error
		notFound, retryable, denied bool
	}{
		"10013 of Workers":         {cloudflare.Error{Product: string(spec.ProductWorkers), Code: 10013, Status: 200, Method: get}, false, true, false},
		"10013 of KV":              {cloudflare.Error{Product: string(spec.ProductKV), Code: 10013, Status: 404, Method: get}, true, false, false},
		"7404 of D1":               {cloudflare.Error{Product: string(spec.ProductD1), Code: 7404, Status: 400, Method: get}, true, false, false},
		"7404 of R2":               {cloudflare.Error{Product: string(spec.ProductR2), Code: 7404, Status: 400, Method: get}, false, false, false},
		"10006 of R2":              {cloudflare.Error{Product: string(spec.ProductR2), Code: 10006, Status: 400, Method: get}, true, false, false},
		"11000 of Queues":          {cloudflare.Error{Product: string(spec.ProductQueues), Code: 11000, Status: 400, Method: get}, true, false, false},
		"11000 of an upload":       {cloudflare.Error{Product: string(spec.ProductWorkers), Code: 11000, Status: 400, Method: putM}, false, false, false},
		"no code of D1":            {cloudflare.Error{Product: string(spec.ProductD1), Status: 400, Method: get}, false, false, false},
		"existing database":        {cloudflare.Error{Product: string(spec.ProductD1), Code: 7502, Status: 503, Method: putM}, false, false, false},
		"existing bucket":          {cloudflare.Error{Product: string(spec.ProductR2), Code: 10004, Status: 503, Method: putM}, false, false, false},
		"existing queue":           {cloudflare.Error{Product: string(spec.ProductQueues), Code: 11009, Status: 503, Method: putM}, false, false, false},
		"81044 of DNS":             {cloudflare.Error{Product: string(spec.ProductDNS), Code: 81044, Status: 400, Method: get}, true, false, false},
		"existing record":          {cloudflare.Error{Product: string(spec.ProductDNS), Code: 81058, Status: 503, Method: post}, false, false, false},
		"1436 of SaaS":             {cloudflare.Error{Product: string(spec.ProductSaaS), Code: 1436, Status: 400, Method: get}, true, false, false},
		"existing hostname":        {cloudflare.Error{Product: string(spec.ProductSaaS), Code: 1406, Status: 503, Method: post}, false, false, false},
		"1404 of SaaS":             {cloudflare.Error{Product: string(spec.ProductSaaS), Code: 1404, Status: 403, Method: get}, false, false, true},
		"10007 of Workers":         {cloudflare.Error{Product: string(spec.ProductWorkers), Code: 10007, Status: 400, Method: get}, true, false, false},
		"100119 of Workers":        {cloudflare.Error{Product: string(spec.ProductWorkers), Code: 100119, Status: 400, Method: get}, true, false, false},
		"404 without a code":       {cloudflare.Error{Product: string(spec.ProductZones), Status: 404, Method: get}, true, false, false},
		"404 of a wrong account":   {cloudflare.Error{Product: string(spec.ProductWorkers), Code: 7003, Status: 404, Method: get}, false, false, false},
		"404 of a wrong path":      {cloudflare.Error{Product: string(spec.ProductWorkers), Code: 7000, Status: 404, Method: get}, false, false, false},
		"10035 by PUT":             {cloudflare.Error{Product: string(spec.ProductWorkers), Code: 10035, Status: 409, Method: putM}, false, true, false},
		"503 by PUT":               {cloudflare.Error{Product: string(spec.ProductWorkers), Status: 503, Method: putM}, false, false, false},
		"reset, by PUT":            {cloudflare.Error{Product: string(spec.ProductKV), Cause: read, Method: putM}, false, false, false},
		"refused, by PUT":          {cloudflare.Error{Product: string(spec.ProductKV), Cause: dial, Method: putM}, false, true, false},
		"429 by PUT":               {cloudflare.Error{Product: string(spec.ProductWorkers), Status: 429, Method: putM}, false, true, false},
		"503 by POST":              {cloudflare.Error{Product: string(spec.ProductWorkers), Status: 503, Method: post}, false, false, false},
		"429 by POST":              {cloudflare.Error{Product: string(spec.ProductWorkers), Status: 429, Method: post}, false, true, false},
		"971 by POST":              {cloudflare.Error{Product: string(spec.ProductKV), Code: 971, Status: 200, Method: post}, false, true, false},
		"501":                      {cloudflare.Error{Product: string(spec.ProductWorkers), Status: 501, Method: get}, false, false, false},
		"408":                      {cloudflare.Error{Product: string(spec.ProductWorkers), Status: 408, Method: get}, false, true, false},
		"refused, by POST":         {cloudflare.Error{Product: string(spec.ProductKV), Cause: dial, Method: post}, false, true, false},
		"reset, by POST":           {cloudflare.Error{Product: string(spec.ProductKV), Cause: read, Method: post}, false, false, false},
		"reset, by GET":            {cloudflare.Error{Product: string(spec.ProductKV), Cause: read, Method: get}, false, true, false},
		"an answer that ends":      {cloudflare.Error{Product: string(spec.ProductKV), Cause: io.ErrUnexpectedEOF, Method: get}, false, true, false},
		"not the certificate":      {cloudflare.Error{Product: string(spec.ProductKV), Cause: &tls.CertificateVerificationError{Err: errors.New("x")}, Method: get}, false, false, false},
		"1000 that is a timeout":   {cloudflare.Error{Product: string(spec.ProductZones), Code: 1000, Status: 400, Message: "Request timeout", Method: get}, false, true, false},
		"1000 that is not":         {cloudflare.Error{Product: string(spec.ProductZones), Code: 1000, Status: 400, Message: "Invalid user", Method: get}, false, false, false},
		"failed to generate":       {cloudflare.Error{Product: string(spec.ProductWorkers), Code: 10021, Status: 400, Message: "binding KV failed to generate", Method: putM}, false, true, false},
		"10021":                    {cloudflare.Error{Product: string(spec.ProductWorkers), Code: 10021, Status: 400, Method: putM}, false, false, false},
		"403":                      {cloudflare.Error{Product: string(spec.ProductWorkers), Status: 403, Method: get}, false, false, true},
		"9109 of zones":            {cloudflare.Error{Product: string(spec.ProductZones), Code: 9109, Status: 400, Method: get}, false, false, true},
		"existing, whatever it is": {cloudflare.Error{Product: string(spec.ProductKV), Code: 10014, Status: 503, Method: putM}, false, false, false},
	} {
		if got := IsNotFound(&tt.e); got != tt.notFound {
			t.Errorf("%s: not found is %v", name, got)
		}
		if got := retryable(&tt.e); got != tt.retryable {
			t.Errorf("%s: retryable is %v", name, got)
		}
		if got := cloudflare.IsDenied(&tt.e); got != tt.denied {
			t.Errorf("%s: denied is %v", name, got)
		}
	}
	if IsNotFound(nil) || IsExists(errors.New("already exists")) {
		t.Error("errors of others are not ours to read")
	}
}
