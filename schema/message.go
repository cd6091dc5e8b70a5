package schema

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// message words a violation for the person who wrote the value.
func message(r rule, v Violation, offending any) string {
	describe := describe
	if r.confidential {
		describe = describeType
	}
	switch r.keyword {
	case "type":
		return fmt.Sprintf("expected %s, got %s", typeWords(r.value), describe(offending))
	case "const":
		return fmt.Sprintf("expected %s, got %s", plain(r.value), describe(offending))
	case "enum":
		return fmt.Sprintf("expected one of %s, got %s", choices(r.value), describe(offending))
	case "required":
		if len(v.Missing) == 1 {
			return "missing the key " + quote(v.Missing[0])
		}
		return "missing the keys " + quoteAll(v.Missing)
	case "pattern":
		return fmt.Sprintf("%s, got %s", r.text("patternErrorMessage"), quote(plain(offending)))
	case "minLength":
		return "expected text that is not empty"
	case "minimum":
		return fmt.Sprintf("expected at least %s, got %s", plain(r.value), plain(offending))
	case "maximum":
		return fmt.Sprintf("expected at most %s, got %s", plain(r.value), plain(offending))
	}
	return fmt.Sprintf("%s is not what belongs here", describe(offending))
}

var typeNames = map[string]string{
	"object":  "a mapping",
	"array":   "a list",
	"string":  "text",
	"number":  "a number",
	"integer": "a whole number",
	"boolean": "true or false",
}

// typeWords names the types that a schema accepts. Where nothing at all is
// accepted besides, that is not worth a word.
func typeWords(types any) string {
	list, ok := types.([]any)
	if !ok {
		list = []any{types}
	}
	var words []string
	for _, t := range list {
		name, _ := t.(string)
		if word := typeNames[name]; word != "" {
			words = append(words, word)
		}
	}
	if last := len(words) - 1; last > 0 {
		return strings.Join(words[:last], ", ") + " or " + words[last]
	}
	return strings.Join(words, "")
}

// describe names a value: text or number by itself, anything larger by its type.
func describe(value any) string {
	switch v := value.(type) {
	case nil, map[string]any, []any:
		return describeType(v)
	case string:
		return "the text " + quote(v)
	case bool:
		return plain(v)
	}
	return "the number " + plain(value)
}

// describeType names a value's type only; of true and false, which is no secret.
func describeType(value any) string {
	switch value.(type) {
	case nil:
		return "nothing"
	case map[string]any:
		return typeNames["object"]
	case []any:
		return typeNames["array"]
	case string:
		return typeNames["string"]
	case bool:
		return plain(value)
	}
	return typeNames["number"]
}

// plain returns a value as a person would write it.
func plain(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

// longest is how many characters of an offending text a message repeats.
const longest = 60

func quote(s string) string {
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return strconv.Quote(s)
}

// choices names the values of an enumeration: text in quotes, anything else as
// it is written.
func choices(values any) string {
	list, _ := values.([]any)
	words := make([]string, len(list))
	for i, value := range list {
		words[i] = plain(value)
		if s, ok := value.(string); ok {
			words[i] = quote(s)
		}
	}
	return strings.Join(words, ", ")
}

func quoteAll(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = quote(s)
	}
	return strings.Join(quoted, ", ")
}
