package api

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// Trouble is what is wrong with the credentials or the account. The answers are those that clients of the real API
// report; where two are reported, the comment says which one this is.
type Trouble struct {
	// InvalidToken lets no token be one.
	InvalidToken bool

	// TokenStatus is what verifying a token answers instead of active: expired or disabled.
	TokenStatus string

	// Denied are the products that the token may not see, as paths name them: workers, d1 and so on; besides kv, zones,
	// routes, dns, custom_hostnames and accounts.
	Denied []string

	// NotEntitled says that the account has not bought Workers for Platforms. The code is not documented; 10023 is what
	// users of wrangler are answered.
	NotEntitled bool

	// NoSaaS and NoMetadata say that no zone may have custom hostnames, or metadata on them.
	NoSaaS     bool
	NoMetadata bool

	// NoAccounts and SecondAccount are about the accounts that the token can see.
	NoAccounts    bool
	SecondAccount bool

	// KVUnsuccessful are keys that bulk requests to KV do not get to, and name.
	KVUnsuccessful []string

	// HTML answers a page, as a proxy or another host does.
	HTML bool

	// Skew is how far the clock of the Date header is ahead.
	Skew time.Duration
}

// SetTrouble begins trouble, or with the zero value ends it.
func (s *Server) SetTrouble(t Trouble) { s.trouble.Store(&t) }

var (
	dispatchPath = regexp.MustCompile(`^/accounts/[^/]+/workers/dispatch/`)
	verifyPath   = regexp.MustCompile(`/tokens/verify$`)

	errNoToken     = fail(http.StatusUnauthorized, 1000, "Invalid API Token")
	errWrongToken  = fail(http.StatusForbidden, 9109, "Invalid access token")
	errDenied      = fail(http.StatusForbidden, 10000, "Authentication error")
	errNotEntitled = fail(http.StatusForbidden, 10023, "You do not have access to dispatch namespaces")
)

// refuse answers what trouble answers, if there is any, and reports whether it did.
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
		_, _ = w.Write([]byte("<html><title>Sign in</title></html>")) // the client has gone; there is nobody to tell
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

// products are those that paths name otherwise than clients do.
var products = map[string]string{
	"accounts/storage": "kv", "zones/dns_records": "dns", "zones/custom_hostnames": "custom_hostnames", "zones/workers": "routes",
}

// productOf is the product that a path belongs to, which stands behind the account or the zone; "" for none that can be denied.
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

// seenInTrouble are the accounts that a token can see.
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
