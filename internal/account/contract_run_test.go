package account

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/spec"
)

// contract is a run through all methods, with a record of every exchange.
type contract struct {
	client    *Client
	account   *Account
	snapshot  *spec.Snapshot
	revisions []spec.Revision // of contractResources, as last written
	pairs     []spec.Revision // of contractKeys
	captured  map[int]*spec.Live
	ids       map[spec.Address]string

	tenantData string // the id of a KV namespace

	mu        sync.Mutex
	exchanges []exchanged
}

// exchanged is a request and its response.
type exchanged struct {
	method, path           string // the path is escaped, and below the API's base
	query                  url.Values
	status                 int
	sentType, answeredType string // "" without a body
	sent, answered         []byte
}

func newContract(t *testing.T) *contract {
	l := openLocal(t)
	l.ensureZone(t, "example.com")
	c := &contract{ids: map[spec.Address]string{}, revisions: make([]spec.Revision, len(contractResources))}
	client, err := New(Options{Options: cloudflare.Options{BaseURL: l.api.BaseURL(), Credentials: cloudflare.Credentials{Token: "local"}, Transport: c, Sleep: new(waits).Sleep}})
	if err != nil {
		t.Fatal(err)
	}
	c.client = client
	return c
}

// RoundTrip implements [http.RoundTripper].
func (c *contract) RoundTrip(r *http.Request) (*http.Response, error) {
	x := exchanged{method: r.Method, path: strings.TrimPrefix(r.URL.EscapedPath(), emulator.BasePath), query: r.URL.Query()}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		x.sent, x.sentType = body, r.Header.Get("Content-Type")
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if x.answered, err = io.ReadAll(response.Body); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(x.answered))
	x.status, x.answeredType = response.StatusCode, response.Header.Get("Content-Type")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.exchanges = append(c.exchanges, x)
	return response, nil
}

func (c *contract) require(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }

// putAll creates everything, and looks at it as after a lost response. What can
// be renamed is created twice, and renamed at once, because later writes refer
// to the new name. Scripts are also marked.
func (c *contract) putAll(t *testing.T) {
	for i, r := range contractResources {
		c.revisions[i] = c.write(t, c.account.Put, r.first, nil)
		address := r.first.Address()
		if _, err := c.account.Look(t.Context(), "platform", address, &c.revisions[i]); err != nil {
			t.Error(err)
		}
		switch resource := r.first.(type) {
		case *spec.DispatchNamespace, *spec.KVNamespace:
			c.write(t, c.account.Put, resource, nil) // there is one already
			prior := c.revisions[i]
			prior.FormerName = address.Name
			c.revisions[i] = c.write(t, c.account.Put, r.second, &prior)
		case spec.Scripted:
			c.writeSecrets(t, i, resource)
			w := spec.Write{Stack: "platform", Resource: resource, Prior: &c.revisions[i], MarkOnly: true}
			revision, err := c.account.Put(t.Context(), w)
			c.require(t, err)
			c.revisions[i] = revision
		}
	}
}

// changeAll looks at everything, and writes the second version of it.
func (c *contract) changeAll(t *testing.T) {
	for i, r := range contractResources {
		if live := c.snapshot.Resources[r.second.Address()]; live == nil {
			t.Errorf("%s was not read", r.second.Address())
		} else {
			c.require(t, second(c.account.Look(t.Context(), "platform", r.second.Address(), &live.Revision)))
			c.revisions[i] = c.write(t, c.account.Put, r.second, &live.Revision)
		}
	}
}

// write writes a resource with the ids of the resources that it refers to.
func (c *contract) write(t *testing.T, put func(context.Context, spec.Write) (spec.Revision, error), r spec.Resource, prior *spec.Revision) spec.Revision {
	t.Helper()
	if scripted, ok := r.(spec.Scripted); ok {
		script, _ := scripted.AsScript().Resolved(func(a spec.Address) (string, bool) { id, known := c.ids[a]; return id, known })
		r = scripted.WithScript(script)
	}
	revision, err := put(t.Context(), spec.Write{Stack: "platform", Resource: r, Prior: prior, Secrets: contractSecrets})
	if err != nil {
		t.Errorf("%s: %v", r.Address(), err)
	}
	c.ids[r.Address()] = revision.ID
	return revision
}

func (c *contract) readAll(t *testing.T) {
	snap, err := c.account.Read(t.Context(), "platform", contractCollections())
	c.require(t, err)
	c.snapshot = snap
}

// contractCollections returns the collections of contractResources.
func contractCollections() []spec.Collection {
	var collections []spec.Collection
	for _, r := range contractResources {
		collections = append(collections, r.second.Address().Collection())
	}
	return collections
}

// scripts returns the Workers and user Workers that were read.
func (c *contract) scripts() []spec.Address {
	return slices.DeleteFunc(c.snapshot.Addresses(), func(a spec.Address) bool {
		_, scripted := c.snapshot.Resources[a].Resource.(spec.Scripted)
		return !scripted
	})
}

// deleteAll deletes everything as it is now, because removing a Worker's
// subdomain has changed the Worker.
func (c *contract) deleteAll(t *testing.T) {
	for range 2 { // what is gone is deleted, too
		for i, r := range slices.Backward(contractResources) {
			address := r.second.Address()
			now, err := c.account.Look(t.Context(), "platform", address, &c.revisions[i])
			c.require(t, err)
			if now != nil {
				c.revisions[i] = *now
			}
			if err := c.account.Delete(t.Context(), address, c.revisions[i]); err != nil {
				t.Errorf("%s: %v", address, err)
			}
		}
	}
}
