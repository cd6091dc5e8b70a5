package emulator_test

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
)

func TestCredentials(t *testing.T) {
	a := open(t, emulator.Options{})
	send := func(header ...string) *answer {
		return a.send("GET", "/user/tokens/verify", "", nil, append([]string{"Authorization", ""}, header...)...)
	}
	send().fails(400, 9106)
	send("X-Auth-Email", "a@example.com").fails(400, 9106)
	send("Authorization", "Basic abc").fails(400, 6003)
	send("Authorization", "Bearer ").fails(400, 6003)
	send("Authorization", "bearer x").ok()
	send("X-Auth-Email", "a@example.com", "X-Auth-Key", "k").ok()
	if got := a.get("/user/tokens/verify").field("status"); got != `"active"` {
		t.Errorf("the token is %s", got)
	}
	if got := a.get("/tokens/verify").field("status"); got != `"active"` {
		t.Errorf("the account's token is %s", got)
	}
}

// TestVisitors: the account answers programs on this machine, and no web page.
func TestVisitors(t *testing.T) {
	a := open(t, emulator.Options{})
	server, err := url.Parse(a.base)
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
		answer := a.send("GET", "/accounts", "", nil, c.header...)
		if answer.status != c.want {
			t.Errorf("%s: got %d %s, want %d", c.name, answer.status, answer.body, c.want)
		}
		if c.want != 200 {
			answer.fails(c.want, 7000)
		}
	}
}

// TestPanic: a bug of ours is an answer, which clients do not ask for again, and costs no other request.
func TestPanic(t *testing.T) {
	broken := false
	a := open(t, emulator.Options{Options: api.Options{Now: func() time.Time {
		if broken {
			panic("a mistake")
		}
		return time.Now()
	}}})
	broken = true
	got := a.json("POST", "/workers/dispatch/namespaces", object{"name": "prod"}).fails(501, 10002)
	if want := "wfpsync has a bug in its local account; please report it: a mistake in github.com/wfpsync/wfpsync/internal/emulator_test.TestPanic.func1, line "; !strings.Contains(string(got.body), want) {
		t.Errorf("got %s, want %s", got.body, want)
	}
	broken = false
	a.namespace("prod")
}

func TestEnvelope(t *testing.T) {
	a := open(t, emulator.Options{})
	success, failure := a.get("/workers/dispatch/namespaces"), a.get("/workers/dispatch/namespaces/none")
	if want := `{"success":true,"errors":[],"messages":[],"result":[]}`; string(success.body) != want {
		t.Errorf("got %s, want %s", success.body, want)
	}
	if want := `{"success":false,"errors":[{"code":100119,"message":"workers.api.error.dispatch_namespace_not_found"}],"messages":[],"result":null}`; string(failure.body) != want {
		t.Errorf("got %s, want %s", failure.body, want)
	}
	for _, r := range []*answer{success, failure} {
		if got := r.header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
			t.Errorf("the answer is a %s", got)
		}
		if ray := r.header.Get("Cf-Ray"); !regexp.MustCompile(`^[0-9a-f]{16}-[A-Z]{3}$`).MatchString(ray) {
			t.Errorf("Cf-Ray is %q", ray)
		}
	}
	if success.header.Get("Cf-Ray") == failure.header.Get("Cf-Ray") {
		t.Error("two answers have one Cf-Ray")
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	a := open(t, emulator.Options{})
	for _, path := range []string{"/none", "/workers/dispatch/namespaces/", "//workers/scripts", "/workers/../workers/scripts", "/vectorize/v2/indexes"} {
		a.get(path).fails(404, 7000)
	}
	for _, method := range []string{"POST", "DELETE", "PATCH"} {
		if refused := a.json(method, "/accounts", nil).fails(405, 10405); refused.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("allowed are %q", refused.header.Get("Allow"))
		}
	}
	a.json("POST", script("prod", "acme"), nil).fails(405, 10405)
	for _, path := range []string{"/vectorize/v2/indexes", "/workers/subdomain"} {
		refused := a.send("POST", path, "text/plain", strings.NewReader(""))
		if want := "the local account of wfpsync does not have POST /accounts/" + a.id + path; !strings.Contains(string(refused.body), want) {
			t.Errorf("%s is refused with %s", path, refused.body)
		}
	}
	a.json("GET", "/accounts/not!an!id/workers/scripts", nil).fails(404, 7003)

	response, err := http.Get(strings.TrimSuffix(a.base, "/client/v4") + "/")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 400 {
		t.Errorf("the root without credentials is %d", response.StatusCode)
	}
}

