package page

import (
	"crypto/subtle"
	"net/http"

	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// The page shows an account, and sends requests into it, only for the user of
// this machine. It listens on the loopback interface, which the Workers cannot
// reach (see the runtime's config.capnp). Any website can make a browser send
// requests (see the API's visitor.go). So the page only answers requests from
// itself, except that the user may follow a link to it. A request that changes
// or sends something must also have the token, which only the page itself
// receives.

// tokenHeader has the token. A page of another origin cannot even send it: a
// custom header needs a permission that is never given.
const tokenHeader = "X-Wfpsync-Token"

// policy lets the page run only its own scripts: no script or style in the
// markup, no form that the browser sends, no frame around it, and no text that
// becomes markup by mistake.
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

// guard returns why a request is refused, or nil.
func (p *Page) guard(r *http.Request) *httpError {
	if !api.NamesThisMachine(r) {
		return fail(http.StatusMisdirectedRequest, "This page is only at http://localhost:%d/.", p.options.Port)
	}
	if api.FromOtherOrigin(r) && !followsLink(r) {
		return fail(http.StatusForbidden, "This page answers only requests that it makes itself.")
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if r.Header.Get("Origin") == "" {
		return fail(http.StatusForbidden, "This page accepts only requests that it makes itself.")
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get(tokenHeader)), []byte(p.token)) != 1 {
		return fail(http.StatusForbidden, "The request does not have the token of this page: load the page again.")
	}
	return nil
}

// followsLink reports whether the user follows a link to the page.
func followsLink(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Path == "/" && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}
