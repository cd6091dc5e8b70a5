package spec

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const testKey = "0123456789abcdef0123456789abcdef"

func fingerprintsOf(t *testing.T, key, worker string, values ...string) Fingerprints {
	t.Helper()
	k, err := NewSecretsKey(key)
	if err != nil {
		t.Fatal(err)
	}
	w, known := &UserWorker{DispatchNamespace: "customers", Name: worker}, map[SecretSource]Secret{}
	for i, value := range values {
		source := SecretSource{Env: fmt.Sprint("S", i)}
		w.Bindings = append(w.Bindings, Binding{Name: fmt.Sprint("S", i), Type: BindingSecret, Secret: &source})
		if value != "" {
			known[source] = NewSecret(value)
		}
	}
	return (&SecretValues{Key: k, Values: known}).Fingerprints("platform", w)
}

func TestFingerprints(t *testing.T) {
	of := func(values ...string) Fingerprints { return fingerprintsOf(t, testKey, "acme", values...) }
	was := of("1234", "5678")
	otherKey := fingerprintsOf(t, testKey+"!", "acme", "1234", "5678")
	for name, c := range map[string]struct {
		was, now Fingerprints
		want     string
	}{
		"same":            {was, of("1234", "5678"), "[] true"},
		"one changed":     {was, of("1234", "8765"), "[1] true"},
		"both":            {was, of("4321", "8765"), "[0 1] true"},
		"not looked at":   {was, of("", "8765"), "[1] true"},
		"nothing to see":  {was, of("", ""), "[] true"},
		"another key":     {was, otherKey, "[] false"},
		"no fingerprint":  {"", was, "[] false"},
		"neither has any": {was, "", "[] false"},
		"other secrets":   {was, of("1234", "5678", "9"), "[] false"},
		"one more secret": {of("1234"), was, "[] false"},
		"for all":         {was.combined(), was, "[] true"},
		"one of all":      {was.combined(), of("1234", "8765"), "[0 1] true"},
		"for all, partly": {was.combined(), of("1234", ""), "[] false"},
	} {
		changed, ok := c.was.Changed(c.now)
		if got := fmt.Sprint(changed, ok); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := of("", "8765").Over(was); got != of("1234", "8765") {
		t.Errorf("over: %s", got)
	}
	if got := of("", "8765").Over(was.combined()); got != "" {
		t.Errorf("over one for all: %s", got)
	}
	if fingerprintsOf(t, testKey, "acme", "1234").split()[0] == fingerprintsOf(t, testKey, "beta", "1234").split()[0] {
		t.Error("fingerprints show that two customers share a value")
	}
	if _, err := NewSecretsKey("short"); err == nil || strings.Contains(err.Error(), "short") {
		t.Errorf("a short key: %v", err)
	}
	if k, _ := NewSecretsKey(testKey); strings.Contains(fmt.Sprintf("%v %+v %#v", k, *k, k), testKey) {
		t.Error("the key is printed")
	}
}

// A mark with every field fits into a tag, and is read as it was written.
func TestMarkWithFingerprints(t *testing.T) {
	for n := 1; n < 12; n++ {
		values := make([]string, n)
		for i := range values {
			values[i] = fmt.Sprint("value ", i)
		}
		prints := fingerprintsOf(t, testKey, "acme", values...)
		for _, assets := range []string{"", "0123456789abcdef"} {
			for _, protected := range []bool{false, true} {
				m := NewMark(strings.Repeat("ab", 32), strings.Repeat("cd", 32), time.Date(2026, 10, 1, 10, 0, 0, 0, time.UTC))
				m.Assets, m.Protected = assets, protected
				m = m.WithSecrets(prints)
				if len(m.Tag()) > MaxTagBytes || m.Secrets == "" {
					t.Errorf("%d secrets: %d bytes: %s", n, len(m.Tag()), m.Tag())
				}
				if read, ok := ParseMark(m.Tag()); !ok || read != m {
					t.Errorf("%s is read as %+v", m.Tag(), read)
				}
				if changed, ok := m.Secrets.Changed(prints); len(changed) > 0 || !ok {
					t.Errorf("%d secrets: %v %v", n, changed, ok)
				}
			}
		}
	}
}
