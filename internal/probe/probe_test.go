package probe_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wfpsync/wfpsync/internal/probe"
	"github.com/wfpsync/wfpsync/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dispatcher responds by path, and records its requests.
func dispatcher(t *testing.T) (address string, asked func() *http.Request) {
	t.Helper()
	var last atomic.Pointer[http.Request]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last.Store(r)
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		case "/secret":
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "hunter2")
		case "/slow":
			<-r.Context().Done()
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
					return
				}
			}
		case "/hangs-up":
			panic(http.ErrAbortHandler)
		default:
			_, _ = io.WriteString(w, "all is well")
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), last.Load
}

func TestProbe(t *testing.T) {
	address, asked := dispatcher(t)
	prober := probe.New(probe.Options{UserAgent: "wfpsync/test"})
	t.Cleanup(prober.Close)
	for path, test := range map[string]struct {
		change func(p *spec.Probe)
		want   string // in the error; "" for no error
	}{
		"/":         {},
		"/?a":       {func(p *spec.Probe) { p.BodyContains = "well" }, ""},
		"/?b":       {func(p *spec.Probe) { p.BodyContains = "ill" }, `its answer does not contain "ill"`},
		"/?c":       {func(p *spec.Probe) { p.Status = []int{204, 404} }, "it answered with status 200 instead of 204 or 404"},
		"/broken":   {nil, "it answered with status 500 instead of one from 200 to 299"},
		"/moved":    {nil, "it answered with status 302"},
		"/moved?a":  {func(p *spec.Probe) { p.Status = []int{302} }, ""},
		"/slow":     {func(p *spec.Probe) { p.Timeout = 50 * time.Millisecond }, "there was no answer within 50ms"},
		"/endless":  {nil, ""},
		"/endless?": {func(p *spec.Probe) { p.BodyContains = "y" }, `its answer does not contain "y"`},
		"/hangs-up": {nil, "there was no answer: EOF"},
		"/secret":   {nil, "it answered with status 403"},
	} {
		p := &spec.Probe{URL: "http://acme.platform.example.com" + path, Method: http.MethodGet, ConnectTo: address, Timeout: 30 * time.Second}
		if test.change != nil {
			test.change(p)
		}
		err := prober.Probe(t.Context(), p, nil)
		if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.Contains(got, test.want) || strings.Contains(got, "hunter2") || strings.Contains(got, "http://") {
			t.Errorf("%s: got %v, want %q", path, err, test.want)
		}
		if r := asked(); r.Host != "acme.platform.example.com" || r.UserAgent() != "wfpsync/test" {
			t.Errorf("%s: %s was asked for by %s", path, r.Host, r.UserAgent())
		}
	}
}

func TestProbeHeaders(t *testing.T) {
	address, asked := dispatcher(t)
	prober := probe.New(probe.Options{Through: address})
	t.Cleanup(prober.Close)
	p := &spec.Probe{
		URL: "https://acme.platform.example.com/", Method: http.MethodPost, ConnectTo: "192.0.2.1:1", Timeout: 30 * time.Second,
		Headers: []spec.ProbeHeader{{Name: "User-Agent", Value: "mine"}, {Name: "X-Secret", Secret: &spec.SecretSource{Env: "S"}}},
	}
	// A dispatcher on this machine is used whatever the URL says.
	if err := prober.Probe(t.Context(), p, map[string]spec.Secret{"X-Secret": spec.NewSecret("hunter2")}); err != nil {
		t.Fatal(err)
	}
	if r := asked(); r.Method != http.MethodPost || r.UserAgent() != "mine" || r.Header.Get("X-Secret") != "hunter2" || r.Host != "acme.platform.example.com" {
		t.Errorf("%s %s %v", r.Method, r.Host, r.Header)
	}
	err := prober.Probe(t.Context(), p, map[string]spec.Secret{"X-Secret": spec.NewSecret("hunter2\r\nX-Evil: 1")})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestProbeIsCancelled(t *testing.T) {
	address, _ := dispatcher(t)
	prober := probe.New(probe.Options{Through: address})
	t.Cleanup(prober.Close)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	began := time.Now()
	err := prober.Probe(ctx, &spec.Probe{URL: "http://a.example.com/slow", Method: http.MethodGet, Timeout: time.Minute}, nil)
	if err == nil || time.Since(began) > 30*time.Second {
		t.Errorf("got %v", err)
	}
}

// Certificates are checked, against the name in the URL.
func TestProbeChecksCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that fails
	server.StartTLS()
	t.Cleanup(server.Close)
	prober := probe.New(probe.Options{})
	t.Cleanup(prober.Close)
	p := &spec.Probe{URL: "https://acme.platform.example.com/", Method: http.MethodGet, ConnectTo: strings.TrimPrefix(server.URL, "https://"), Timeout: 30 * time.Second}
	if err := prober.Probe(t.Context(), p, nil); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
}
