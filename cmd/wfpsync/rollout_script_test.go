package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

// dispatcher VARIABLE NAMESPACE answers, at the address in the variable, for the
// user Worker that the host's first label names: with its code and settings, and
// with status 500 where they say that it is broken, or the header X-Probe is
// missing. It stands for a dispatcher on machines
// that have no runtime.
func cmdDispatcher(ts *testscript.TestScript, _ bool, args []string) {
	served := worldOf(ts).served
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := strings.Cut(r.Host, ".")
		var whole bytes.Buffer
		for _, part := range []string{"content", "settings"} {
			answer := httptest.NewRecorder()
			path := fmt.Sprintf("http://localhost%s/accounts/%s/workers/dispatch/namespaces/%s/scripts/%s/%s", emulator.BasePath, emulator.LocalAccountID, args[1], name, part)
			request := httptest.NewRequestWithContext(r.Context(), http.MethodGet, path, nil)
			request.Header.Set("Authorization", "Bearer test")
			if served.ServeHTTP(answer, request); answer.Code != http.StatusOK {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			whole.Write(answer.Body.Bytes())
		}
		if bytes.Contains(whole.Bytes(), []byte("broken")) || r.Header.Get("X-Probe") == "" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = w.Write(whole.Bytes())
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], strings.TrimPrefix(server.URL, "http://"))
}
