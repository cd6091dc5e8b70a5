package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

// Advice that comes when trying again did not help, which is minutes that pass in
// no time here; all other is in the script advice.txtar.
func TestAdviceAfterTryingAgain(t *testing.T) {
	listenForSignals()
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"no network": {
			func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
			"hint: check the network connection and, if it is set, CLOUDFLARE_BASE_URL; `wfpsync doctor` checks both",
		},
		"throttled": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "300")
				w.WriteHeader(http.StatusTooManyRequests)
			},
			"hint: a token may make 1,200 requests in five minutes, including those of the dashboard and of other programs: wait, or use a lower --rate",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				s := startSimulation(t, dir, emulator.Options{})
				defer s.stop()
				s.handler.set(tt.handler)
				s.write("version: 1\nname: example\ndispatch_namespaces: { customers: {} }\n")
				for _, command := range []string{"plan", "doctor"} {
					if o := s.must(exitError, command); !strings.Contains(o.stdout+o.stderr, tt.want) {
						t.Errorf("%s says nothing of %q\n%s%s", command, tt.want, o.stdout, o.stderr)
					}
				}
			})
		})
	}
}
