package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
)

// FormatVersion is the version of the JSON documents other than a plan, which
// has its own. Readers pass over keys they do not know.
const FormatVersion = "1.0"

// writeJSON writes one document. What a terminal would obey is escaped here,
// too: outside of strings no such character can be, and inside them the escape
// means the same.
func writeJSON(w io.Writer, document any) error {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	_, err := w.Write(escapeJSON(encoded.Bytes()))
	return err
}

// escapeJSON escapes unsafe characters in encoded JSON.
func escapeJSON(encoded []byte) []byte {
	if bytes.IndexFunc(encoded, unsafeInJSON) < 0 {
		return encoded
	}
	var out bytes.Buffer
	for _, r := range string(encoded) {
		switch {
		case !unsafeInJSON(r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}

func unsafeInJSON(r rune) bool { return r != '\n' && unsafe(r) }

// encodeValue returns a value of a plan in JSON, on one line or indented.
func encodeValue(value any, indent string) string {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprintf("%v", value) // a plan holds nothing that JSON cannot
	}
	return string(bytes.TrimSuffix(encoded.Bytes(), []byte("\n")))
}
