package page

import (
	"cmp"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// These limit the messages that are kept. A Worker with many messages displaces
// its own, and not those of others.
const (
	maxKept         = 4000
	maxPerWorker    = 200
	maxKeptBytes    = 8 << 20
	maxMessageBytes = 16 << 10
)

// A message is a message as browsers receive it.
type message struct {
	Seq    uint64    `json:"seq"` // counts from 1
	Worker string    `json:"worker"`
	Level  string    `json:"level"`
	Text   string    `json:"text"`
	Cut    int       `json:"cut,omitempty"` // bytes left out at the end
	Time   time.Time `json:"time"`
	Ray    string    `json:"ray,omitempty"`
}

// A hub has the news for browsers. Each browser reads at its own pace from its
// own position, so that they share one bounded memory, and a slow one holds
// nothing up: it misses the messages that were dropped before it read them.
type hub struct {
	mu       sync.Mutex
	messages []*message // by Seq
	bytes    int
	last     uint64
	ofWorker map[string][]uint64 // the Seqs of its messages that are kept
	account  uint64              // counts changes of the account
	file     uint64              // counts reports
	readers  map[chan struct{}]bool
	closed   bool
}

func newHub() *hub {
	return &hub{ofWorker: map[string][]uint64{}, readers: map[chan struct{}]bool{}}
}

// hear keeps a message.
func (h *hub) hear(m runtime.Message) {
	text, left := cut(m.Text, maxMessageBytes)
	if m.Time.IsZero() {
		m.Time = time.Now()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	kept := &message{Seq: h.last, Worker: m.Worker, Level: m.Level, Text: text, Cut: left, Time: m.Time.UTC(), Ray: m.Ray}
	h.messages = append(h.messages, kept)
	h.bytes += len(text)
	h.ofWorker[m.Worker] = append(h.ofWorker[m.Worker], kept.Seq)
	if own := h.ofWorker[m.Worker]; len(own) > maxPerWorker {
		h.drop(own[0])
	}
	for len(h.messages) > maxKept || h.bytes > maxKeptBytes {
		h.drop(h.messages[0].Seq)
	}
	h.wake()
}

// cut returns the beginning of text, and how many bytes are left out.
func cut(text string, most int) (string, int) {
	if len(text) <= most {
		return text, 0
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end], len(text) - end
}

// drop drops the oldest message of a Worker.
func (h *hub) drop(seq uint64) {
	i := h.index(seq)
	m := h.messages[i]
	h.messages = slices.Delete(h.messages, i, i+1)
	h.bytes -= len(m.Text)
	if own := h.ofWorker[m.Worker]; len(own) > 1 {
		h.ofWorker[m.Worker] = own[1:]
	} else {
		delete(h.ofWorker, m.Worker)
	}
}

// index returns the position of a message, or of the one after it.
func (h *hub) index(seq uint64) int {
	i, _ := slices.BinarySearchFunc(h.messages, seq, func(m *message, seq uint64) int { return cmp.Compare(m.Seq, seq) })
	return i
}

func (h *hub) accountChanged() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.account++
	h.wake()
}

func (h *hub) fileChanged() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.file++
	h.wake()
}

// wake tells the readers that there is news. A reader that has not looked yet
// will see it anyway.
func (h *hub) wake() {
	for r := range h.readers {
		select {
		case r <- struct{}{}:
		default:
		}
	}
}

// said returns the last messages of a Worker.
func (h *hub) said(worker string) []*message {
	h.mu.Lock()
	defer h.mu.Unlock()
	said := []*message{}
	for _, seq := range h.ofWorker[worker] {
		said = append(said, h.messages[h.index(seq)])
	}
	return said
}

// errors counts the kept errors, by Worker.
func (h *hub) errors() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	counts := map[string]int{}
	for _, m := range h.messages {
		if m.Level == "error" && m.Worker != "" {
			counts[m.Worker]++
		}
	}
	return counts
}

// A position is how far a reader has read.
type position struct{ message, account, file uint64 }

// maxReaders limits the streams: a browser opens one for each tab.
const maxReaders = 64

// join registers a reader; ok is false if there are too many.
func (h *hub) join() (woken chan struct{}, leave func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.readers) >= maxReaders {
		return nil, nil, false
	}
	woken = make(chan struct{}, 1)
	h.readers[woken] = true
	return woken, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.readers, woken)
	}, true
}

// A batch is the news for a reader.
type batch struct {
	messages []*message
	missed   uint64 // messages that were dropped
	account  bool
	file     bool
	closed   bool
}

// maxBatch limits a batch, so that a reader soon gets to newer messages.
const maxBatch = 200

// since returns the news since a position, and the next position.
func (h *hub) since(at position) (batch, position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := batch{account: h.account != at.account, file: h.file != at.file, closed: h.closed}
	start := h.index(at.message + 1)
	end := min(start+maxBatch, len(h.messages))
	b.messages = slices.Clone(h.messages[start:end])
	next := position{message: h.last, account: h.account, file: h.file}
	if end < len(h.messages) {
		next.message = h.messages[end-1].Seq
	}
	b.missed = next.message - min(at.message, next.message) - uint64(len(b.messages))
	return b, next
}

// now returns the position of a reader that wants at most the last messages.
func (h *hub) now(last int) position {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := position{message: h.last, account: h.account, file: h.file}
	if i := len(h.messages) - last; len(h.messages) > 0 {
		at.message = h.messages[max(i, 0)].Seq - 1
	}
	return at
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.wake()
}
