package account

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/wfpsync/wfpsync/internal/account/accounttest"
	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/internal/cloudflare/cloudflaretest"
	"github.com/wfpsync/wfpsync/spec"
)

const testAccount = cloudflaretest.AccountID

// crafted is a client of a server with responses made for the test. Its waits
// take no time, and are recorded.
type crafted struct {
	*Client
	server *httptest.Server
	waits  *waits
}

func craft(t *testing.T, handler http.HandlerFunc, change ...func(*Options)) crafted {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	w := &waits{}
	options := Options{Options: cloudflare.Options{
		BaseURL:     server.URL + "/client/v4",
		Credentials: cloudflare.Credentials{Token: "test-token-value"},
		Sleep:       w.Sleep,
	}}
	for _, c := range change {
		c(&options)
	}
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return crafted{client, server, w}
}

type waits = cloudflaretest.Waits

var (
	answers = cloudflaretest.Answers
	reply   = cloudflaretest.Reply
	success = cloudflaretest.Success
	failure = cloudflaretest.Failure
	hangUp  = cloudflaretest.HangUp
)

const jsonType = "application/json"

var (
	codeOf     = accounttest.Code
	userWorker = accounttest.UserWorker
	worker     = accounttest.Worker
	newTag     = accounttest.Tagged
	seedName   = accounttest.SeedName
	usersOf    = accounttest.UsersOf
	frontDoor  = accounttest.FrontDoor
	shop       = accounttest.Shop
	liveShop   = accounttest.LiveShop
)

func put(t *testing.T, a *Account, r spec.Resource, prior *spec.Revision, secrets ...string) spec.Revision {
	t.Helper()
	w := spec.Write{Stack: "platform", Resource: r, Prior: prior, Secrets: map[string]spec.Secret{}}
	for i := 0; i < len(secrets); i += 2 {
		w.Secrets[secrets[i]] = spec.NewSecret(secrets[i+1])
	}
	revision, err := a.Put(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

// echoUpload responds to an upload as the platform does.
func echoUpload(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		metadata := metadataOf(r.Header.Get("Content-Type"), body)
		response, _ := json.Marshal(map[string]any{"id": name, "etag": "e1", "modified_on": "2026-01-02T03:04:05.6Z", "tags": metadata["tags"]})
		success(string(response))(w, r)
	}
}

// metadataOf reads the metadata part of an upload.
func metadataOf(contentType string, body []byte) spec.Object {
	parts, _ := decodeParts(body, boundaryOf(contentType))
	metadata := spec.Object{}
	for _, p := range parts {
		if p.Name == cloudflare.MetadataPart {
			_ = json.NewDecoder(bytes.NewReader(p.Content)).Decode(&metadata)
		}
	}
	return metadata
}
