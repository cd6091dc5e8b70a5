package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

const vouchedStack = `version: 1
name: s
defaults: { compatibility_date: 1999-10-01 }
dispatch_namespaces: { n: {} }
user_workers:
  a: { dispatch_namespace: n, script: "export default { word: 'CODE' }", vars: { V: "1" }%s }
`

// writeTo sends a write of another program to the account.
func writeTo(t *testing.T, account http.Handler, method, path, contentType, body string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost"+emulator.BasePath+"/accounts/"+emulator.LocalAccountID+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer test")
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	account.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}

// settingsForm returns a change of settings as the API takes it.
func settingsForm(settings string) (contentType, body string) {
	return "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"settings\"\r\nContent-Type: application/json\r\n\r\n" + settings + "\r\n--x--\r\n"
}

// TestWritesRightAfterAnApply lets a product write a Worker some seconds after an
// apply, and then nothing change in the file but the code. Within five seconds the mark
// is believed, so that the settings are not read; what the product has given the Worker
// outlives the upload all the same, and the plan says nothing of what it has not read.
func TestWritesRightAfterAnApply(t *testing.T) {
	t.Parallel()
	listenForSignals()
	const path = "/workers/dispatch/namespaces/n/scripts/a"
	secret := func(t *testing.T, account http.Handler) {
		writeTo(t, account, http.MethodPut, path+"/secrets", "application/json", `{"name":"API_KEY","type":"secret_text","text":"canary-4711"}`)
	}
	patch := func(settings string) func(*testing.T, http.Handler) {
		return func(t *testing.T, account http.Handler) {
			contentType, body := settingsForm(settings)
			writeTo(t, account, http.MethodPatch, path+"/settings", contentType, body)
		}
	}
	variable := patch(`{"bindings":[{"type":"plain_text","name":"V","text":"theirs"}]}`)
	stray := patch(`{"bindings":[{"type":"inherit","name":"V"},{"type":"json","name":"STRAY","json":{"x":1}}]}`)
	for _, test := range []struct {
		name    string
		after   time.Duration
		does    func(*testing.T, http.Handler)
		stack   string // that the Worker has besides
		drift   int    // exit code
		reads   int    // of settings, by the plan of the new code
		shows   string // in that plan
		args    []string
		outcome string // what the settings have in the end
	}{
		{"secret", 2 * time.Second, secret, "", exitOK, 0, "/code", nil, `"name":"API_KEY"`},
		{"secret that the file keeps", 2 * time.Second, secret, ", secrets: { API_KEY: { keep: true } }", exitOK, 1, "/code", nil, `"name":"API_KEY"`},
		{"binding", 2 * time.Second, stray, "", exitOK, 0, "/code", nil, `"name":"STRAY"`},
		{"variable", 2 * time.Second, variable, "", exitOK, 0, "/code", nil, `"text":"1"`},
		{"secret, a little later", 20 * time.Second, secret, "", exitChanges, 1, "/bindings/API_KEY", []string{"--allow", "binding-removal"}, `"text":"1"`},
		{"variable, a little later", 20 * time.Second, variable, "", exitChanges, 1, `"theirs" -> "1"`, nil, `"text":"1"`},
		{"secret that the file keeps, a little later", 20 * time.Second, secret, ", secrets: { API_KEY: { keep: true } }", exitOK, 1, "/code", nil, `"name":"API_KEY"`},
		{"variable, much later", 2 * time.Minute, variable, "", exitChanges, 1, `"theirs" -> "1"`, nil, `"text":"1"`},
	} {
		for _, shape := range []api.ListShape{{}, {WithoutTags: true, WithoutETag: true, Nested: true}} {
			t.Run(fmt.Sprintf("%s/%+v", test.name, shape), func(t *testing.T) {
				dir := t.TempDir()
				bubble(t, func(t *testing.T) {
					reads := 0
					s := startSimulation(t, dir, emulator.Options{Options: api.Options{ListShape: shape, Observe: func(r api.Request) {
						if r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/settings") {
							reads++
						}
					}}})
					defer s.stop()
					stack := fmt.Sprintf(vouchedStack, test.stack)
					s.write(stack)
					s.must(exitOK, "apply", "--auto-approve")
					time.Sleep(test.after)
					test.does(t, s.account)
					time.Sleep(time.Hour)
					if o := s.run(t.Context(), "drift"); o.code != test.drift { // which also remembers tags, where lists have none
						t.Errorf("drift: exit code %d, want %d\n%s%s", o.code, test.drift, o.stdout, o.stderr)
					}
					s.write(strings.ReplaceAll(stack, "CODE", "changed"))
					reads = 0
					if o := s.run(t.Context(), "plan"); !strings.Contains(o.stdout, test.shows) || reads != test.reads {
						t.Errorf("the plan read settings %d times, want %d, and is to show %s\n%s", reads, test.reads, test.shows, o.stdout)
					}
					s.must(exitOK, append([]string{"apply", "--auto-approve"}, test.args...)...)
					_, settings := request(s.account, http.MethodGet, path+"/settings")
					_, code := request(s.account, http.MethodGet, path+"/content")
					if !strings.Contains(string(settings), test.outcome) || !strings.Contains(string(code), "changed") {
						t.Errorf("it has the settings %s and the code %s, want %s", settings, code, test.outcome)
					}
				})
			})
		}
	}
}

// TestMarksOfASlowApply lets uploads wait for the rate limit, and a slow line carry
// them. Each has the time in its mark at which it was sent at last, so that no later
// plan has to look at what it has left.
func TestMarksOfASlowApply(t *testing.T) {
	listenForSignals()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		reads := 0
		s := startSimulation(t, dir, emulator.Options{Options: api.Options{Latency: 300 * time.Millisecond, Observe: func(r api.Request) {
			if strings.HasSuffix(r.Path, "/settings") {
				reads++
			}
		}}})
		defer s.stop()
		s.write(rivals("s", "old", rivalNames...))
		if o := s.must(exitOK, "apply", "--auto-approve", "--rate", "9"); o.took < rateWindow {
			t.Errorf("it took no more than %v", o.took)
		}
		s.must(exitOK, "plan", "--detailed-exitcode")
		if reads > 0 {
			t.Errorf("%d settings were read", reads)
		}
	})
}