func TestAccounts(t *testing.T) {
	a := open(t, emulator.Options{})
	other := strings.Repeat("ab", 16)
	a.get("/accounts/" + other + "/workers/scripts").ok().is(`[]`)
	var accounts []struct{ ID, Name string }
	list := a.get("/accounts?page=1").ok().into(&accounts)
	if len(accounts) != 2 || accounts[0].ID != emulator.LocalAccountID || accounts[0].Name != emulator.LocalAccountName || accounts[1].ID != other {
		t.Errorf("accounts are %v", accounts)
	}
	if info := list.ResultInfo; info.Page != 1 || info.PerPage != 20 || info.Count != 2 || info.TotalCount != 2 || info.TotalPages != 1 {
		t.Errorf("result_info is %+v", info)
	}
	a.get("/accounts?name=" + "Local+account").ok().into(&accounts)
	if len(accounts) != 1 {
		t.Errorf("%d accounts have the name", len(accounts))
	}
	a.get("/accounts?per_page=4").fails(400, 7003)
	a.get("/accounts?page=x").fails(400, 7003)
	a.get("/accounts?page=3").ok().is(`[]`)
	a.get("/accounts?page=9223372036854775807").ok().is(`[]`)
	if got := a.get("/accounts/" + other).field("id"); got != `"`+other+`"` {
		t.Errorf("the account's id is %s", got)
	}
	var memberships []struct{ Account struct{ ID, Name string } }
	a.get("/memberships?page=1").ok().into(&memberships)
	if len(memberships) != 2 || memberships[0].Account.ID != emulator.LocalAccountID {
		t.Errorf("memberships are %v", memberships)
	}
	if got := a.get("/user").field("email"); got != `"local@example.com"` {
		t.Errorf("the user is %s", got)
	}

	// Accounts share nothing.
	a.namespace("prod")
	a.get("/accounts/"+other+"/workers/dispatch/namespaces/prod").fails(404, 100119)
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
	a := open(t, emulator.Options{Dir: dir, Options: api.Options{Accounts: []string{one}}})
	a.get("/workers/scripts").fails(404, 7003)
	a.get("/zones").ok().is(`[]`)
	a.get("/accounts/" + one + "/workers/scripts").ok()
	var accounts []struct{ ID string }
	a.get("/accounts").ok().into(&accounts)
	if len(accounts) != 1 || accounts[0].ID != one {
		t.Errorf("accounts are %v", accounts)
	}
}

func TestObserve(t *testing.T) {
	var mu sync.Mutex
	var seen []api.Request
	a := open(t, emulator.Options{Options: api.Options{Observe: func(r api.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r)
	}}})
	a.namespace("prod")
	a.get("/workers/dispatch/namespaces/prod/scripts/a%2Fb?x=%20y")
	a.get("/none")
	a.send("GET", "/user", "", nil, "Authorization", "")
	mu.Lock()
	defer mu.Unlock()
	want := []api.Request{
		{Method: "POST", Path: "/client/v4/accounts/" + a.id + "/workers/dispatch/namespaces", Status: 200},
		{Method: "GET", Path: "/client/v4/accounts/" + a.id + "/workers/dispatch/namespaces/prod/scripts/a%2Fb?x=%20y", Status: 404},
		{Method: "GET", Path: "/client/v4/accounts/" + a.id + "/none", Status: 404},
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
	a := open(t, emulator.Options{Options: api.Options{Latency: 30 * time.Millisecond}})
	started := time.Now()
	a.get("/user").ok()
	if took := time.Since(started); took < 30*time.Millisecond {
		t.Errorf("the answer took %v", took)
	}
}
