package cloudflare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// travelForms are the forms of a value in a response that quotes it.
var travelForms = map[string]func(string) string{
	"as it is":           func(s string) string { return s },
	"JSON, HTML escaped": inJSON,
	"JSON":               inPlainJSON,
	"JSON in JSON":       func(s string) string { return inPlainJSON(inPlainJSON(s)) },
	"both":               func(s string) string { return inJSON(inPlainJSON(s)) },
	"three times":        func(s string) string { return inJSON(inJSON(inJSON(s))) },
	"ASCII JSON":         inASCII,
	"ASCII JSON in JSON": func(s string) string { return inPlainJSON(inASCII(s)) },
	"a path of a URL":    url.PathEscape,
	"a URL in a URL":     func(s string) string { return url.PathEscape(url.PathEscape(s)) },
	"a URL three times":  func(s string) string { return url.PathEscape(url.PathEscape(url.PathEscape(s))) },
}

func inJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text[1 : len(text)-1])
}
func inPlainJSON(s string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String()[1:], "\"\n")
}

// inASCII escapes like an encoder that writes ASCII only, and slashes like one
// that writes for HTML.
func inASCII(s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		if unit == '/' {
			b.WriteString(`\/`)
		} else if unit < 0x7f && unit >= ' ' && unit != '"' && unit != '\\' {
			b.WriteByte(byte(unit))
		} else {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// A value is masked in each of its forms, and nothing else is.
func TestMaskedInEveryForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringOfN(rapid.SampledFrom([]rune("abn0u%\\\"\n\r\t</>&'é\u2028\U0001F600 ")), 3, 40, -1).Draw(t, "secret") + "x"
		mask := MaskValues(secret)
		for name, form := range travelForms {
			got := mask("SAID: [" + form(secret) + "] END")
			// A backslash at the secret's end may be the escape of what follows.
			if got = strings.ReplaceAll(got, `\`, ""); got != "SAID: [(secret)] END" {
				t.Errorf("%s: %q is left as %q", name, form(secret), got)
			}
		}
	})
}
func TestMaskedLines(t *testing.T) {
	key := "-----BEGIN KEY-----\r\n  MIIEvQIBADANBg\r\nkey=a/b+c==\nshort\n-----END KEY-----\n"
	mask := MaskValues(key)
	for text, want := range map[string]string{
		"line 2 is MIIEvQIBADANBg, invalid":   "line 2 is (secret), invalid",
		`{"l":"key=a\/b+c=="}`:                `{"l":"(secret)"}`,
		"a short line":                        "a short line",
		"nothing of it":                       "nothing of it",
		"MIIEvQIBADANBgMIIEvQIBADANBg":        "(secret)",
		"unexpected \"-----BEGIN KEY-----\\n": "unexpected \"(secret)\\n",
	} {
		if got := mask(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if text := "ab is a part of cab"; MaskValues("ab")(text) != text {
		t.Error("a value of two letters is masked")
	}
}
