package account

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

const (
	plantedToken  = "planted-token-5f0c2"
	plantedSecret = "planted-secret-7a91e"
)

// No formatter finds the credentials in a client or an account, however deep it
// looks.
func TestCredentialsAreMasked(t *testing.T) {
	options := Options{Options: cloudflare.Options{Credentials: cloudflare.Credentials{Token: plantedToken}}}
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{options, &options, client, *client, client.Account("a")} {
			if s := fmt.Sprintf(verb, value); strings.Contains(s, plantedToken) || strings.Contains(s, fmt.Sprintf("%x", plantedToken)) {
				t.Errorf("the credentials show in %s", s)
			}
		}
	}
}

// No failure quotes what was sent, even if the server does.
func TestErrorsQuoteNoSecrets(t *testing.T) {
	quoting := "cannot use " + plantedToken + " with " + plantedSecret
	for name, handler := range map[string]http.HandlerFunc{
		"message":     failure(400, 10021, quoting),
		"other error": reply(400, jsonType, `{"code":10021,"error":"`+quoting+`"}`),
		"html":        reply(500, "text/html", quoting, "X-Echo", quoting),
		"redirect":    reply(302, "", quoting, "Location", "https://x.example/"+plantedToken+plantedSecret),
		"shape":       success(`"` + quoting + `"`),
		"no answer":   hangUp,
		"other id":    success(`{"id":"other"}`),
	} {
		a := craft(t, handler, func(o *Options) { o.Credentials, o.RetryMax = cloudflare.Credentials{Token: plantedToken}, 1 }).Account(testAccount)
		write := spec.Write{
			Stack: "platform",
			Resource: userWorker("ns", "u", func(s *spec.Script) {
				s.Bindings = []spec.Binding{{Name: "KEY", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "X"}}}
			}),
			Secrets: map[string]spec.Secret{"KEY": spec.NewSecret(plantedSecret)},
		}
		_, err := a.Put(t.Context(), write)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, shown := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err), fmt.Sprintf("%+v", write)} {
			if strings.Contains(shown, plantedToken) || strings.Contains(shown, plantedSecret) {
				t.Errorf("%s: %s", name, shown)
			}
		}
	}
}

// If an API quotes the metadata of an upload, no secret of it is shown. Neither
// does the debug log of the request and its response show one.
func TestQuotedMetadataShowsNoSecrets(t *testing.T) {
	quoting := func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut {
			failure(404, 10007, "missing")(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		_, rest, _ := bytes.Cut(body, []byte("{"))
		metadata, _, _ := bytes.Cut(rest, []byte("\r\n"))
		message, _ := json.Marshal("invalid metadata: {" + string(metadata))
		reply(400, jsonType, `{"success":false,"errors":[{"code":10021,"message":`+string(message)+`}],"messages":[],"result":null}`)(w, r)
	}
	for name, secret := range map[string]string{
		"a key in PEM form":  "-----BEGIN KEY-----\nCANARY1line\nCANARY2line\n-----END KEY-----\n",
		"quotes":             `CANARY"with"quotes\and\backslashes\`,
		"HTML":               "CANARY<b>&amp;</b>\u2028",
		"JSON":               `{"CANARY":"x\ny"}`,
		"a password in text": "CANARY % / \t + ü",
	} {
		var debug bytes.Buffer
		a := craft(t, quoting, func(o *Options) { o.Debug, o.RetryMax = &debug, 1 }).Account(testAccount)
		_, err := a.Put(t.Context(), spec.Write{
			Stack: "platform",
			Resource: userWorker("ns", "u", func(s *spec.Script) {
				s.Bindings = []spec.Binding{{Name: "KEY", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "X"}}}
			}),
			Secrets: map[string]spec.Secret{"KEY": spec.NewSecret(secret)},
		})
		if err == nil || !strings.Contains(err.Error(), `"name":"KEY"`) {
			t.Errorf("%s: got %v, want an error that quotes the metadata", name, err)
			continue
		}
		for _, shown := range []string{err.Error(), debug.String()} {
			if strings.Contains(shown, "CANARY") {
				t.Errorf("%s: %s", name, shown)
			}
		}
	}
}
