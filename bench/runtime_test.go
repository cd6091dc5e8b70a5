// Package bench_test measures what users wait for. Timings are printed and
// never asserted; README.md has those of one machine.
package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// known is how many user Workers the account has.
const known = 10_000

const (
	dispatcherCode = `export default { fetch(request, env) { return env.TENANTS.get(new URL(request.url).hostname.split(".")[0]).fetch(request) } }`
	tenantCode     = `export default { fetch(request, env) { return new Response("hello from " + env.NAME) } }`
	plainDate      = "2026-10-01"
)

func workerd(b *testing.B) string {
	b.Helper()
	places := runtime.Places{Named: os.Getenv("WFPSYNC_WORKERD")}
	if cache, err := os.UserCacheDir(); err == nil {
		places.Cache = filepath.Join(cache, "wfpsync", "workerd")
	}
	file, err := runtime.Find(places)
	if err != nil {
		b.Skipf("%v: `make runtime` installs it", err)
	}
	return file
}

// platform is an account with a dispatcher and many user Workers.
type platform struct {
	*emulator.Emulator
	api *httptest.Server
	url string
}

func newPlatform(b *testing.B) *platform {
	b.Helper()
	account, err := emulator.Open(emulator.Options{Dir: b.TempDir(), Workerd: workerd(b)})
	check(b, err)
	p := &platform{Emulator: account, api: httptest.NewServer(account)}
	b.Cleanup(func() {
		p.api.Close()
		check(b, account.Close())
	})
	check(b, account.ForTests().Seed(emulator.LocalAccountID, "prod", func(yield func(api.Seed) bool) {
		for i := range known {
			metadata := fmt.Sprintf(`{"compatibility_date":%q,"bindings":[{"type":"plain_text","name":"NAME","text":"t%d"}]}`, plainDate, i)
			if !yield(seed(fmt.Sprintf("t%d", i), metadata, tenantCode)) {
				return
			}
		}
	}))
	check(b, account.ForTests().Seed(emulator.LocalAccountID, "", slices.Values([]api.Seed{
		seed("dispatcher", `{"compatibility_date":"`+plainDate+`","bindings":[{"type":"dispatch_namespace","name":"TENANTS","namespace":"prod"}]}`, dispatcherCode),
	})))
	return p
}

func seed(name, metadata, code string) api.Seed {
	return api.Seed{Name: name, Metadata: []byte(metadata), Modules: []api.Module{{Name: "index.js", Content: []byte(code)}}}
}

// run starts the Workers. What they print is discarded.
func (p *platform) run(b *testing.B) *runtime.Runtime {
	b.Helper()
	return p.runTelling(b, nil)
}

func (p *platform) runTelling(b *testing.B, tell func(runtime.Message)) *runtime.Runtime {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(b, err)
	p.url = "http://" + listener.Addr().String()
	running, err := p.Run(context.Background(), runtime.Options{Account: emulator.LocalAccountID, Listener: listener.(*net.TCPListener), Tell: tell})
	check(b, err)
	return running
}

// upload replaces a user Worker, as a client of the API does.
func (p *platform) upload(b *testing.B, name, code string) {
	b.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	check(b, form.WriteField("metadata", `{"main_module":"index.js","compatibility_date":"`+plainDate+`"}`))
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="index.js"; filename="index.js"`}, "Content-Type": {"application/javascript+module"},
	})
	check(b, err)
	_, err = io.WriteString(part, code)
	check(b, err)
	check(b, form.Close())
	url := p.api.URL + emulator.BasePath + "/accounts/" + emulator.LocalAccountID + "/workers/dispatch/namespaces/prod/scripts/" + name
	request, err := http.NewRequest(http.MethodPut, url, &body)
	check(b, err)
	request.Header.Set("Authorization", "Bearer bench")
	request.Header.Set("Content-Type", form.FormDataContentType())
	expect(b, request, `"success":true`)
}

func ask(b *testing.B, url, host, want string) {
	b.Helper()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	check(b, err)
	request.Host = host
	expect(b, request, want)
}

func expect(b *testing.B, request *http.Request, want string) {
	b.Helper()
	response, err := http.DefaultClient.Do(request)
	check(b, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(b, err)
	if response.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
		b.Fatalf("got %s %s, want %s", response.Status, body, want)
	}
}

func check(b *testing.B, err error) {
	if err != nil {
		b.Helper()
		b.Fatal(err)
	}
}

// times are the durations of single steps.
type times []time.Duration

func (t *times) measure(step func()) {
	started := time.Now()
	step()
	*t = append(*t, time.Since(started))
}

func (t times) report(b *testing.B) {
	slices.Sort(t)
	for name, share := range map[string]float64{"ms-p50": 0.5, "ms-p90": 0.9} {
		b.ReportMetric(float64(t[int(float64(len(t)-1)*share)].Microseconds())/1000, name)
	}
}

// BenchmarkReady measures the time from a stopped account to the first response
// of a user Worker, through the dispatcher.
func BenchmarkReady(b *testing.B) {
	p := newPlatform(b)
	var took times
	for b.Loop() {
		var running *runtime.Runtime
		took.measure(func() {
			running = p.run(b)
			ask(b, p.url, "t77.example.com", "hello from t77")
		})
		running.Close()
	}
	took.report(b)
}

// BenchmarkColdDispatch measures the first request to a user Worker.
func BenchmarkColdDispatch(b *testing.B) {
	p := newPlatform(b)
	defer p.run(b).Close()
	ask(b, p.url, "t0.example.com", "hello from t0")
	var took times
	for b.Loop() {
		name := fmt.Sprintf("t%d", (len(took)+1)%known)
		took.measure(func() { ask(b, p.url, name+".example.com", "hello from "+name) })
	}
	took.report(b)
}

// BenchmarkUpload measures the time from the start of an upload to the end of
// the first response, which must be that of the new version. Every upload has
// code of its own, so each is started before it is accepted.
func BenchmarkUpload(b *testing.B) {
	p := newPlatform(b)
	defer p.run(b).Close()
	var took times
	for b.Loop() {
		word := fmt.Sprintf("edition %d", len(took))
		took.measure(func() {
			p.upload(b, "t1", fmt.Sprintf(`export default { fetch() { return new Response(%q) } }`, word))
			ask(b, p.url, "t1.example.com", word)
		})
	}
	took.report(b)
}
