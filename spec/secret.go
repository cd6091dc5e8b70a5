package spec

import "fmt"

// SecretSource says where a secret's value comes from. The value itself is read
// only when it is about to be written to the account.
type SecretSource struct {
	// Env is the environment variable that holds the value.
	Env string `json:"env,omitempty"`

	// File is the file that holds the value, slash-separated and relative to
	// the project root.
	File string `json:"file,omitempty"`
}

// String returns the source, never the value.
func (s SecretSource) String() string {
	if s.File != "" {
		return "file " + s.File
	}
	return "env " + s.Env
}

// Secret is a secret's value. It prints and encodes as a mask everywhere; only
// [Secret.Reveal] returns the value.
type Secret struct{ value string }

const secretMask = "(secret)"

// NewSecret returns the secret of a value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the plain value. Only code that builds the request that
// carries it, to the account or in a probe's header, may call it.
func (s Secret) Reveal() string { return s.value }

// Format writes the mask for every verb, %#v included.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(secretMask)) }

// String returns the mask.
func (Secret) String() string { return secretMask }

// MarshalText returns the mask, for encoding/json and the like.
func (Secret) MarshalText() ([]byte, error) { return []byte(secretMask), nil }
