package page

import (
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strconv"
)

// The page shows an account, and sends requests into it, for the person at this machine alone. It listens on the loopback
// interface, which the Workers cannot reach (see the runtime's config.capnp); but a browser can, whatever page it shows:
//
//   - a page of another site whose name was made to resolve to this machine sends that name as the Host: only the names of
//     this machine are answered;
//   - a page of another origin, such as a tenant's own on the port of the Workers, can make the browser ask, though not read
//     the answer: what the browser says of where a request comes from (Sec-Fetch-Site, Origin) must be this page, except
//     that a person may follow a link to it;
//   - what changes something, or sends something, must carry the token that only the page itself was given.
//
// https://developer.mozilla.org/docs/Web/HTTP/Headers/Sec-Fetch-Site

// tokenHeader carries the token. A page of another origin cannot even try: a header of its own needs a leave that is never
// given.
const tokenHeader = "X-Wfpsync-Token"

// policy lets the page run its own scripts and nothing else: no script or style in the markup, no form that is sent by the
// browser, no frame around it, and no text that becomes markup by mistake.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
	"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// guard is why a request is not answered, nil if it is.
func (p *Page) guard(r *http.Request) *refusal {
	if !slices.Contains(p.hosts(), r.Host) {
		return refuse(http.StatusMisdirectedRequest, "This page is at http://localhost:%d/ and under no other name.", p.options.Port)
	}
	if !fromHere(r) {
		return refuse(http.StatusForbidden, "This page answers nobody but itself.")
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if !slices.Contains(p.origins(), r.Header.Get("Origin")) {
		return refuse(http.StatusForbidden, "This page takes requests from nobody but itself.")
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get(tokenHeader)), []byte(p.token)) != 1 {
		return refuse(http.StatusForbidden, "The request has no token of this page: load it again.")
	}
	return nil
}

// fromHere reports whether a request comes from the page, from a person, or from a program that is no browser.
func fromHere(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return true
	}
	return r.Method == http.MethodGet && r.URL.Path == "/" && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// hosts are the names that the page has.
func (p *Page) hosts() []string {
	port := strconv.Itoa(p.options.Port)
	return []string{net.JoinHostPort("localhost", port), net.JoinHostPort("127.0.0.1", port)}
}

func (p *Page) origins() []string {
	origins := p.hosts()
	for i, host := range origins {
		origins[i] = "http://" + host
	}
	return origins
}
