package spec

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// The values of secrets cannot be read back, so that a new value looks like the
// old one. With a key that only the person has, a mark also holds a fingerprint
// of each value: its HMAC-SHA256, cut short. Whoever reads the mark, or a plan
// that quotes it, cannot try out likely values without the key, which is why a
// hash without one would not do: an API key has too little to guess, but a PIN
// or a word has not. A fingerprint is also made of the stack's, the Worker's and
// the secret's name, so that it does not show which customers share a value.

const (
	// fingerprintLength is how many hex digits of an HMAC a mark holds: 48 bits,
	// so that a new value passes for the old one once in 280 million million times.
	fingerprintLength = 12

	// keyIDLength is how many hex digits tell one key from another.
	keyIDLength = 4

	// SecretsKeyLength is how many characters a key has at least: one that can be
	// guessed gives the values away.
	SecretsKeyLength = 32

	// markForAll begins the one fingerprint that stands for all: that of a single
	// secret looks like it otherwise.
	markForAll = "x"

	// unknownFingerprint stands for that of a value that nobody has looked at. It
	// is never in a mark.
	unknownFingerprint = "------------"
)

// SecretsKey is what fingerprints are made with. It prints as a mask.
type SecretsKey struct{ key Secret }

// NewSecretsKey takes a key, if it is long enough.
func NewSecretsKey(text string) (*SecretsKey, error) {
	if len(text) < SecretsKeyLength {
		return nil, fmt.Errorf("a key for fingerprints of secrets has at least %d characters, and this one has %d: make one with `openssl rand -hex 32`", SecretsKeyLength, len(text))
	}
	return &SecretsKey{NewSecret(text)}, nil
}

// Format writes the mask for every verb.
func (SecretsKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(secretMask)) }

// Fingerprints are of the values of a script's secrets, in the order of the
// secrets' names, and say which key they were made with. Those in a mark may be
// one for all of them, where a tag has no room for more.
type Fingerprints string

var markFingerprints = regexp.MustCompile(fmt.Sprintf(`^[0-9a-f]{%d}(([0-9a-f]{%[2]d})+|%s[0-9a-f]{%[2]d})$`, keyIDLength, fingerprintLength, markForAll))

// Fingerprints are those of a script's secrets, as far as their values are known;
// "" for a script without secrets, and without a key.
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

// mac is the HMAC of texts, each preceded by its length so that no two lists of
// them run together into the same bytes.
func (k *SecretsKey) mac(texts ...string) string {
	h := hmac.New(sha256.New, []byte(k.key.Reveal()))
	for _, text := range append([]string{"wfpsync secrets 1"}, texts...) {
		fmt.Fprintf(h, "%d:%s", len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SameKey reports whether both were made with one key.
func (f Fingerprints) SameKey(g Fingerprints) bool {
	return f != "" && g != "" && f[:keyIDLength] == g[:keyIDLength]
}

// Changed are the indexes of the secrets whose values are others now than when
// the fingerprints f were left, by the order of their names. Where f is one
// fingerprint for all, so is the answer. It is not ok where f says nothing of
// the values: it was made with another key, or of other secrets.
func (f Fingerprints) Changed(now Fingerprints) (changed []int, ok bool) {
	if !f.SameKey(now) {
		return nil, false
	}
	was, is := f.each(), now.each()
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
	case f == now.forAll():
		return nil, true
	}
	for i := range is {
		changed = append(changed, i)
	}
	return changed, true
}

// Over are the fingerprints after some values were written over others: where f
// does not know a value, it is the one that the earlier fingerprints are of. They
// are "" where nobody can tell.
func (f Fingerprints) Over(earlier Fingerprints) Fingerprints {
	if !f.isPartial() {
		return f
	}
	was, is := earlier.each(), f.each()
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

// each are the single fingerprints; none where there is one for all.
func (f Fingerprints) each() []string {
	var each []string
	if f == "" || strings.HasPrefix(string(f[keyIDLength:]), markForAll) {
		return nil
	}
	for i := keyIDLength; i+fingerprintLength <= len(f); i += fingerprintLength {
		each = append(each, string(f[i:i+fingerprintLength]))
	}
	return each
}

// forAll is one fingerprint for all values. It needs no key: what it is made of
// has one.
func (f Fingerprints) forAll() Fingerprints {
	if len(f.each()) < 2 {
		return f
	}
	sum := sha256.Sum256([]byte("wfpsync secrets 1\n" + f))
	return f[:keyIDLength] + markForAll + Fingerprints(hex.EncodeToString(sum[:])[:fingerprintLength])
}

// SecretValues are the values that secrets have where they come from, for who
// compares them with fingerprints.
type SecretValues struct {
	Key    *SecretsKey
	Values map[SecretSource]Secret // those that there are
}

// Fingerprints are those of a script's secrets; "" without a key.
func (v *SecretValues) Fingerprints(stack string, r Scripted) Fingerprints {
	if v == nil {
		return ""
	}
	return v.Key.Fingerprints(stack, r, func(b Binding) (Secret, bool) {
		value, known := v.Values[*b.Secret]
		return value, known
	})
}

// Knows reports whether a secret's value is there to be compared.
func (v *SecretValues) Knows(s SecretSource) bool {
	_, known := v.Values[s]
	return known
}
