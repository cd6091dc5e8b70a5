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
	// firstShown is how many messages somebody is told who has just opened the page.
	firstShown = 300
	// patience is how long a browser may take to read what it is sent, before it is taken for gone. It comes back by itself.
	patience = 10 * time.Second
	// pace is the least time between two looks at what is new: ten thousand uploads are not ten thousand events.
	pace = 100 * time.Millisecond
)

// events streams what is new, as server-sent events: `log` is a message, `missed` how many were not kept long enough,
// `account` that the account was written to, `file` that the stack file was looked at. `hello` comes first, with the name
// of this run: a page of an earlier one, whose token is worth nothing any more, loads itself again.
// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	woken, leave, ok := p.hub.join()
	if !ok {
		http.Error(w, "Too many pages are open, or wfpsync is about to end.", http.StatusServiceUnavailable)
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
			new.missed, resumed = 0, true // it has not been there
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

// resumed is the last message that a browser has seen, which it says when it comes back: RUN.SEQ.
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

// A stream writes events until it cannot.
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
