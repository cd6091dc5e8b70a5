package api

import (
	"net"
	"net/http"
	"strings"
)

// What is served on this machine is for programs on this machine. A browser is
// one, whatever page it shows:
//
//   - If another site makes its name resolve to this machine, its page sends that
//     name as the Host, and may read the response. So only the names of this
//     machine are accepted, on any port, because ports are forwarded.
//   - A page of another origin, such as a tenant's own on the port of the Workers,
//     can make the browser send a request, but not read the response. The browser
//     says where such a request comes from.
//
// https://developer.mozilla.org/docs/Web/HTTP/Headers/Sec-Fetch-Site

// NamesThisMachine reports whether the Host of a request is a name of this
// machine.
func NamesThisMachine(r *http.Request) bool {
	name, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		name = strings.Trim(r.Host, "[]")
	}
	switch strings.ToLower(name) {
	case "localhost", "127.0.0.1", "::1":
		return true
	}
	return false
}

// FromOtherOrigin reports whether a browser says that a page of another origin
// makes the request. Programs that are not browsers do not say it.
func FromOtherOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	return origin != "" && origin != "http://"+r.Host
}

// checkVisitor refuses requests of web pages. No page belongs to the API, and
// in production the API does not answer pages either.
func checkVisitor(r *http.Request) error {
	if !NamesThisMachine(r) {
		return fail(http.StatusMisdirectedRequest, codeNoRoute,
			"The local account of wfpsync answers to the names localhost and 127.0.0.1, and to no other Host")
	}
	if FromOtherOrigin(r) {
		return fail(http.StatusForbidden, codeNoRoute, "The local account of wfpsync does not answer web pages")
	}
	return nil
}

// authenticate requires credentials but does not check them: the account is the
// user's own machine. A client that forgets to send them must find out here,
// not in production.
//
// Code 10000 would be the natural one for a bad token. It is never sent,
// because wrangler always takes it for a failed login and takes another path.
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
