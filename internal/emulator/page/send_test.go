package page_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// requestForm is the form that the page sends.
type requestForm struct {
	Method  string `json:"method"`
	Host    string `json:"host"`
	Path    string `json:"path"`
	Headers string `json:"headers"`
	Body    string `json:"body"`
}

// pageAnswer is the response to it.
type pageAnswer struct {
	Error      string
	Status     int
	StatusText string `json:"status_text"`
	Headers    []struct{ Name, Value string }
	Body       string
	Pretty     string
	Hex, Cut   bool
	Size       int
	Unfinished string
	MS         float64
	Ray        string
}

// workers serves requests in place of the Workers.
func workers(t testing.TB, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// TestPageSend: a request arrives as it was filled in, and its response is
// shown unchanged.
func TestPageSend(t *testing.T) {
	var got string
	address := workers(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = fmt.Sprintf("%s %s %s %q %q %q", r.Method, r.Host, r.RequestURI, r.Header["X-Tenant"], r.Header["User-Agent"], body)
		if len(r.Header.Get(runtime.RayHeader)) != len("0123456789abcdef-LOC") {
			t.Errorf("the ray is %q", r.Header.Get(runtime.RayHeader))
		}
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.Header().Set("Location", "/elsewhere")
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusFound)
		_, _ = io.WriteString(w, `{"n":12345678901234567890,"html":"<b>"}`)
	})
	p := servePage(emulatortest.Open(t, emulator.Options{}), address, nil)
	var a pageAnswer
	status := p.post("/api/send", requestForm{"POST", " customer-a.example.com:8080 ", "/a%2Fb?c=d&e", "x-tenant: one\n\nX-Tenant:two\r\nUser-Agent: mine", "{}"}, &a)
	if want := `POST customer-a.example.com:8080 /a%2Fb?c=d&e ["one" "two"] ["mine"] "{}"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if status != 200 || a.Status != 302 || a.StatusText != "Found" || a.Body != `{"n":12345678901234567890,"html":"<b>"}` || a.Size != len(a.Body) || a.Hex || a.Cut || a.Unfinished != "" || a.MS <= 0 || !strings.HasSuffix(a.Ray, "-LOC") {
		t.Errorf("%d, and the answer is %+v", status, a)
	}
	if a.Pretty != "{\n  \"n\": 12345678901234567890,\n  \"html\": \"<b>\"\n}" {
		t.Errorf("indented it is %s", a.Pretty)
	}
	if got := fmt.Sprint(a.Headers); !strings.Contains(got, "{Location /elsewhere} {Set-Cookie a=1} {Set-Cookie b=2}") {
		t.Errorf("the headers are %s", got)
	}
}

// TestPageSendMistakes: an invalid form gets an error about the form.
func TestPageSendMistakes(t *testing.T) {
	address := workers(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	p := servePage(emulatortest.Open(t, emulator.Options{}), address, nil)
	for _, c := range []struct {
		form requestForm
		want string
	}{
		{requestForm{Method: "GET"}, "which host is the request for?"},
		{requestForm{Method: "GET", Host: "*.example.com"}, `the host "*.example.com" still has a star: put a name in its place`},
		{requestForm{Method: "GET", Host: "http://a.example"}, `"http://a.example" is not a host: a host is a name, with a port if needed`},
		{requestForm{Method: "GET", Host: "me@a.example"}, `"me@a.example" is not a host: a host is a name, with a port if needed`},
		{requestForm{Method: "GET", Host: "a.example:port"}, `this is not a valid request: invalid port ":port" after host`},
		{requestForm{Method: "GET", Host: "a.example", Path: "x"}, `the path "x" does not begin with a slash`},
		{requestForm{Method: "GET", Host: "a.example", Path: "/%zz"}, `this is not a valid request: invalid URL escape "%zz"`},
		{requestForm{Method: "CONNECT", Host: "a.example"}, `unsupported method "CONNECT": use one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS`},
		{requestForm{Method: "GET", Host: "a.example", Headers: "Accept"}, `the header "Accept" has no colon: write Name: value`},
		{requestForm{Method: "GET", Host: "a.example", Headers: "host: b"}, `the header Host is set by the rest of the form`},
		{requestForm{Method: "GET", Host: "a.example", Headers: "a b: c"}, `the request could not be sent: net/http: invalid header field name "a b"`},
	} {
		var a pageAnswer
		if status := p.post("/api/send", c.form, &a); status < 400 || a.Error != c.want {
			t.Errorf("%+v: got %d %s, want %s", c.form, status, a.Error, c.want)
		}
	}
	for body, want := range map[string]int{"nonsense": 400, `{"body":"` + strings.Repeat("x", 3<<20) + `"}`: 413} {
		response := p.ask(http.MethodPost, "/api/send", body, "Origin", fmt.Sprintf("http://127.0.0.1:%d", p.port), "X-Wfpsync-Token", p.token)
		if response.StatusCode != want {
			t.Errorf("%.20s: got %d, want %d", body, response.StatusCode, want)
		}
	}
}

// TestPageAnswers: binary, oversized and broken responses are shown.
func TestPageAnswers(t *testing.T) {
	bodies := map[string][]byte{
		"/nothing": nil,
		"/binary":  append([]byte("PNG\x00\xff"), make([]byte, 8<<10)...),
		"/latin":   []byte("caf\xe9"),
		"/large":   bytes.Repeat([]byte("ä€"), 100<<10),
		"/markup":  []byte("<script>alert(1)</script>\u202e"),
	}
	address := workers(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "the beginning")
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(bodies[r.URL.Path])
	})
	p := servePage(emulatortest.Open(t, emulator.Options{}), address, nil)
	send := func(path string) (a pageAnswer) {
		t.Helper()
		if status := p.post("/api/send", requestForm{Method: "GET", Host: "a.example", Path: path}, &a); status != 200 {
			t.Errorf("%s: %d %s", path, status, a.Error)
		}
		return a
	}
	if a := send("/nothing"); a.Body != "" || a.Size != 0 || a.Hex {
		t.Errorf("nothing is %+v", a)
	}
	if a := send("/binary"); !a.Hex || !a.Cut || !strings.HasPrefix(a.Body, "00000000  50 4e 47 00 ff 00") || len(a.Body) > 32<<10 || a.Size != 5+8<<10 {
		t.Errorf("a binary body has %d bytes: %+v", len(a.Body), a.Size)
	}
	if a := send("/latin"); !a.Hex || a.Cut {
		t.Errorf("another encoding is %+v", a)
	}
	if a := send("/large"); a.Hex || !a.Cut || len(a.Body) > 256<<10 || len(a.Body) < 255<<10 || !bytes.HasPrefix(bodies["/large"], []byte(a.Body)) {
		t.Errorf("a large answer is cut to %d bytes: hex %v, cut %v", len(a.Body), a.Hex, a.Cut)
	}
	if a := send("/markup"); a.Body != string(bodies["/markup"]) {
		t.Errorf("markup is %q", a.Body)
	}
	if a := send("/broken"); a.Body != "the beginning" || a.Unfinished != "The response broke off: unexpected EOF" {
		t.Errorf("what broke off is %+v", a)
	}
	var a pageAnswer
	gone := servePage(emulatortest.Open(t, emulator.Options{}), "127.0.0.1:1", nil)
	if status := gone.post("/api/send", requestForm{Method: "GET", Host: "a.example"}, &a); status != http.StatusBadGateway || !strings.HasPrefix(a.Error, "the request could not be sent: dial tcp 127.0.0.1:1") {
		t.Errorf("without a server: %d %s", status, a.Error)
	}
}

// TestRunPage sends a request from the page through a dispatcher. What the
// Workers print meanwhile has its ray, and no Worker can reach the page.
func TestRunPage(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Dispatches(nil)
	p := servePage(r.Account, strings.TrimPrefix(r.URL, "http://"), nil)
	r.Script(emulatortest.Script("prod", "acme"), fmt.Sprintf(`export default { async fetch(request) {
  console.log("asked");
  try {
    return new Response("reached: " + await (await fetch("http://127.0.0.1:%d/")).text());
  } catch (error) {
    return new Response("refused");
  }
} }`, p.port), nil).OK()
	var a pageAnswer
	p.post("/api/send", requestForm{Method: "GET", Host: "acme.example.com", Path: "/"}, &a)
	if a.Status != 200 || a.Body != "refused" {
		t.Errorf("the Worker answers %+v", a)
	}
	if m := r.Hears("asked"); m.Ray != a.Ray || m.Worker != "prod/acme" || time.Since(m.Time) > time.Minute {
		t.Errorf("the Worker said %+v during %s", m, a.Ray)
	}
}
