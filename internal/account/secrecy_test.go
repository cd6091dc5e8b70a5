package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

const (
	plantedToken  = "planted-token-5f0c2"
	plantedSecret = "planted-secret-7a91e"
)

// No formatter finds the credentials, however deep it looks.
func TestCredentialsAreMasked(t *testing.T) {
	for _, credentials := range []Credentials{{Token: plantedToken}, {Key: plantedToken, Email: "a@b.example"}} {
		options := Options{Credentials: credentials}
		client, err := New(options)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(credentials)
		if err != nil {
			t.Fatal(err)
		}
		shown := []string{string(encoded), credentials.String(), fmt.Sprint(errors.New(fmt.Sprint(credentials)))}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			for _, value := range []any{credentials, &credentials, options, &options, client, *client, client.Account("a"), client.http, client.http.Transport, *client.http.Transport.(*transport)} {
				shown = append(shown, fmt.Sprintf(verb, value))
			}
		}
		for _, s := range shown {
			if strings.Contains(s, plantedToken) || strings.Contains(s, fmt.Sprintf("%x", plantedToken)) {
				t.Errorf("the credentials show in %s", s)
			}
		}
	}
}

func TestCredentialsThatCannotBeRight(t *testing.T) {
	for want, options := range map[string]Options{
		"both given":      {Credentials: Credentials{Token: plantedToken, Key: plantedToken}},
		"email address":   {Credentials: Credentials{Key: plantedToken}},
		"line break":      {Credentials: Credentials{Token: plantedToken + "\n"}},
		"not an http(s)":  {BaseURL: "ftp://x"},
		"more than":       {BaseURL: "https://user:" + plantedToken + "@api.example/"},
		"malformed":       {BaseURL: "http://[" + plantedToken},
		"http(s) URL":     {BaseURL: "api.cloudflare.com"},
		"a host and path": {},
	} {
		_, err := New(options)
		if want == "a host and path" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), plantedToken) {
			t.Errorf("got %v, want …%s…", err, want)
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
		a := craft(t, handler, func(o *Options) { o.Credentials, o.RetryMax = Credentials{Token: plantedToken}, 1 }).Account(testAccount)
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
