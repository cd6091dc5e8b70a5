package account

import (
	"context"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

func boundaryOf(contentType string) string {
	_, params, _ := mime.ParseMediaType(contentType)
	return params["boundary"]
}

// get reads the settings of a script with one GET through the raw client.
func get(c *Client) error {
	_, err := c.Account(testAccount).settings(context.Background(), cloudflare.Path("accounts", testAccount, "workers", "scripts", "x"))
	return err
}

// A request of the SDK fails as one of the raw client does.
func TestBothClientsFailAlike(t *testing.T) {
	c := craft(t, failure(200, 10013, "namespace not found"))
	_, err := c.Account(testAccount).kvNamespaces(t.Context())
	if !IsNotFound(err) {
		t.Errorf("10013 of KV is a missing namespace, got %v", err)
	}
	c = craft(t, failure(404, 7003, "could not route"))
	_, err = c.Account(testAccount).kvNamespaces(t.Context())
	if err == nil || IsNotFound(err) {
		t.Errorf("7003 is a wrong account, not a missing object; got %v", err)
	}
}

// A redirect is not followed, so neither credentials nor code go elsewhere.
func TestRedirectIsNotFollowed(t *testing.T) {
	var elsewhere []http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere = append(elsewhere, r.Header)
		success(`{}`)(w, r)
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := craft(t, reply(status, "", "", "Location", other.URL+"/x"))
		if err := get(c.Client); err == nil || !strings.Contains(err.Error(), "redirects") {
			t.Errorf("%d: got %v", status, err)
		}
		if _, err := c.Account(testAccount).kvNamespaces(t.Context()); err == nil {
			t.Errorf("%d: the SDK followed", status)
		}
	}
	if len(elsewhere) > 0 {
		t.Errorf("the other host was sent %v", elsewhere)
	}
}
func TestHeaders(t *testing.T) {
	var got http.Header
	c := craft(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		success(`[]`)(w, r)
	}, func(o *Options) {
		o.Credentials, o.UserAgent = cloudflare.Credentials{Key: "key", Email: "a@b.example"}, "wfpsync/1.2"
	})
	if _, err := c.Account(testAccount).kvNamespaces(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got.Get("Authorization") != "" || got.Get("X-Auth-Key") != "key" || got.Get("X-Auth-Email") != "a@b.example" {
		t.Errorf("credentials were sent as %v", got)
	}
	if ua := got.Values("User-Agent"); len(ua) != 1 || ua[0] != "wfpsync/1.2" {
		t.Errorf("User-Agent is %q", ua)
	}
}

// An empty name in a path addresses something larger than the resource of that
// name.
func TestPathsThatWouldMeanSomethingElse(t *testing.T) {
	handler, n := answers(success(`null`))
	a := craft(t, handler).Account(testAccount)
	for _, name := range []string{"", ".", ".."} {
		for _, address := range []spec.Address{
			{Kind: spec.KindUserWorker, Parent: "ns", Name: name},
			{Kind: spec.KindUserWorker, Parent: name, Name: "x"},
			{Kind: spec.KindWorker, Name: name},
			{Kind: spec.KindDispatchNamespace, Name: name},
		} {
			if err := a.Delete(t.Context(), address, spec.Revision{}); err == nil {
				t.Errorf("deleting %q was sent", address)
			}
		}
	}
	if *n != 0 {
		t.Errorf("%d requests were sent", *n)
	}
}
func TestNamesAreEscaped(t *testing.T) {
	var path string
	c := craft(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		success(`null`)(w, r)
	})
	err := c.Account(testAccount).Delete(t.Context(), spec.Address{Kind: spec.KindUserWorker, Parent: "n/s", Name: "a/../../b?c#d"}, spec.Revision{})
	want := "/client/v4/accounts/" + testAccount + "/workers/dispatch/namespaces/n%2Fs/scripts/a%2F..%2F..%2Fb%3Fc%23d"
	if err != nil || path != want {
		t.Errorf("sent %s (%v), want %s", path, err, want)
	}
}
