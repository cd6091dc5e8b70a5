package account

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/internal/cloudflare/cloudflaretest"
)

// A goroutine that waits for another one's list may stop waiting, however long
// the list takes.
func TestSharedListsCanBeLeft(t *testing.T) {
	for name, read := range map[string]func(*reading, context.Context) error{
		"queues":        func(r *reading, ctx context.Context) error { return second(r.queues(ctx)) },
		"KV namespaces": func(r *reading, ctx context.Context) error { return second(r.kvNamespaces(ctx)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				response := make(chan struct{})
				asked := 0
				client, err := New(Options{Options: cloudflare.Options{Transport: cloudflaretest.NoBody(cloudflaretest.RoundTrip(func(r *http.Request) (*http.Response, error) {
					asked++
					<-response
					recorder := httptest.NewRecorder()
					success(`[]`)(recorder, r)
					return recorder.Result(), nil
				}))}})
				if err != nil {
					t.Fatal(err)
				}
				r := &reading{account: client.Account(testAccount)}
				first := make(chan error)
				go func() { first <- read(r, t.Context()) }()
				synctest.Wait()
				ctx, cancel := context.WithCancel(t.Context())
				waiting := make(chan error)
				go func() { waiting <- read(r, ctx) }()
				synctest.Wait()
				cancel()
				if err := <-waiting; !errors.Is(err, context.Canceled) {
					t.Errorf("who waits gets %v", err)
				}
				close(response)
				if err := <-first; err != nil || asked != 1 {
					t.Errorf("who reads gets %v after %d requests", err, asked)
				}
				if err := read(r, t.Context()); err != nil || asked != 1 {
					t.Errorf("who comes later gets %v after %d requests", err, asked)
				}
			})
		})
	}
}
