package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// envelope is around every JSON response.
type envelope struct {
	Success    bool      `json:"success"`
	Errors     []problem `json:"errors"`
	Messages   []problem `json:"messages"`
	Result     any       `json:"result"`
	ResultInfo any       `json:"result_info,omitempty"`
}

// A problem is one entry of an envelope's errors.
type problem struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// A reply is a successful response: a result for the envelope, or raw bytes (a
// script's or a key's content).
type reply struct {
	status int // 0 means 200
	result any
	info   any // result_info, if the response is a page of a list
	raw    *rawReply
}

type rawReply struct {
	header http.Header
	body   []byte
}

// ok returns the usual reply.
func ok(result any) (reply, error) { return reply{result: result}, nil }

// done returns a reply without a result, such as to a deletion. Its result is
// null.
func done() (reply, error) { return reply{}, nil }

// bare returns a reply of strings without an envelope.
func bare(result map[string]string) reply {
	return reply{raw: &rawReply{header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body: mustMarshal(result)}}
}

func (a reply) write(w http.ResponseWriter) {
	status := a.status
	if status == 0 {
		status = http.StatusOK
	}
	if a.raw != nil {
		for name, values := range a.raw.header {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(a.raw.body)))
		w.WriteHeader(status)
		_, _ = w.Write(a.raw.body) // on an error, the client has gone
		return
	}
	writeEnvelope(w, status, envelope{Success: true, Result: a.result, ResultInfo: a.info})
}

func writeFailure(w http.ResponseWriter, err error) {
	var f *failure
	switch {
	case errors.Is(err, store.ErrDamaged):
		f = fail(statusHopeless, workersInternal, "%v", err)
	case !errors.As(err, &f):
		f = errInternal.because(err)
	}
	writeEnvelope(w, f.status, envelope{Errors: f.problems})
}

func writeEnvelope(w http.ResponseWriter, status int, e envelope) {
	// null is not an empty list: clients iterate over both without a check.
	if e.Errors == nil {
		e.Errors = []problem{}
	}
	if e.Messages == nil {
		e.Messages = []problem{}
	}
	raw, err := json.Marshal(e)
	if err != nil {
		status = http.StatusInternalServerError
		raw, _ = json.Marshal(envelope{Errors: errInternal.because(err).problems, Messages: []problem{}})
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	_, _ = w.Write(raw) // on an error, the client has gone
}

// A timestamp is written as the API does: in UTC, always with six digits of a
// second.
type timestamp time.Time

// MarshalJSON implements json.Marshaler.
func (t timestamp) MarshalJSON() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000000Z"`), nil
}
