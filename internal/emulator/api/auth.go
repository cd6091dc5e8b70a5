package api

import (
	"net/http"
	"strings"
)

// authenticate wants credentials but does not judge them: the account is the user's own machine. A client that forgets
// to send them must find out here, not in production.
//
// Code 10000 would be the natural one for a bad token. It is never sent, because wrangler takes it for a failed login
// wherever it appears and leaves the path it was on.
func authenticate(r *http.Request) error {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(token) == "" {
			return fail(http.StatusBadRequest, codeInvalidHeaders, "Invalid request headers: the Authorization header must be \"Bearer <token>\"")
		}
		return nil
	}
	if r.Header.Get("X-Auth-Email") != "" && r.Header.Get("X-Auth-Key") != "" {
		return nil
	}
	return fail(http.StatusBadRequest, codeMissingAuth, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
}
