package document

import (
	"bytes"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// TestWriteThenParse holds for random texts, as keys and as values.
func TestWriteThenParse(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("ab \n\t#:-'\"\r|>${}\u0085\u2028é\x01"))))
	rapid.Check(t, func(t *rapid.T) {
		value := map[string]any{
			"text": text.Draw(t, "text"),
			"list": []any{text.Draw(t, "item"), rapid.Float64Range(-1e18, 1e18).Draw(t, "number") + 0},
			"map":  map[string]any{text.Draw(t, "key"): text.Draw(t, "value"), "x": nil},
		}
		var written bytes.Buffer
		if err := Write(&written, FromJSON(value, &Value{})); err != nil {
			t.Fatal(err)
		}
		read, list := Parse("x.yaml", written.Bytes())
		if read == nil || list.HasErrors() {
			t.Fatalf("%v\n%s", list, written.String())
		}
		want, _ := json.Marshal(value)
		if got, _ := json.Marshal(read.JSON()); string(got) != string(want) {
			t.Fatalf("%s became %s\n%s", want, got, written.String())
		}
	})
}
