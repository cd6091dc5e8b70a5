package runtime_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// object is a JSON object.
type object = map[string]any

func TestRunDispatch(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Dispatches(nil)
	r.Script(emulatortest.Script("prod", "acme"), `export default { fetch: (request, env) => Response.json([env.NAME, env.CONFIG, request.url, request.cf ?? null, request.headers.get("cf-connecting-ip"), request.headers.has("x-wfpsync-dispatch")]) }`, object{
		"bindings": []any{
			object{"type": "plain_text", "name": "NAME", "text": "acme"},
			object{"type": "json", "name": "CONFIG", "json": object{"n": []int{1, 2}}},
		},
	}).OK()
	r.Says("acme.example.com", "/a?b", `["acme",{"n":[1,2]},"http://acme.example.com/a?b",null,"127.0.0.1",false]`)
	if status, body := r.Ask("nobody.example.com", "/"); status != 404 || body != "no nobody" {
		t.Errorf("an unknown Worker: %d %s", status, body)
	}
	// A missing Worker can be called as soon as it is uploaded.
	r.Script(emulatortest.Script("prod", "nobody"), `export default { fetch: () => new Response("I am") }`, nil).OK()
	r.Says("nobody.example.com", "/", "I am")
	// An exception of a user Worker arrives in the dispatcher unchanged.
	r.Script(emulatortest.Script("prod", "broken"), `export default { fetch() { console.log("about to", {fail: true}); throw new RangeError("boom") } }`, nil).OK()
	if status, body := r.Ask("broken.example.com", "/"); status != 502 || body != "RangeError: boom" {
		t.Errorf("a Worker that throws: %d %s", status, body)
	}
	if m := r.Hears("boom"); m.Worker != "prod/broken" || !strings.Contains(m.Text, "index.js:1:") {
		t.Errorf("the exception is told as %+v", m)
	}
	if m := r.Hears("about to"); m.Worker != "prod/broken" || m.Text != `about to {"fail":true}` {
		t.Errorf("the log is told as %+v", m)
	}
}

