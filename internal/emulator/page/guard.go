package page

import (
	"crypto/subtle"
	"net/http"

	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// The page shows an account, and sends requests into it, for the person at this machine alone. It listens on the loopback
// interface, which the Workers cannot reach (see the runtime's config.capnp). Of what a browser can ask, whatever page it
// shows (see the API's visitor.go), it answers what comes from itself, except that a person may follow a link to it; and what
// changes something, or sends something, must carry the token that only the page itself was given.

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
func (p *Page) guard(r *http.Request) *httpError {
	if !api.NamesThisMachine(r) {
		return fail(http.StatusMisdirectedRequest, "This page is at http://localhost:%d/ and under no other name.", p.options.Port)
	}
	if api.FromOtherOrigin(r) && !followsLink(r) {
		return fail(http.StatusForbidden, "This page answers only requests that it makes itself.")
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if r.Header.Get("Origin") == "" {
		return fail(http.StatusForbidden, "This page takes only requests that it makes itself.")
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get(tokenHeader)), []byte(p.token)) != 1 {
		return fail(http.StatusForbidden, "The request has no token of this page: load it again.")
	}
	return nil
}

// followsLink reports whether a person follows a link to the page.
func followsLink(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Path == "/" && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}
