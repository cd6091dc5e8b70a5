// Package cloudflaretest is for tests of what talks to the API: responses that
// are made for a test, and an account on this machine that records its
// requests.
package cloudflaretest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Answers returns a handler that uses one of the handlers per request, in
// order, and then always the last one. It also returns the count of requests.
func Answers(handlers ...http.HandlerFunc) (http.HandlerFunc, *int) {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[min(n, len(handlers)-1)]
		n++
		mu.Unlock()
		h(w, r)
	}, &n
}

// Reply responds with a body, and with headers that come in pairs.
func Reply(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Success responds with a result.
func Success(result string) http.HandlerFunc {
	return Reply(200, "application/json", `{"success":true,"errors":[],"messages":[],"result":`+result+`}`)
}

// Failure responds with an error.
func Failure(status, code int, message string, headers ...string) http.HandlerFunc {
	text, _ := json.Marshal(message)
	return Reply(status, "application/json", fmt.Sprintf(`{"success":false,"errors":[{"code":%d,"message":%s}],"messages":[],"result":null}`, code, text), headers...)
}

// HangUp closes the connection without a response.
func HangUp(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}
