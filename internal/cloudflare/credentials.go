package cloudflare

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Credentials are an API token, or the legacy pair of an API key and the email
// address it belongs to. They print and encode as a mask.
type Credentials struct {
	Token string
	Key   string
	Email string
}

const credentialsMask = "(credentials)"

// Format writes the mask for every verb, %#v included.
func (Credentials) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(credentialsMask)) }

// String returns the mask.
func (Credentials) String() string { return credentialsMask }

// MarshalText returns the mask, for encoding/json and others.
func (Credentials) MarshalText() ([]byte, error) { return []byte(credentialsMask), nil }

// authorizer returns a function that sets the headers with the credentials. It
// is a function, not a value, so that no formatter that walks a [Client] can
// find them.
func (c Credentials) authorizer() (func(http.Header), error) {
	switch {
	case c.Token != "" && c.Key != "":
		return nil, errors.New("an API token and an API key are both given; use one of them")
	case c.Key != "" && c.Email == "":
		return nil, errors.New("an API key needs the email address it belongs to")
	case strings.ContainsAny(c.Token+c.Key+c.Email, "\r\n"):
		return nil, errors.New("the credentials contain a line break")
	}
	return func(h http.Header) {
		switch {
		case c.Token != "":
			h.Set("Authorization", "Bearer "+c.Token)
		case c.Key != "":
			h.Set("X-Auth-Email", c.Email)
			h.Set("X-Auth-Key", c.Key)
		}
	}, nil
}

// redactor returns a function that masks the credentials in a server's message.
func (c Credentials) redactor() func(string) string {
	return MaskValues(c.Token, c.Key)
}
