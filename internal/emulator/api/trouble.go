package api

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// Trouble simulates problems with the credentials or the account. The responses
// are those that clients of the real API report. If two are reported, the
// comment says which one this is.
type Trouble struct {
	// InvalidToken makes every token invalid.
	InvalidToken bool

	// TokenStatus is the status of a verified token instead of active: expired
	// or disabled.
	TokenStatus string

	// Denied are the products that the token may not see, as they are called in
	// paths (workers, d1 and so on), or as kv, zones, routes, dns,
	// custom_hostnames and accounts.
	Denied []string

	// NotEntitled says that the account has not bought Workers for Platforms.
	// The code is not documented; users of wrangler report 10023.
	NotEntitled bool

	// NoSaaS and NoMetadata say that no zone may have custom hostnames, or
	// metadata on them.
	NoSaaS     bool
	NoMetadata bool

	// NoAccounts and SecondAccount change which accounts the token can see.
	NoAccounts    bool
	SecondAccount bool

	// KVUnsuccessful are keys that bulk requests to KV do not write or delete,
	// and report.
	KVUnsuccessful []string

	// HTML responds with a page, as a proxy or another host does.
	HTML bool

	// Skew is how far the clock of the Date header is ahead.
	Skew time.Duration
}

// SetTrouble starts trouble. The zero value ends it.
func (s *Server) SetTrouble(t Trouble) { s.trouble.Store(&t) }

var (
	dispatchPath = regexp.MustCompile(`^/accounts/[^/]+/workers/dispatch/`)
	verifyPath   = regexp.MustCompile(`/tokens/verify$`)

	errNoToken     = fail(http.StatusUnauthorized, 1000, "Invalid API Token")
	errWrongToken  = fail(http.StatusForbidden, 9109, "Invalid access token")
	errDenied      = fail(http.StatusForbidden, 10000, "Authentication error")
	errNotEntitled = fail(http.StatusForbidden, 10023, "You do not have access to dispatch namespaces")
)

// writeTrouble writes the response that simulated trouble calls for, and
// reports whether it did.
func (s *Server) writeTrouble(w http.ResponseWriter, r *http.Request) bool {
	t := s.trouble.Load()
	if t == nil {
		return false
	}
	if t.Skew != 0 {
		w.Header().Set("Date", time.Now().Add(t.Skew).UTC().Format(http.TimeFormat))
	}
	if t.HTML {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<html><title>Sign in</title></html>")) // on an error, the client has gone
		return true
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), BasePath)
	switch {
	case t.InvalidToken && verifyPath.MatchString(path):
		writeFailure(w, errNoToken)
	case t.InvalidToken:
		writeFailure(w, errWrongToken)
	case t.NotEntitled && dispatchPath.MatchString(path):
		writeFailure(w, errNotEntitled)
	case slices.Contains(t.Denied, productOf(path)):
		writeFailure(w, errDenied)
	default:
		return false
	}
	return true
}

// products have other names in paths than clients use.
var products = map[string]string{
	"accounts/storage": "kv", "zones/dns_records": "dns", "zones/custom_hostnames": "custom_hostnames", "zones/workers": "routes",
}

// productOf returns the product of a path, which follows the account or the
// zone, or "" if it cannot be denied.
func productOf(path string) string {
	parts := append(strings.Split(strings.Trim(path, "/"), "/"), "", "")
	scope, product := parts[0], parts[2]
	switch name := products[scope+"/"+product]; {
	case name != "":
		return name
	case scope == "zones" || scope == "accounts" && product == "":
		return scope
	case scope == "accounts":
		return product
	}
	return ""
}

func (s *Server) tokenStatus() string {
	if t := s.trouble.Load(); t != nil && t.TokenStatus != "" {
		return t.TokenStatus
	}
	return "active"
}

// accountsInTrouble returns the accounts that a token can see.
func (s *Server) accountsInTrouble(accounts []store.Account) []store.Account {
	t := s.trouble.Load()
	switch {
	case t == nil:
	case t.NoAccounts:
		return nil
	case t.SecondAccount:
		return append(accounts, store.Account{ID: "20ca1000000000000000000000000002", Name: "Second account"})
	}
	return accounts
}
