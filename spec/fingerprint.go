package spec

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// The API never returns the values of secrets, so a new value looks like the
// old one. With a key that only the user has, a mark also holds a fingerprint
// of each value: its HMAC-SHA256, truncated. Trying out likely values takes the
// key: the mark, or a plan that quotes it, is not enough. A plain hash would
// protect an API key, but not a PIN or a word. A fingerprint also covers the
// names of the stack, the Worker and the secret, so that it does not reveal
// which customers share a value.

const (
	// fingerprintLength is how many hex digits of an HMAC a mark holds: 48
	// bits, so that one new value in 280 million million goes unnoticed.
	fingerprintLength = 12

	// keyIDLength is how many hex digits identify a key.
	keyIDLength = 4

	// SecretsKeyLength is the minimum length of a key in characters: a key that
	// can be guessed reveals the values.
	SecretsKeyLength = 32

	// combinedMark begins a fingerprint that stands for all values; without it,
	// it would look like that of a single secret.
	combinedMark = "x"

	// unknownFingerprint stands for the fingerprint of a value that was not
	// read. It is never in a mark.
	unknownFingerprint = "------------"
)

// SecretsKey is the key of fingerprints. It prints as a mask.
type SecretsKey struct{ key Secret }

// NewSecretsKey returns a key, or an error if the text is too short.
func NewSecretsKey(text string) (*SecretsKey, error) {
	if len(text) < SecretsKeyLength {
		return nil, fmt.Errorf("a key for fingerprints of secrets has at least %d characters, and this one has %d: make one with `openssl rand -hex 32`", SecretsKeyLength, len(text))
	}
	return &SecretsKey{NewSecret(text)}, nil
}

// Format writes the mask for every verb.
func (SecretsKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(secretMask)) }

// Fingerprints are those of the values of a script's secrets, in the order of
// the secrets' names, after an id of the key. In a mark they may be combined
// into one, if a tag has no room for more.
type Fingerprints string

var markFingerprints = regexp.MustCompile(fmt.Sprintf(`^[0-9a-f]{%d}(([0-9a-f]{%[2]d})+|%s[0-9a-f]{%[2]d})$`, keyIDLength, fingerprintLength, combinedMark))

// Fingerprints returns the fingerprints of those values of a script's secrets
// that are known; "" for a script without secrets, and without a key.
func (k *SecretsKey) Fingerprints(stack string, r Scripted, value func(Binding) (Secret, bool)) Fingerprints {
	secrets := r.AsScript().Secrets()
	if k == nil || len(secrets) == 0 {
		return ""
	}
	a := r.Address()
	var b strings.Builder
	b.WriteString(k.mac("key")[:keyIDLength])
	for _, secret := range secrets {
		if v, known := value(secret); known {
			b.WriteString(k.mac("secret", stack, string(a.Kind), a.Name, secret.Name, v.Reveal())[:fingerprintLength])
		} else {
			b.WriteString(unknownFingerprint)
		}
	}
	return Fingerprints(b.String())
}

// mac returns the HMAC of texts. Each is preceded by its length, so that
// different lists never give the same bytes.
func (k *SecretsKey) mac(texts ...string) string {
	h := hmac.New(sha256.New, []byte(k.key.Reveal()))
	for _, text := range append([]string{"wfpsync secrets 1"}, texts...) {
		fmt.Fprintf(h, "%d:%s", len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SameKey reports whether both were made with the same key.
func (f Fingerprints) SameKey(g Fingerprints) bool {
	return f != "" && g != "" && f[:keyIDLength] == g[:keyIDLength]
}

// Changed returns the indexes, in the order of names, of the secrets whose
// values have changed since the fingerprints f were made; all of them if f is
// combined and any value has changed. ok is false if f cannot tell: it was made
// with another key, or for other secrets.
func (f Fingerprints) Changed(now Fingerprints) (changed []int, ok bool) {
	if !f.SameKey(now) {
		return nil, false
	}
	was, is := f.split(), now.split()
	switch {
	case len(was) > 0 && len(was) == len(is):
		for i := range is {
			if is[i] != unknownFingerprint && is[i] != was[i] {
				changed = append(changed, i)
			}
		}
		return changed, true
	case len(was) > 0 || now.isPartial():
		return nil, false
	case f == now.combined():
		return nil, true
	}
	for i := range is {
		changed = append(changed, i)
	}
	return changed, true
}

// Over returns the fingerprints after some values were written: those that f
// does not know come from the earlier fingerprints. It is "" if they cannot be
// told.
func (f Fingerprints) Over(earlier Fingerprints) Fingerprints {
	if !f.isPartial() {
		return f
	}
	was, is := earlier.split(), f.split()
	if !f.SameKey(earlier) || len(was) != len(is) {
		return ""
	}
	for i := range is {
		if is[i] == unknownFingerprint {
			is[i] = was[i]
		}
	}
	return f[:keyIDLength] + Fingerprints(strings.Join(is, ""))
}

func (f Fingerprints) isPartial() bool { return strings.Contains(string(f), unknownFingerprint) }

// split returns the single fingerprints; none if they are combined.
func (f Fingerprints) split() []string {
	var each []string
	if f == "" || strings.HasPrefix(string(f[keyIDLength:]), combinedMark) {
		return nil
	}
	for i := keyIDLength; i+fingerprintLength <= len(f); i += fingerprintLength {
		each = append(each, string(f[i:i+fingerprintLength]))
	}
	return each
}

// combined returns one fingerprint for all values. It needs no key, because it
// is made of fingerprints that do.
func (f Fingerprints) combined() Fingerprints {
	if len(f.split()) < 2 {
		return f
	}
	sum := sha256.Sum256([]byte("wfpsync secrets 1\n" + f))
	return f[:keyIDLength] + combinedMark + Fingerprints(hex.EncodeToString(sum[:])[:fingerprintLength])
}

// SecretValues are the current values of secrets, to compare with fingerprints.
type SecretValues struct {
	Key    *SecretsKey
	Values map[SecretSource]Secret // those that could be read
}

// Fingerprints returns those of a script's secrets; "" without a key.
func (v *SecretValues) Fingerprints(stack string, r Scripted) Fingerprints {
	if v == nil {
		return ""
	}
	return v.Key.Fingerprints(stack, r, func(b Binding) (Secret, bool) {
		value, known := v.Values[*b.Secret]
		return value, known
	})
}

// Knows reports whether a secret's value is available.
func (v *SecretValues) Knows(s SecretSource) bool {
	_, known := v.Values[s]
	return known
}
