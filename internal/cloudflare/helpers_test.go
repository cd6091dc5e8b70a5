package cloudflare

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/wfpsync/wfpsync/internal/cloudflare/cloudflaretest"
)

const testAccount = cloudflaretest.AccountID

type waits = cloudflaretest.Waits

var (
	answers = cloudflaretest.Answers
	reply   = cloudflaretest.Reply
	success = cloudflaretest.Success
	failure = cloudflaretest.Failure
	hangUp  = cloudflaretest.HangUp
)

// testProducts is one product, whose reads are sent again.
var testProducts = Products{
	Of: func(string) string { return "workers" },
	Retryable: func(_ context.Context, e *Error) bool {
		return e.Throttled() || e.Method == http.MethodGet && (e.Cause != nil || e.Status >= http.StatusInternalServerError)
	},
	Hint: func(e *Error) string { return "ask " + e.Product },
}

// crafted is a client of a server with responses made for the test. Its waits
// take no time, and are recorded.
type crafted struct {
	*Client
	waits *waits
}

func craft(t *testing.T, handler http.HandlerFunc, change ...func(*Options)) crafted {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	w := &waits{}
	options := Options{
		BaseURL:     server.URL + "/client/v4",
		Credentials: Credentials{Token: "test-token-value"},
		Sleep:       w.Sleep,
	}
	for _, c := range change {
		c(&options)
	}
	client, err := New(options, testProducts)
	if err != nil {
		t.Fatal(err)
	}
	return crafted{client, w}
}

// get reads the settings of a script.
func get(c *Client) error { return getIn(context.Background(), c) }

func getIn(ctx context.Context, c *Client) error {
	var settings struct {
		Bindings []any `json:"bindings"`
	}
	_, err := c.Exchange(ctx, http.MethodGet, Path("accounts", testAccount, "workers", "scripts", "x", "settings"), nil, nil, &settings)
	return err
}
