package account

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"github.com/wfpsync/wfpsync/spec"
)

// travelForms are what a value may look like in an answer that quotes it.
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

// inASCII escapes as encoders do that write ASCII alone, and slashes as those do that write for HTML.
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

// A value is masked in each form that it travels in, and nothing else is.
func TestMaskedInEveryForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringOfN(rapid.SampledFrom([]rune("abn0u%\\\"\n\r\t</>&'é\u2028\U0001F600 ")), 3, 40, -1).Draw(t, "secret") + "x"
		mask := maskValues(secret)
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
	mask := maskValues(key)
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
	if text := "ab is a part of cab"; maskValues("ab")(text) != text {
		t.Error("a value of two letters is masked")
	}
}

// An API that quotes the metadata of an upload shows none of its secrets, nor does
// what is written of the request and its answer.
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
