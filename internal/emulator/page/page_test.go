package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/page"
)

// object is a JSON object.
type object = map[string]any

// servedPage is the page of an account on its own port.
type servedPage struct {
	*page.Page
	t     testing.TB
	port  int
	token string
}

// servePage serves the page of an account whose Workers have an address.
func servePage(a *emulatortest.Account, workers string, compare func(context.Context) page.Report) *servedPage {
	a.T.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		a.T.Fatal(err)
	}
	p := &servedPage{t: a.T, port: listener.Addr().(*net.TCPAddr).Port}
	p.Page = a.Page(page.Options{Account: a.ID, Workers: workers, Port: p.port, Tokens: []byte(":root {}"), Compare: compare})
	server := &http.Server{Handler: p.Page}
	go func() { _ = server.Serve(listener) }()
	a.T.Cleanup(func() {
		p.Close()
		_ = server.Close()
	})
	shell := p.get("/")
	found := regexp.MustCompile(`name="wfpsync-token" content="(\w+)"`).FindStringSubmatch(shell)
	if found == nil {
		a.T.Fatalf("there is no token in %s", shell)
	}
	p.token = found[1]
	return p
}

// ask sends a request, with pairs of header names and values. Host sets the
// host.
func (p *servedPage) ask(method, path, body string, header ...string) *http.Response {
	p.t.Helper()
	request, err := http.NewRequest(method, fmt.Sprintf("http://127.0.0.1:%d%s", p.port, path), strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			request.Host = header[i+1]
		}
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { response.Body.Close() })
	return response
}

func (p *servedPage) get(path string) string {
	p.t.Helper()
	return read(p.t, p.ask(http.MethodGet, path, ""))
}

// post sends a form as the page does, and decodes the response.
func (p *servedPage) post(path string, form, into any) int {
	p.t.Helper()
	raw, err := json.Marshal(form)
	if err != nil {
		p.t.Fatal(err)
	}
	response := p.ask(http.MethodPost, path, string(raw), "Origin", fmt.Sprintf("http://127.0.0.1:%d", p.port), "X-Wfpsync-Token", p.token)
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode
}

func read(t testing.TB, response *http.Response) string {
	t.Helper()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestPageGuard: the page answers only requests that use its own name and come
// from itself, and accepts only forms with its token.
func TestPageGuard(t *testing.T) {
	p := servePage(emulatortest.Open(t, emulator.Options{}), "127.0.0.1:1", func(context.Context) page.Report { return page.Report{} })
	own := fmt.Sprintf("http://127.0.0.1:%d", p.port)
	for _, c := range []struct {
		name, method, path string
		header             []string
		want               int
	}{
		{"a program", "GET", "/api/overview", nil, 200},
		{"the page by its other name", "GET", "/", []string{"Host", fmt.Sprintf("localhost:%d", p.port)}, 200},
		{"a name that was made to lead here", "GET", "/", []string{"Host", fmt.Sprintf("evil.example:%d", p.port)}, 421},
		{"a tenant's name", "GET", "/", []string{"Host", fmt.Sprintf("customer-a.localhost:%d", p.port)}, 421},
		{"a port that leads here", "GET", "/", []string{"Host", "localhost:9000"}, 200},
		{"an address typed by hand", "GET", "/", []string{"Sec-Fetch-Site", "none"}, 200},
		{"a link from a Worker's page", "GET", "/", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"a frame in a Worker's page", "GET", "/", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"a Worker's page", "GET", "/api/overview", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"a link to the data", "GET", "/api/overview", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 403},
		{"a stream from elsewhere", "GET", "/api/events", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"the page", "POST", "/api/compare", []string{"Origin", own, "X-Wfpsync-Token", p.token, "Sec-Fetch-Site", "same-origin"}, 200},
		{"no origin", "POST", "/api/compare", []string{"X-Wfpsync-Token", p.token}, 403},
		{"an invalid origin", "POST", "/api/compare", []string{"Origin", "null", "X-Wfpsync-Token", p.token}, 403},
		{"a Worker's origin", "POST", "/api/compare", []string{"Origin", "http://localhost:8787", "X-Wfpsync-Token", p.token}, 403},
		{"no token", "POST", "/api/compare", []string{"Origin", own}, 403},
		{"a wrong token", "POST", "/api/send", []string{"Origin", own, "X-Wfpsync-Token", "x"}, 403},
		{"a question for leave", "OPTIONS", "/api/send", []string{"Origin", "http://localhost:8787", "Access-Control-Request-Method", "POST"}, 403},
		{"a wrong method", "PUT", "/api/send", []string{"Origin", own, "X-Wfpsync-Token", p.token}, 405},
		{"a missing file", "GET", "/files/../page.go", nil, 404},
		{"a folder", "GET", "/files/", nil, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			response := p.ask(c.method, c.path, "{}", c.header...)
			if redirected := response.StatusCode == http.StatusTemporaryRedirect || response.StatusCode == http.StatusMovedPermanently; redirected && c.want == 404 {
				return // to a cleaner path, which does not exist either
			}
			if response.StatusCode != c.want {
				t.Errorf("got %d %s, want %d", response.StatusCode, read(t, response), c.want)
			}
			h := response.Header
			if !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self';") || strings.Contains(h.Get("Content-Security-Policy"), "unsafe") ||
				h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" || h.Get("Cache-Control") != "no-store" {
				t.Errorf("the headers are %v", h)
			}
			for name := range h {
				if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" {
					t.Errorf("it answers with %s", name)
				}
			}
		})
	}
}

