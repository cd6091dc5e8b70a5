// Package cloudflaretest is for tests of what talks to the API: answers that are made
// for a test, and an account on this machine that says what it was asked.
package cloudflaretest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Answers gives one handler per request in turn, the last one for ever.
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

// Reply answers with a body, and with headers that come in pairs.
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

// Success answers with a result.
func Success(result string) http.HandlerFunc {
	return Reply(200, "application/json", `{"success":true,"errors":[],"messages":[],"result":`+result+`}`)
}

// Failure answers with an error.
func Failure(status, code int, message string, headers ...string) http.HandlerFunc {
	text, _ := json.Marshal(message)
	return Reply(status, "application/json", fmt.Sprintf(`{"success":false,"errors":[{"code":%d,"message":%s}],"messages":[],"result":null}`, code, text), headers...)
}

// HangUp closes the connection instead of answering.
func HangUp(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}
