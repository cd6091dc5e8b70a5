package cloudflare

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Error is a failed request.
//
// Codes are not unique: 10013 is an internal error of Workers and a missing
// namespace of KV. Only Product and Code together say what happened.
type Error struct {
	Product string
	Status  int    // the HTTP status; 0 without a response
	Code    int    // Cloudflare's code; 0 if it gave none
	Message string // from the server, or what is wrong with its response

	Method string
	Path   string // below the base URL, escaped as sent
	RayID  string // identifies the request to Cloudflare's support

	// RetryAfter is how long the server asked to wait.
	RetryAfter time.Duration

	// Attempts is how often the request was sent.
	Attempts int

	// NotEnvelope says that the response is not from the API but from something
	// in front of it.
	NotEnvelope bool

	// Cause is why there was no response, or not a whole one: a network error,
	// or the end of the context.
	Cause error

	hint func(*Error) string // see [Products.Hint]
}

// Error tells a person what failed. It quotes neither bodies nor headers.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s", e.Method, ShortPath(e.Path), e.reason())
	var facts []string
	if e.Status != 0 {
		facts = append(facts, fmt.Sprintf("HTTP %d", e.Status))
	}
	if e.RayID != "" {
		facts = append(facts, "ray "+e.RayID)
	}
	if e.Attempts > 1 {
		facts = append(facts, fmt.Sprintf("after %d attempts", e.Attempts))
	}
	if len(facts) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(facts, ", "))
	}
	return b.String()
}

// reason returns what happened, without the request.
func (e *Error) reason() string {
	switch {
	case e.Code != 0 && e.Message != "":
		return fmt.Sprintf("Cloudflare %d: %s", e.Code, e.Message)
	case e.Code != 0:
		return fmt.Sprintf("Cloudflare %d", e.Code)
	case e.Message != "":
		return e.Message
	case e.Cause != nil:
		return e.Cause.Error()
	default:
		return http.StatusText(e.Status)
	}
}

// Unwrap returns why there was no response.
func (e *Error) Unwrap() error { return e.Cause }

// Hint returns what to do about the error, or "" if there is no useful advice.
func (e *Error) Hint() string {
	if e.hint == nil {
		return ""
	}
	return e.hint(e)
}

// ShortPath returns a path without the account, which the user knows.
func ShortPath(path string) string {
	if rest, ok := strings.CutPrefix(path, "/accounts/"); ok {
		if _, rest, ok = strings.Cut(rest, "/"); ok {
			return "…/" + rest
		}
	}
	return "…" + path
}

// codeThrottled can come from any product, with any status.
const codeThrottled = 971

// deniedCodes mean the same in every product.
var deniedCodes = []int{6003, 9103, 9106, 9109, 10000, 10023}

// Throttled reports whether the server asks to pause all requests.
func (e *Error) Throttled() bool {
	return e.Status == http.StatusTooManyRequests || e.Code == codeThrottled
}

// Denied reports whether the API says that the credentials are wrong or lack a
// permission. A page of something in front of the API does not count, whatever
// its status.
func (e *Error) Denied() bool {
	return !e.NotEnvelope && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || slices.Contains(deniedCodes, e.Code))
}

// NeverSent reports whether the request certainly did not reach the server,
// because there was no connection.
func (e *Error) NeverSent() bool {
	var op *net.OpError
	return errors.As(e.Cause, &op) && op.Op == "dial"
}

// Hopeless reports whether sending the request again cannot help: the server's
// certificate is not trusted, or the request's body cannot be read.
func (e *Error) Hopeless() bool {
	return errors.As(e.Cause, new(*tls.CertificateVerificationError)) || errors.As(e.Cause, new(*BodyError))
}

// IsDenied reports whether an error says that the credentials are wrong or
// lack a permission.
func IsDenied(err error) bool { return Is(err, (*Error).Denied) }

// Is reports whether an error is an [*Error] of a class.
func Is(err error, class func(*Error) bool) bool {
	var e *Error
	return errors.As(err, &e) && class(e)
}
