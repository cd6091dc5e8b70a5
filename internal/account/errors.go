package account

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// Error is a request that failed, through whichever door it was sent.
//
// Codes are not unique: 10013 is an internal error of Workers and a missing
// namespace of KV. Product and Code together say what happened.
type Error struct {
	Product spec.Product
	Status  int    // the HTTP status; 0 when there was no answer
	Code    int    // Cloudflare's code; 0 when it gave none
	Message string // what the server said, or what was wrong with its answer

	Method string
	Path   string // below the base URL, escaped as sent
	RayID  string // names the request to Cloudflare's support

	// RetryAfter is how long the server asked to wait.
	RetryAfter time.Duration

	// Attempts is how often the request was sent.
	Attempts int

	// notEnvelope says that what was answered is not what the API answers.
	notEnvelope bool

	// Cause is why there was no answer, or no whole one: a network error, the
	// context's end.
	Cause error
}

// Error tells a person what failed. It quotes neither bodies nor headers.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s", e.Method, shortPath(e.Path), e.reason())
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

// reason is what happened, without the request that it happened to.
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

// Unwrap is why there was no answer.
func (e *Error) Unwrap() error { return e.Cause }

// shortPath leaves out the account, which everybody knows.
func shortPath(path string) string {
	if rest, ok := strings.CutPrefix(path, "/accounts/"); ok {
		if _, rest, ok = strings.Cut(rest, "/"); ok {
			return "…/" + rest
		}
	}
	return "…" + path
}

// IsNotFound reports whether an error says that what a request named, or a lookup
// was for, does not exist. An unknown account or zone is something else.
func IsNotFound(err error) bool { return is(err, notFound) || errors.Is(err, errAbsent) }

// IsExists reports whether an error says that what was to be created exists.
func IsExists(err error) bool { return is(err, exists) }

// IsDenied reports whether an error says that the credentials are wrong or
// lack a permission.
func IsDenied(err error) bool { return is(err, denied) }

func is(err error, class func(*Error) bool) bool {
	var e *Error
	return errors.As(err, &e) && class(e)
}

// neverSent reports whether the request certainly did not reach the server:
// there was no connection to send it on.
func neverSent(e *Error) bool {
	var op *net.OpError
	return errors.As(e.Cause, &op) && op.Op == "dial"
}

// ambiguous reports whether the server may have done what it was asked to,
// although the answer is no proof of it.
func ambiguous(err error) bool {
	var e *Error
	if !errors.As(err, &e) || exists(e) || throttled(e) || refusedForNow(e) {
		return false
	}
	switch {
	case e.Status == 0:
		return e.Attempts > 0 && e.Cause != nil && !neverSent(e)
	case e.Status >= http.StatusInternalServerError:
		return true
	case e.Status < http.StatusMultipleChoices && e.Code == 0: // a success that says nothing
		return true
	default:
		return transient(e)
	}
}
