package api_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestCredentials(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	send := func(header ...string) *emulatortest.Response {
		return a.Send("GET", "/user/tokens/verify", "", nil, append([]string{"Authorization", ""}, header...)...)
	}
	send().Fails(400, 9106)
	send("X-Auth-Email", "a@example.com").Fails(400, 9106)
	send("Authorization", "Basic abc").Fails(400, 6003)
	send("Authorization", "Bearer ").Fails(400, 6003)
	send("Authorization", "bearer x").OK()
	send("X-Auth-Email", "a@example.com", "X-Auth-Key", "k").OK()
	if got := a.Get("/user/tokens/verify").Field("status"); got != `"active"` {
		t.Errorf("the token is %s", got)
	}
	if got := a.Get("/tokens/verify").Field("status"); got != `"active"` {
		t.Errorf("the account's token is %s", got)
	}
}

// TestVisitors: the account answers programs on this machine, but not web
// pages.
func TestVisitors(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	server, err := url.Parse(a.Base)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		header []string
		want   int
	}{
		{"a program", nil, 200},
		{"localhost", []string{"Host", "localhost:" + server.Port()}, 200},
		{"a port that leads here", []string{"Host", "LOCALHOST:9000"}, 200},
		{"no port", []string{"Host", "127.0.0.1"}, 200},
		{"the other version", []string{"Host", "[::1]:8788"}, 200},
		{"the other version without a port", []string{"Host", "[::1]"}, 200},
		{"an address typed by hand", []string{"Sec-Fetch-Site", "none"}, 200},
		{"Node.js", []string{"Sec-Fetch-Mode", "cors"}, 200},
		{"a name that was made to lead here", []string{"Host", "attacker.example:" + server.Port(), "Origin", "http://attacker.example:" + server.Port()}, 421},
		{"a name that only looks like ours", []string{"Host", "localhost.attacker.example"}, 421},
		{"an address that is not this machine", []string{"Host", "0.0.0.0:8788"}, 421},
		{"a tenant's name", []string{"Host", "customer-a.localhost:8787"}, 421},
		{"another site", []string{"Origin", "https://attacker.example"}, 403},
		{"a Worker's page", []string{"Origin", "http://localhost:8787"}, 403},
		{"a sandboxed frame", []string{"Origin", "null"}, 403},
		{"an image in another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"an image in a Worker's page", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors"}, 403},
	} {
		answer := a.Send("GET", "/accounts", "", nil, c.header...)
		if answer.Status != c.want {
			t.Errorf("%s: got %d %s, want %d", c.name, answer.Status, answer.Body, c.want)
		}
		if c.want != 200 {
			answer.Fails(c.want, 7000)
		}
	}
}

// TestPanic: a bug in a handler becomes a response that clients do not retry,
// and affects no other request.
func TestPanic(t *testing.T) {
	broken := false
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time {
		if broken {
			panic("a mistake")
		}
		return time.Now()
	}}})
	broken = true
	got := a.JSON("POST", "/workers/dispatch/namespaces", object{"name": "prod"}).Fails(501, 10002)
	if want := "wfpsync has a bug in its local account; please report it: a mistake in github.com/wfpsync/wfpsync/internal/emulator/api_test.TestPanic.func1, line "; !strings.Contains(string(got.Body), want) {
		t.Errorf("got %s, want %s", got.Body, want)
	}
	broken = false
	a.Namespace("prod")
}

func TestEnvelope(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	success, failure := a.Get("/workers/dispatch/namespaces"), a.Get("/workers/dispatch/namespaces/none")
	if want := `{"success":true,"errors":[],"messages":[],"result":[]}`; string(success.Body) != want {
		t.Errorf("got %s, want %s", success.Body, want)
	}
	if want := `{"success":false,"errors":[{"code":100119,"message":"workers.api.error.dispatch_namespace_not_found"}],"messages":[],"result":null}`; string(failure.Body) != want {
		t.Errorf("got %s, want %s", failure.Body, want)
	}
	for _, r := range []*emulatortest.Response{success, failure} {
		if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
			t.Errorf("the answer is a %s", got)
		}
		if ray := r.Header.Get("Cf-Ray"); !regexp.MustCompile(`^[0-9a-f]{16}-[A-Z]{3}$`).MatchString(ray) {
			t.Errorf("Cf-Ray is %q", ray)
		}
	}
	if success.Header.Get("Cf-Ray") == failure.Header.Get("Cf-Ray") {
		t.Error("two answers have one Cf-Ray")
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	for _, path := range []string{"/none", "/workers/dispatch/namespaces/", "//workers/scripts", "/workers/../workers/scripts", "/hyperdrive/configs"} {
		a.Get(path).Fails(404, 7000)
	}
	for _, method := range []string{"POST", "DELETE", "PATCH"} {
		if refused := a.JSON(method, "/accounts", nil).Fails(405, 10405); refused.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("allowed are %q", refused.Header.Get("Allow"))
		}
	}
	a.JSON("POST", emulatortest.Script("prod", "acme"), nil).Fails(405, 10405)
	for _, path := range []string{"/hyperdrive/configs", "/workers/subdomain"} {
		refused := a.Send("POST", path, "text/plain", strings.NewReader(""))
		if want := "the local account of wfpsync does not have POST /accounts/" + a.ID + path; !strings.Contains(string(refused.Body), want) {
			t.Errorf("%s is refused with %s", path, refused.Body)
		}
	}
	a.JSON("GET", "/accounts/not!an!id/workers/scripts", nil).Fails(404, 7003)

	response, err := http.Get(strings.TrimSuffix(a.Base, "/client/v4") + "/")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 400 {
		t.Errorf("the root without credentials is %d", response.StatusCode)
	}
}

