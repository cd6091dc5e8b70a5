package cloudflare

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

const plantedToken = "planted-token-5f0c2"

// No formatter finds the credentials, however deep it looks.
func TestCredentialsAreMasked(t *testing.T) {
	for _, credentials := range []Credentials{{Token: plantedToken}, {Key: plantedToken, Email: "a@b.example"}} {
		options := Options{Credentials: credentials}
		client, err := New(options, testProducts)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(credentials)
		if err != nil {
			t.Fatal(err)
		}
		shown := []string{string(encoded), credentials.String(), fmt.Sprint(errors.New(fmt.Sprint(credentials)))}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			for _, value := range []any{credentials, &credentials, options, &options, client, *client, client.http, client.http.Transport, *client.http.Transport.(*transport)} {
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
		"http(s) URL":     {BaseURL: "api.com"},
		"a host and path": {},
	} {
		_, err := New(options, testProducts)
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
