package cloudflare

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Each of these is an error whatever its HTTP status, and says what it is.
func TestResponsesThatAreNotSuccesses(t *testing.T) {
	const where = "GET …/workers/scripts/x/settings: "
	for name, tt := range map[string]struct {
		response http.HandlerFunc
		want     string
	}{
		"success false with 200": {failure(200, 10003, "bad parameter"), "Cloudflare 10003: bad parameter (HTTP 200)"},
		"an ordinary error":      {failure(400, 10021, "no such module", "Cf-Ray", "8f-FRA"), "Cloudflare 10021: no such module (HTTP 400, ray 8f-FRA)"},
		"code and error":         {reply(400, jsonType, `{"code":10001,"error":"content type"}`), "Cloudflare 10001: content type (HTTP 400)"},
		"strings for errors":     {reply(400, jsonType, `{"success":false,"errors":["no"]}`), "no (HTTP 400)"},
		"several errors": {reply(400, jsonType, `{"success":false,"errors":[{"code":10057,"message":"A","source":{"pointer":"/bindings/0"}},{"code":10021,"message":"B"}]}`),
			"Cloudflare 10057: A (at /bindings/0); B (10021) (HTTP 400)"},
		"control characters": {failure(400, 10021, "a\x1b[31mb"), "Cloudflare 10021: a[31mb (HTTP 400)"},
		"html with 200":      {reply(200, "text/html", "<html>"), "the answer is text/html, not JSON (HTTP 200)"},
		"a challenge":        {reply(403, "text/html", "<html>", "Cf-Mitigated", "challenge"), "Cloudflare's firewall challenged the request; the API was not reached (HTTP 403)"},
		"empty":              {reply(200, "", ""), "an empty answer OK (HTTP 200)"},
		"no envelope":        {reply(200, jsonType, `{"bindings":[]}`), "the response does not say that it is a success (HTTP 200)"},
		"an array":           {reply(200, jsonType, `[]`), "the response is not from the API (HTTP 200)"},
		"another shape":      {success(`{"bindings":7}`), "the response has an unexpected shape: "},
	} {
		t.Run(name, func(t *testing.T) {
			err := get(craft(t, tt.response).Client)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if got := err.Error(); !strings.HasPrefix(got, where+tt.want) {
				t.Errorf("got  %s\nwant %s%s", got, where, tt.want)
			}
			if e.Product != "workers" || e.Method != "GET" || e.Path != "/accounts/"+testAccount+"/workers/scripts/x/settings" {
				t.Errorf("the error is about %s %s %s", e.Product, e.Method, e.Path)
			}
			if e.Hint() != "ask workers" {
				t.Errorf("the hint is %q", e.Hint())
			}
		})
	}
}

// The response to deleting a custom hostname is only its id.
func TestDeletionInNoEnvelope(t *testing.T) {
	for response, want := range map[string]bool{
		`{"id":"0d89c70d-ad9f-4843-b99f-6cc0252067e9"}`: true,
		`{"id":""}`: false,
		`{"id":7}`:  false,
		`{}`:        false,
		`{"id":"x","errors":[{"code":1436,"message":"no"}]}`: false,
	} {
		for status, succeeds := range map[int]bool{200: want, 404: false} {
			c := craft(t, reply(status, jsonType, response)).Client
			if err := c.Remove(t.Context(), "/zones/z/custom_hostnames/x"); (err == nil) != succeeds {
				t.Errorf("%d %s: %v", status, response, err)
			}
		}
	}
	if get(craft(t, reply(200, jsonType, `{"id":"x"}`)).Client) == nil {
		t.Error("only a deletion may lack an envelope")
	}
}

// A request that is sent to another host, even on purpose, has no credentials.
func TestCredentialsStayWithTheirHost(t *testing.T) {
	var got http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		success(`{}`)(w, r)
	}))
	defer other.Close()
	c := craft(t, success(`{}`))
	req, _ := http.NewRequest("GET", other.URL+"/x", nil)
	resp, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got.Get("Authorization") != "" {
		t.Error("the token went to another host")
	}
}
