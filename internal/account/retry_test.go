package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/internal/cloudflare/cloudflaretest"
	"github.com/wfpsync/wfpsync/spec"
)

func TestTransientFailuresAreRetried(t *testing.T) {
	for name, bad := range map[string]http.HandlerFunc{
		"html 502":              reply(502, "text/html", "<html>bad gateway"),
		"500":                   failure(500, 10013, "internal"),
		"internal error, 200":   failure(200, 10013, "internal"),
		"concurrent change":     failure(409, 10035, "conflict"),
		"throttle with 200":     failure(200, 971, "please wait"),
		"connection closed":     hangUp,
		"answer that ends soon": reply(200, jsonType, `{"succ`, "Content-Length", "100"),
	} {
		t.Run(name, func(t *testing.T) {
			handler, n := answers(bad, bad, success(`{}`))
			c := craft(t, handler)
			if err := get(c.Client); err != nil || *n != 3 {
				t.Errorf("after %d requests: %v", *n, err)
			}
			if len(c.waits.All) != 2 {
				t.Errorf("waited %v, want twice", c.waits.All)
			}
		})
	}
}

// A resource that exists already will not stop existing, even if the server
// calls that an internal failure. It is looked up, and not created again. A
// refusal stays a refusal.
func TestFinalFailuresAreNotRetried(t *testing.T) {
	a := func(c crafted) *Account { return c.Account(testAccount) }
	zone := &spec.Route{Zone: strings.Repeat("a", 32), Pattern: "x.example/*", Worker: "w"}
	for _, tt := range []struct {
		code   int
		status int
		send   func(crafted) error
	}{
		{10020, 409, func(c crafted) error { _, err := a(c).Put(t.Context(), spec.Write{Resource: zone}); return err }},
		{10020, 500, func(c crafted) error {
			_, err := a(c).Put(t.Context(), spec.Write{Resource: zone, Prior: &spec.Revision{ID: "r"}})
			return err
		}},
		{100120, 400, func(c crafted) error {
			_, err := a(c).Put(t.Context(), spec.Write{Resource: &spec.DispatchNamespace{Name: "n"}})
			return err
		}},
		{10014, 400, func(c crafted) error {
			_, err := a(c).Put(t.Context(), spec.Write{Resource: &spec.KVNamespace{Title: "n"}})
			return err
		}},
		{10021, 400, func(c crafted) error { return get(c.Client) }},
		{10000, 403, func(c crafted) error { return get(c.Client) }},
	} {
		handler, n := answers(failure(tt.status, tt.code, "no"))
		err := tt.send(craft(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && tt.code != 10021 && tt.code != 10000 {
				failure(403, 10000, "no look")(w, r)
				return
			}
			handler(w, r)
		}))
		if err == nil || *n != 1 {
			t.Errorf("%d was sent %d times: %v", tt.code, *n, err)
		}
		if conflict := tt.code != 10021 && tt.code != 10000; IsExists(err) != conflict {
			t.Errorf("IsExists(%v) = %v", err, !conflict)
		}
		if cloudflare.IsDenied(err) != (tt.code == 10000) {
			t.Errorf("IsDenied(%v) = %v", err, cloudflare.IsDenied(err))
		}
	}
}

// vacant answers every look by saying that nothing exists.
func vacant(write http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.Header()["Date"] = nil
			failure(404, 10007, "not found")(w, r)
			return
		}
		write(w, r)
	}
}

// A replayed upload is the same upload, sent later.
func TestUploadIsReplayed(t *testing.T) {
	var bodies []string
	var marks []any
	record := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if int64(len(body)) != r.ContentLength {
				t.Errorf("content length %d for %d bytes", r.ContentLength, len(body))
			}
			metadata := metadataOf(r.Header.Get("Content-Type"), body)
			tags, _ := metadata["tags"].([]any)
			marks = append(marks, tags[len(tags)-1])
			own := strings.NewReplacer(fmt.Sprint(tags[len(tags)-1]), "MARK", boundaryOf(r.Header.Get("Content-Type")), "BOUNDARY")
			bodies = append(bodies, own.Replace(string(body)))
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			next(w, r)
		}
	}
	early := http.TimeFormat
	handler, _ := answers(
		record(failure(429, 0, "", "Date", time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).Format(early))),
		record(reply(429, "text/html", "", "Date", time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC).Format(early))),
		record(echoUpload("u")),
	)
	revision := put(t, craft(t, vacant(handler)).Account(testAccount), userWorker("ns", "u"), nil)
	if len(bodies) != 3 || bodies[0] != bodies[1] || bodies[1] != bodies[2] {
		t.Errorf("sent %d different bodies: %q", len(bodies), bodies)
	}
	for i, year := range []string{"2030", "2031"} {
		if !strings.Contains(fmt.Sprint(marks[i+1]), "."+year) {
			t.Errorf("mark %d is %v, want the server's year %s", i+1, marks[i+1], year)
		}
	}
	if revision.Mark == nil || revision.Mark.Tag() != marks[2] {
		t.Errorf("the revision's mark is %v, the last sent %v", revision.Mark, marks[2])
	}
}

// A POST is sent again only when it cannot have arrived.
func TestPostThatNeverArrivedIsRetried(t *testing.T) {
	dials := 0
	server := httptest.NewServer(success(`{"id":"kv1","title":"t"}`))
	defer server.Close()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials++; dials < 3 {
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	client, err := New(Options{Options: cloudflare.Options{BaseURL: server.URL, Transport: transport, Sleep: new(waits).Sleep}})
	if err != nil {
		t.Fatal(err)
	}
	if got := put(t, client.Account(testAccount), &spec.KVNamespace{Title: "t"}, nil); got.ID != "kv1" || dials != 3 {
		t.Errorf("got %+v after %d dials", got, dials)
	}
}

// An upload that had to wait carries the time at which it was sent, not the one
// at which it began to wait. The mark must not look older than the upload.
func TestMarkIsMadeAfterTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, answered := time.Now(), 0
		client, err := New(Options{Options: cloudflare.Options{Transport: cloudflaretest.Answering(func(r *http.Request) *http.Response {
			recorder := httptest.NewRecorder()
			upload := func(w http.ResponseWriter, r *http.Request) {
				if answered++; answered == 1 {
					failure(429, 0, "", "Retry-After", "300")(w, r)
				} else {
					echoUpload("u")(w, r)
				}
			}
			vacant(upload)(recorder, r)
			return recorder.Result()
		})}})
		if err != nil {
			t.Fatal(err)
		}
		revision := put(t, client.Account(testAccount), userWorker("ns", "u"), nil)
		if got := revision.Mark.Uploaded.Sub(start); got < 299*time.Second {
			t.Errorf("the mark is made %v after the start, the upload was sent after 300 s", got)
		}
	})
}