// TestRunRay: the messages of one request can be told from those of others, if
// Workers pass on its headers.
func TestRunRay(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Dispatches(nil)
	r.Script(emulatortest.Script("prod", "acme"), `export default { fetch(request) {
  console.log("said", request.headers.get("x-wfpsync-ray"), request.headers.get("cf-ray"));
  throw new Error("thrown");
} }`, nil).OK()
	begun := time.Now().Add(-time.Second)
	for _, c := range []struct{ sent, want string }{
		{"0123456789abcdef-LOC", "^0123456789abcdef-LOC$"},
		{"something else", "^[0-9a-f]{16}-LOC$"},
	} {
		r.Forget()
		request, err := http.NewRequest(http.MethodGet, r.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "acme.example.com"
		request.Header.Set(runtime.RayHeader, c.sent)
		response, err := emulatortest.Client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		for _, text := range []string{"said", "thrown"} {
			m := r.Hears(text)
			if !regexp.MustCompile(c.want).MatchString(m.Ray) || m.Time.Before(begun) || m.Time.After(time.Now().Add(time.Second)) {
				t.Errorf("%q is told as %+v, want the ray %s", text, m, c.want)
			}
			if text == "said" && m.Text != "said null "+m.Ray {
				t.Errorf("the Worker saw %s", m.Text)
			}
		}
	}
}

// TestRunUnreachable: if a Worker asks for an address that it cannot reach, a
// message explains workerd's internal error.
func TestRunUnreachable(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Script(emulatortest.Worker("w"), `export default { fetch: () => fetch("http://localhost:3000/") }`, nil).OK()
	r.Ask("anything", "/")
	if m := r.Hears("internal error"); !strings.Contains(m.Text, "an address that it cannot reach here") {
		t.Errorf("an address that is not there is told as %q", m.Text)
	}
}

// TestRunHostMetadata: a dispatcher reads the metadata of a custom hostname as
// soon as the API has written it.
func TestRunHostMetadata(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	zone := r.Zone("example.com")
	r.Script(emulatortest.Worker("front"), `export default { fetch: (request) => Response.json(request.cf.hostMetadata ?? null) }`, nil).OK()
	r.JSON("POST", "/zones/"+zone+"/workers/routes", object{"pattern": "*/*", "script": "front"}).OK()
	r.Says("shop.acme.dev", "/", "null")
	var created struct{ ID string }
	r.JSON("POST", "/zones/"+zone+"/custom_hostnames", object{
		"hostname": "shop.acme.dev", "ssl": object{"method": "http", "type": "dv"}, "custom_metadata": object{"user_worker": "acme", "seats": 3},
	}).Into(&created)
	r.Says("shop.acme.dev", "/", `{"seats":3,"user_worker":"acme"}`)
	r.Says("shop.acme.dev.localhost", "/", `{"seats":3,"user_worker":"acme"}`)
	r.Says("constructor", "/", "null")
	r.JSON("DELETE", "/zones/"+zone+"/custom_hostnames/"+created.ID, nil)
	r.Says("shop.acme.dev", "/", "null")
}

// TestRunSourceMap: stack traces refer to the sources, if the upload has a
// source map.
func TestRunSourceMap(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	contentType, body := emulatortest.Form(t, "metadata", object{"main_module": "index.js", "compatibility_date": "2026-10-01"},
		emulatortest.JS("index.js", `export default { fetch() { throw new Error("boom") } }`),
		emulatortest.Part("index.js.map", "index.js.map", "application/source-map", `{"version":3,"sources":["../src/worker.ts"],"mappings":"AAoBI"}`))
	r.Send("PUT", emulatortest.Worker("w"), contentType, body).OK()
	if status, _ := r.Ask("anything", "/"); status != 500 {
		t.Errorf("a Worker that throws answers %d", status)
	}
	if m := r.Hears("boom"); !strings.Contains(m.Text, "(src/worker.ts:21:5)") {
		t.Errorf("the stack is %s", m.Text)
	}
}

// TestRunBroken: a Worker that does not start (and was not started when it was
// uploaded) fails until it is replaced. A Worker that starts and throws is
// loaded once, however often it throws.
func TestRunBroken(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{Loads: 8})
	if err := r.ForTests().Seed(r.ID, "", slices.Values([]api.Seed{
		{Name: "w", Modules: []api.Module{{Name: "index.js", Content: []byte("nowhere(); export default { fetch() {} }")}}},
	})); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if status, body := r.Ask("anything", "/"); status != 500 || !strings.HasSuffix(body, "nowhere is not defined\n  at index.js:1:1\n") {
			t.Errorf("a Worker that does not start: %d %s", status, body)
		}
	}
	r.Script(emulatortest.Worker("w"), `let n = 0; export default { fetch() { throw new Error("throw " + ++n) } }`, nil).OK()
	for i := range 20 {
		if status, body := r.Ask("anything", "/"); status != 500 || !strings.Contains(body, fmt.Sprintf("throw %d", i+1)) {
			t.Fatalf("a Worker that throws: %d %s", status, body)
		}
	}
}

// TestRunStreams opens a WebSocket to a user Worker, through the dispatcher,
// and sends a long body there and back. A configured dispatcher does so through
// the host at first, and later past it.
func TestRunStreams(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Dispatches(nil)
	r.Script(emulatortest.Script("prod", "acme"), `export default { fetch(request) {
  if (!request.headers.has("upgrade")) return new Response(request.body);
  const [ours, theirs] = Object.values(new WebSocketPair());
  theirs.accept();
  theirs.send("hi");
  return new Response(null, { status: 101, webSocket: ours });
} }`, nil).OK()
	opensWebSocket(r, "acme.example.com")
	echoesBody(r, "acme.example.com")
	configured(r)
	for range 3 {
		opensWebSocket(r, "acme.example.com")
		echoesBody(r, "acme.example.com")
	}
}

func opensWebSocket(r *emulatortest.Running, host string) {
	t := r.T
	t.Helper()
	connection, err := net.DialTimeout("tcp", strings.TrimPrefix(r.URL, "http://"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(connection, "GET / HTTP/1.1\r\nHost: "+host+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	reader := bufio.NewReader(connection)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	frame := make([]byte, 4)
	if _, err := io.ReadFull(reader, frame); response.StatusCode != 101 || err != nil || string(frame) != "\x81\x02hi" {
		t.Errorf("got %s and %q: %v", response.Status, frame, err)
	}
}

func echoesBody(r *emulatortest.Running, host string) {
	t := r.T
	t.Helper()
	sent := bytes.Repeat([]byte("0123456789abcdef"), 200_000)
	request, err := http.NewRequest(http.MethodPost, r.URL, bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	response, err := emulatortest.Client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got, err := io.ReadAll(response.Body); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("sent %d bytes, got %d: %v", len(sent), len(got), err)
	}
}