func TestAccounts(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	other := strings.Repeat("ab", 16)
	a.Get("/accounts/" + other + "/workers/scripts").OK().Is(`[]`)
	var accounts []struct{ ID, Name string }
	list := a.Get("/accounts?page=1").OK().Into(&accounts)
	if len(accounts) != 2 || accounts[0].ID != emulator.LocalAccountID || accounts[0].Name != emulator.LocalAccountName || accounts[1].ID != other {
		t.Errorf("accounts are %v", accounts)
	}
	if info := list.ResultInfo; info.Page != 1 || info.PerPage != 20 || info.Count != 2 || info.TotalCount != 2 || info.TotalPages != 1 {
		t.Errorf("result_info is %+v", info)
	}
	a.Get("/accounts?name=" + "Local+account").OK().Into(&accounts)
	if len(accounts) != 1 {
		t.Errorf("%d accounts have the name", len(accounts))
	}
	a.Get("/accounts?per_page=4").Fails(400, 7003)
	a.Get("/accounts?page=x").Fails(400, 7003)
	a.Get("/accounts?page=3").OK().Is(`[]`)
	a.Get("/accounts?page=9223372036854775807").OK().Is(`[]`)
	if got := a.Get("/accounts/" + other).Field("id"); got != `"`+other+`"` {
		t.Errorf("the account's id is %s", got)
	}
	var memberships []struct{ Account struct{ ID, Name string } }
	a.Get("/memberships?page=1").OK().Into(&memberships)
	if len(memberships) != 2 || memberships[0].Account.ID != emulator.LocalAccountID {
		t.Errorf("memberships are %v", memberships)
	}
	if got := a.Get("/user").Field("email"); got != `"local@example.com"` {
		t.Errorf("the user is %s", got)
	}

	// Accounts share nothing.
	a.Namespace("prod")
	a.Get("/accounts/"+other+"/workers/dispatch/namespaces/prod").Fails(404, 100119)
}

func TestRestrictedAccounts(t *testing.T) {
	one := strings.Repeat("1", 32)
	dir := t.TempDir()
	unrestricted, err := emulator.Open(emulator.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := unrestricted.EnsureZone(emulator.LocalAccountID, "example.com"); err != nil {
		t.Fatal(err)
	}
	if err := unrestricted.Close(); err != nil {
		t.Fatal(err)
	}
	a := emulatortest.Open(t, emulator.Options{Dir: dir, Options: api.Options{Accounts: []string{one}}})
	a.Get("/workers/scripts").Fails(404, 7003)
	a.Get("/zones").OK().Is(`[]`)
	a.Get("/accounts/" + one + "/workers/scripts").OK()
	var accounts []struct{ ID string }
	a.Get("/accounts").OK().Into(&accounts)
	if len(accounts) != 1 || accounts[0].ID != one {
		t.Errorf("accounts are %v", accounts)
	}
}

func TestObserve(t *testing.T) {
	var mu sync.Mutex
	var seen []api.Request
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Observe: func(r api.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r)
	}}})
	a.Namespace("prod")
	a.Get("/workers/dispatch/namespaces/prod/scripts/a%2Fb?x=%20y")
	a.Get("/none")
	a.Send("GET", "/user", "", nil, "Authorization", "")
	mu.Lock()
	defer mu.Unlock()
	want := []api.Request{
		{Method: "POST", Path: "/client/v4/accounts/" + a.ID + "/workers/dispatch/namespaces", Status: 200},
		{Method: "GET", Path: "/client/v4/accounts/" + a.ID + "/workers/dispatch/namespaces/prod/scripts/a%2Fb?x=%20y", Status: 404},
		{Method: "GET", Path: "/client/v4/accounts/" + a.ID + "/none", Status: 404},
		{Method: "GET", Path: "/client/v4/user", Status: 400},
	}
	if len(seen) != len(want) {
		t.Fatalf("saw %v", seen)
	}
	for i := range want {
		seen[i].Duration = 0
		if seen[i] != want[i] {
			t.Errorf("saw %v, want %v", seen[i], want[i])
		}
	}
}

func TestLatency(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Latency: 30 * time.Millisecond}})
	started := time.Now()
	a.Get("/user").OK()
	if took := time.Since(started); took < 30*time.Millisecond {
		t.Errorf("the answer took %v", took)
	}
}
