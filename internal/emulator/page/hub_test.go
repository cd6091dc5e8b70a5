package page

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

func texts(messages []*message) string {
	var list []string
	for _, m := range messages {
		list = append(list, m.Text)
	}
	return strings.Join(list, " ")
}

// TestChattyWorker: a Worker with many messages displaces none of the others.
func TestChattyWorker(t *testing.T) {
	h := newHub()
	h.hear(runtime.Message{Worker: "quiet", Level: "error", Text: "the only one"})
	for i := range 3 * maxPerWorker {
		h.hear(runtime.Message{Worker: "loud", Text: fmt.Sprint(i)})
	}
	if got := texts(h.said("quiet")); got != "the only one" {
		t.Errorf("of the quiet one is left %q", got)
	}
	loud := h.said("loud")
	if len(loud) != maxPerWorker || loud[0].Text != fmt.Sprint(2*maxPerWorker) || loud[len(loud)-1].Text != fmt.Sprint(3*maxPerWorker-1) {
		t.Errorf("of the loud one are left %d, from %s on", len(loud), loud[0].Text)
	}
	if got := h.errors(); len(got) != 1 || got["quiet"] != 1 {
		t.Errorf("the errors are %v", got)
	}
	if len(h.said("silent")) != 0 {
		t.Error("a silent Worker has messages")
	}
}

// TestHubIsBounded: any number of messages from any number of Workers needs
// limited memory, even if they are never read.
func TestHubIsBounded(t *testing.T) {
	h := newHub()
	_, leave, ok := h.join() // it never reads
	if !ok {
		t.Fatal("the reader was refused")
	}
	defer leave()
	huge := strings.Repeat("é", maxMessageBytes)
	for i := range 3 * maxKept {
		m := runtime.Message{Worker: fmt.Sprint(i), Text: "x"}
		if i%4 == 0 {
			m.Text = huge
		}
		h.hear(m)
	}
	size := 0
	for _, m := range h.messages {
		size += len(m.Text)
		if !utf8.ValidString(m.Text) || m.Cut > 0 && len(m.Text)+m.Cut != len(huge) {
			t.Fatalf("a message is cut to %d bytes and %d more", len(m.Text), m.Cut)
		}
	}
	if size != h.bytes || size > maxKeptBytes || len(h.messages) > maxKept || len(h.ofWorker) != len(h.messages) {
		t.Errorf("%d messages of %d Workers are kept, of %d bytes, counted as %d", len(h.messages), len(h.ofWorker), size, h.bytes)
	}
}

// TestSlowReader: a slow reader learns how many messages it missed, and gets
// the others once, in order.
func TestSlowReader(t *testing.T) {
	h := newHub()
	_, at := h.since(h.now(10))
	for i := range maxPerWorker + 50 {
		h.hear(runtime.Message{Worker: "w", Text: fmt.Sprint(i)})
	}
	var got []*message
	var missed uint64
	for {
		b, next := h.since(at)
		if at = next; len(b.messages) == 0 && b.missed == 0 {
			break
		}
		got, missed = append(got, b.messages...), missed+b.missed
	}
	if missed != 50 || len(got) != maxPerWorker || got[0].Text != "50" {
		t.Errorf("missed %d, got %d from %s on", missed, len(got), got[0].Text)
	}
	h.hear(runtime.Message{Worker: "w", Text: "new"})
	if b, _ := h.since(at); texts(b.messages) != "new" || b.missed != 0 || b.account || b.file {
		t.Errorf("then it got %+v", b)
	}
	h.accountChanged()
	if b, _ := h.since(at); !b.account || b.file {
		t.Errorf("after a write it got %+v", b)
	}
	// A reader that claims to have read future messages gets none, and nothing
	// breaks.
	if b, next := h.since(position{message: 1 << 60}); len(b.messages) != 0 || b.missed != 0 || next.message != h.last {
		t.Errorf("a reader from nowhere got %+v", b)
	}
}

func TestTooManyReaders(t *testing.T) {
	h := newHub()
	for range maxReaders {
		if _, _, ok := h.join(); !ok {
			t.Fatal("the reader was refused")
		}
	}
	if _, _, ok := h.join(); ok {
		t.Error("the number of readers is not limited")
	}
}

func TestSplitPattern(t *testing.T) {
	for pattern, want := range map[string]string{
		"*.example.com/*":             "*.example.com /",
		"https://a.example.com/api/*": "a.example.com /api/",
		"example.com/exactly":         "example.com /exactly",
		"example.com":                 "example.com /",
		"example.com*":                "example.com /",
		"*example.com/*":              "*example.com /",
		"*/*":                         "*.zone.example /",
		"*":                           "*.zone.example /",
	} {
		host, path := splitPattern(pattern, "zone.example")
		if got := host + " " + path; got != want {
			t.Errorf("%s: got %q, want %q", pattern, got, want)
		}
	}
}
