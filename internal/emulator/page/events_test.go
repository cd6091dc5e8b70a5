package page_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/page"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// events reads a stream.
type events struct {
	t     testing.TB
	lines *bufio.Scanner
	id    string // of the last one that had one
}

func (p *servedPage) stream(header ...string) *events {
	p.t.Helper()
	response := p.ask(http.MethodGet, "/api/events", "", header...)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		p.t.Fatalf("the stream: %d %v", response.StatusCode, response.Header)
	}
	return &events{t: p.t, lines: bufio.NewScanner(response.Body)}
}

// next returns the name and the data of the next event.
func (e *events) next() (name, data string) {
	e.t.Helper()
	stuck := time.AfterFunc(time.Minute, func() { panic("no event came") })
	defer stuck.Stop()
	for e.lines.Scan() {
		field, value, _ := strings.Cut(e.lines.Text(), ": ")
		switch field {
		case "id":
			e.id = value
		case "event":
			name = value
		case "data":
			data = value
		case "":
			if name != "" {
				return name, data
			}
		}
	}
	e.t.Fatalf("the stream ended: %v", e.lines.Err())
	return "", ""
}

// is expects an event and, if it is a message, its text.
func (e *events) is(name, text string) {
	e.t.Helper()
	got, data := e.next()
	var m struct{ Text string }
	if got == "log" {
		if err := json.Unmarshal([]byte(data), &m); err != nil {
			e.t.Fatal(err)
		}
	}
	if got != name || m.Text != text {
		e.t.Fatalf("got %s %s, want %s %q", got, data, name, text)
	}
}

// TestPageEvents: every listener gets the news, and after a break once what it
// missed.
func TestPageEvents(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	p := servePage(a, "127.0.0.1:1", nil)
	hostile := "</script>\n\ndata: forged\nevent: hello\u202e\u2028"
	p.Hear(runtime.Message{Worker: "w", Level: "log", Text: "before"})
	e := p.stream()
	e.is("hello", "")
	e.is("log", "before")
	p.Hear(runtime.Message{Worker: "w", Level: "error", Text: hostile})
	e.is("log", hostile)
	seen := e.id
	a.Upload(emulatortest.Worker("router"), nil).OK()
	e.is("account", "")
	p.Report(page.Report{})
	e.is("file", "")
	p.Hear(runtime.Message{Worker: "w", Level: "log", Text: "later"})
	e.is("log", "later")

	again := p.stream("Last-Event-ID", seen)
	again.is("hello", "")
	again.is("log", "later")
	// A browser of an earlier run, or with an invalid id, starts like a new
	// one.
	for _, id := range []string{"OTHER.7", "nonsense", strings.Repeat("9", 50)} {
		other := p.stream("Last-Event-ID", id)
		other.is("hello", "")
		other.is("log", "before")
	}
	// Changes of another account are not sent.
	if err := a.EnsureZone("ffffffffffffffffffffffffffffffff", "example.org"); err != nil {
		t.Fatal(err)
	}
	p.Hear(runtime.Message{Text: "the end"})
	e.is("log", "the end")
	p.Close()
	for range 2 {
		if e.lines.Scan() && e.lines.Text() != "" {
			t.Errorf("after the end comes %q", e.lines.Text())
		}
	}
	if response := p.ask(http.MethodGet, "/api/events", ""); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after the end: %d", response.StatusCode)
	}
}

// TestPageSlowBrowser: a browser that does not read holds nothing up.
func TestPageSlowBrowser(t *testing.T) {
	p := servePage(emulatortest.Open(t, emulator.Options{}), "127.0.0.1:1", nil)
	p.stream().is("hello", "") // and nothing more is read
	fast := p.stream()
	fast.is("hello", "")
	text := strings.Repeat("x", 4<<10)
	for i := range 20_000 {
		p.Hear(runtime.Message{Worker: fmt.Sprint(i % 100), Text: text})
	}
	p.Hear(runtime.Message{Worker: "last", Text: "the last"})
	for {
		name, data := fast.next()
		if name == "log" && strings.Contains(data, "the last") {
			return
		}
	}
}
