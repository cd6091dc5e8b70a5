package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// firstShown is how many messages a browser gets that has just opened the
	// page.
	firstShown = 300
	// patience is how long a browser may take to read what it is sent. A slower
	// one is disconnected, and reconnects by itself.
	patience = 10 * time.Second
	// pace is the shortest time between two looks for news: ten thousand
	// uploads are not ten thousand events.
	pace = 100 * time.Millisecond
)

// events streams news as server-sent events: `log` is a message, `missed` how
// many messages were dropped before they were sent, `account` that the account
// has changed, and `file` that the stack file was read. `hello` comes first,
// with the name of this run: the page of an earlier run, whose token is no
// longer valid, reloads itself.
// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	woken, leave, ok := p.hub.join()
	if !ok {
		http.Error(w, "Too many pages are open, or wfpsync is about to exit.", http.StatusServiceUnavailable)
		return
	}
	defer leave()
	w.Header().Set("Content-Type", "text/event-stream")
	s := stream{w: w, control: http.NewResponseController(w)}
	at := p.hub.now(firstShown)
	seen, resumed := p.resumed(r)
	if resumed {
		at.message = seen
	}
	s.event("", "hello", p.run)
	alive := time.NewTicker(p.options.KeepAlive)
	defer alive.Stop()
	for s.err == nil {
		var new batch
		new, at = p.hub.since(at)
		if !resumed {
			new.missed, resumed = 0, true // this browser was not connected before
		}
		if new.closed {
			return
		}
		p.write(&s, new, at)
		if len(new.messages) == maxBatch {
			continue // there may be more
		}
		select {
		case <-r.Context().Done():
			return
		case <-alive.C:
			s.comment("alive")
			continue
		case <-woken:
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(pace):
		}
	}
}

// resumed returns the last message that a browser has seen. A browser that
// reconnects sends it as RUN.SEQ.
func (p *Page) resumed(r *http.Request) (uint64, bool) {
	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		id = r.FormValue("after")
	}
	run, seq, _ := strings.Cut(id, ".")
	seen, err := strconv.ParseUint(seq, 10, 64)
	return seen, err == nil && run == p.run
}

func (p *Page) write(s *stream, b batch, at position) {
	if b.missed > 0 {
		s.event("", "missed", b.missed)
	}
	for _, m := range b.messages {
		s.event(fmt.Sprintf("%s.%d", p.run, m.Seq), "log", m)
	}
	if b.account {
		s.event("", "account", at.account)
	}
	if b.file {
		s.event("", "file", at.file)
	}
	s.flush()
}

// A stream writes events until a write fails.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

func (s *stream) event(id, name string, data any) {
	raw, err := json.Marshal(data) // on one line
	if err != nil {
		s.err = err
		return
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	s.print("%sevent: %s\ndata: %s\n\n", id, name, raw)
}

func (s *stream) comment(text string) {
	s.print(": %s\n\n", text)
	s.flush()
}

func (s *stream) print(format string, args ...any) {
	if s.err != nil {
		return
	}
	if s.err = s.control.SetWriteDeadline(time.Now().Add(patience)); s.err == nil {
		_, s.err = fmt.Fprintf(s.w, format, args...)
	}
}

func (s *stream) flush() {
	if s.err == nil {
		s.err = s.control.Flush()
	}
}