// TestPageFiles: each file that the page loads exists, with the right type.
func TestPageFiles(t *testing.T) {
	p := servePage(emulatortest.Open(t, emulator.Options{}), "127.0.0.1:1", nil)
	shell := p.get("/")
	if strings.Contains(shell, "<script>") || strings.Contains(shell, "<style") || strings.Contains(shell, " style=") || regexp.MustCompile(` on\w+=`).MatchString(shell) {
		t.Error("there is a script or a style in the markup, which the policy forbids")
	}
	files := regexp.MustCompile(`(?:href|src)="(/[^"#]+)"`).FindAllStringSubmatch(shell, -1)
	imported := regexp.MustCompile(`from "\./(\w+\.js)"`).FindAllStringSubmatch(p.get("/files/app.js"), -1)
	if len(files) < 4 || len(imported) < 5 {
		t.Fatalf("it loads %v and %v", files, imported)
	}
	for _, one := range imported {
		files = append(files, []string{"", "/files/" + one[1]})
	}
	types := map[string]string{"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
	for _, file := range files {
		response := p.ask(http.MethodGet, file[1], "")
		extension := file[1][strings.LastIndexByte(file[1], '.')+1:]
		if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != types[extension] {
			t.Errorf("%s: %d %s", file[1], response.StatusCode, response.Header.Get("Content-Type"))
		}
	}
}

// TestPageOfTenThousand: the list has pages of a hundred, with any search.
func TestPageOfTenThousand(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Upload(emulatortest.Worker("router"), nil).OK()
	if err := a.ForTests().Seed(a.ID, "prod", func(yield func(api.Seed) bool) {
		for i := range 10_000 {
			if !yield(api.Seed{Name: fmt.Sprintf("shop-%05d", i)}) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	a.Namespace("empty-one")
	p := servePage(a, "127.0.0.1:1", nil)
	type list struct {
		Total, Offset int
		Items         []struct{ Namespace, Name string }
	}
	for _, c := range []struct {
		query       string
		total, many int
		first       string
	}{
		{"", 10_001, 100, "/router"},
		{"namespace=", 1, 1, "/router"},
		{"namespace=prod", 10_000, 100, "prod/shop-00000"},
		{"namespace=empty-one", 0, 0, ""},
		{"namespace=nothing", 0, 0, ""},
		{"offset=9950", 10_001, 51, "prod/shop-09949"},
		{"offset=20000", 10_001, 0, ""},
		{"offset=-1&q=SHOP+999", 19, 19, "prod/shop-00999"},
		{"q=prod+0042", 11, 11, "prod/shop-00042"},
		{"q=%3Cscript%3E", 0, 0, ""},
	} {
		raw := p.get("/api/workers?" + c.query)
		var got list
		if err := json.Unmarshal([]byte(raw), &got); err != nil {
			t.Fatal(err)
		}
		first := ""
		if len(got.Items) > 0 {
			first = got.Items[0].Namespace + "/" + got.Items[0].Name
		}
		if got.Total != c.total || len(got.Items) != c.many || first != c.first || len(raw) > 20_000 {
			t.Errorf("%s: %d in all, %d of them from %s on, in %d bytes", c.query, got.Total, len(got.Items), first, len(raw))
		}
	}
	var overview struct {
		Own        int
		Namespaces []struct {
			Name    string
			Workers int
		}
	}
	if err := json.Unmarshal([]byte(p.get("/api/overview")), &overview); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(overview); got != "{1 [{empty-one 0} {prod 10000}]}" {
		t.Errorf("the overview is %s", got)
	}
}

// TestPageWorker: the page shows everything about a Worker except its code and
// confidential values.
func TestPageWorker(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	zone := a.Zone("example.com")
	a.Namespace("prod")
	store := a.KV("Tenant <b>Configuration</b>")
	a.Upload(emulatortest.Worker("router"), object{"compatibility_date": "2026-10-01", "bindings": []object{
		{"type": "dispatch_namespace", "name": "TENANTS", "namespace": "prod"},
		{"type": "kv_namespace", "name": "STORE", "namespace_id": store},
		{"type": "secret_text", "name": "PASSWORD", "text": "canary-1"},
		{"type": "secret_key", "name": "KEY", "format": "raw", "algorithm": object{"name": "HMAC"}, "usages": []string{"sign"}, "key_base64": "Y2FuYXJ5LTI="},
	}}).OK()
	a.JSON("POST", "/zones/"+zone+"/workers/routes", object{"pattern": "*.example.com/*", "script": "router"}).OK()
	a.JSON("PUT", emulatortest.Worker("router")+"/schedules", []object{{"cron": "*/5 * * * *"}}).OK()
	for _, name := range []string{"customer-a-worker", "customer-b-worker"} {
		a.Upload(emulatortest.Script("prod", name), object{"bindings": []object{
			{"type": "plain_text", "name": "SPELL", "text": "</script>\u202e<img src=x>"},
			{"type": "secret_text", "name": "TOKEN", "text": "canary-3"},
		}}).OK()
	}
	p := servePage(a, "127.0.0.1:8787", nil)
	type view struct {
		Called   string
		Label    string
		Through  []string
		Reached  []struct{ Kind, Pattern, Host, Path string }
		Bindings []struct {
			Name, Type, Value string
			Secret            bool
		}
		Settings []struct{ Name, Value string }
		Modules  []struct {
			Name string
			Main bool
		}
	}
	look := func(query string) view {
		raw := p.get("/api/worker?" + query)
		if strings.Contains(raw, "canary") || strings.Contains(raw, "Y2Fu") || strings.ContainsAny(raw, "<>") {
			t.Errorf("%s shows %s", query, raw)
		}
		var v view
		if err := json.Unmarshal([]byte(raw), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	router := look("namespace=&name=router")
	if router.Label != "customer-a" {
		t.Errorf("in the place of the router's star stands %q", router.Label)
	}
	if got := fmt.Sprint(router.Reached, router.Through); got != "[{address http://router.localhost:8787/ router.localhost:8787 /} {route *.example.com/* *.example.com /} "+
		"{any other host http://*.localhost:8787/ *.localhost:8787 /}] []" {
		t.Errorf("the router is reached at %s", got)
	}
	if got := fmt.Sprint(router.Bindings); got != "[{KEY secret_key algorithm: {\"name\":\"HMAC\"}, format: raw, usages: [\"sign\"] true} {PASSWORD secret_text  true} "+
		"{STORE kv_namespace Tenant <b>Configuration</b> false} {TENANTS dispatch_namespace prod false}]" {
		t.Errorf("the router is bound to %s", got)
	}
	if got := fmt.Sprint(router.Settings, router.Modules); !strings.Contains(got, "{compatibility_date 2026-10-01} {cron */5 * * * *}") || !strings.Contains(got, "{index.js true}") {
		t.Errorf("the router has %s", got)
	}
	tenant := look("namespace=prod&name=customer-a-worker")
	if got := fmt.Sprint(tenant.Called, tenant.Label, tenant.Through, tenant.Reached); got != "prod/customer-a-workercustomer-a[router] [{route *.example.com/* *.example.com /} "+
		"{any other host http://*.localhost:8787/ *.localhost:8787 /}]" {
		t.Errorf("the tenant is %s", got)
	}
	if tenant.Bindings[0].Value != "</script>\u202e<img src=x>" {
		t.Errorf("a variable is shown as %q", tenant.Bindings[0].Value)
	}
	var overview struct{ Hosts []string }
	if err := json.Unmarshal([]byte(p.get("/api/overview")), &overview); err != nil {
		t.Fatal(err)
	}
	if want := []string{"customer-a.example.com", "customer-b.example.com", "customer-a.localhost:8787", "customer-b.localhost:8787", "router.localhost:8787"}; !slices.Equal(overview.Hosts, want) {
		t.Errorf("the hosts are %q, want %q", overview.Hosts, want)
	}
	if response := p.ask(http.MethodGet, "/api/worker?namespace=prod&name=nobody", ""); response.StatusCode != http.StatusNotFound || read(t, response) != `{"error":"this Worker no longer exists"}`+"\n" {
		t.Errorf("a Worker that is not there: %d", response.StatusCode)
	}
}

// TestPageReport: the page shows the last report, as much of it as a browser
// can show.
func TestPageReport(t *testing.T) {
	asked := make(chan struct{})
	done := make(chan struct{})
	compared := page.Report{Stack: "platform", State: page.Differs, Sentence: "It differs"}
	p := servePage(emulatortest.Open(t, emulator.Options{}), "127.0.0.1:1", func(context.Context) page.Report {
		close(asked)
		<-done
		return compared
	})
	if response := p.ask(http.MethodGet, "/plan", ""); response.StatusCode != http.StatusNotFound {
		t.Errorf("there is a plan: %d", response.StatusCode)
	}
	for i := range 1000 {
		compared.Changes = append(compared.Changes, page.Change{Action: "update", Address: fmt.Sprintf("worker/%d", i)})
	}
	compared.Plan = func(w io.Writer) error { _, err := io.WriteString(w, "the plan"); return err }
	first := make(chan int)
	var answer struct {
		State   string
		Changes []any
		More    int
		HasPlan bool `json:"has_plan"`
	}
	go func() { first <- p.post("/api/compare", object{}, &answer) }()
	<-asked
	var refused struct{ Error string }
	if status := p.post("/api/compare", object{}, &refused); status != http.StatusConflict || refused.Error != "the account is being compared already" {
		t.Errorf("a second comparison: %d %s", status, refused.Error)
	}
	close(done)
	if status := <-first; status != http.StatusOK || answer.State != "differs" || len(answer.Changes) != 200 || answer.More != 800 || !answer.HasPlan {
		t.Errorf("%d %s, %d changes and %d more", status, answer.State, len(answer.Changes), answer.More)
	}
	response := p.ask(http.MethodGet, "/plan", "")
	if got := read(t, response); got != "the plan" || response.Header.Get("Content-Security-Policy") != "frame-ancestors 'none'" {
		t.Errorf("the plan is %q, with %v", got, response.Header)
	}
	if raw := p.get("/api/overview"); !strings.Contains(raw, `"sentence":"It differs"`) {
		t.Errorf("the overview is %s", raw)
	}
}
