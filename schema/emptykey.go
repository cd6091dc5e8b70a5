package schema

import "strings"

// emptyKey stands for the empty key while a value is checked again. The schema
// accepts it nowhere that it would refuse the empty key.
const emptyKey = "\x00"

// hasEmptyKey reports whether any mapping in a value has the empty key.
func hasEmptyKey(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if key == "" || hasEmptyKey(inner) {
				return true
			}
		}
	case []any:
		for _, inner := range v {
			if hasEmptyKey(inner) {
				return true
			}
		}
	}
	return false
}

// renameEmptyKeys returns a copy of a value in which empty keys have a name.
func renameEmptyKeys(value any) any {
	switch v := value.(type) {
	case map[string]any:
		renamed := make(map[string]any, len(v))
		for key, inner := range v {
			if key == "" {
				key = emptyKey
			}
			renamed[key] = renameEmptyKeys(inner)
		}
		return renamed
	case []any:
		renamed := make([]any, len(v))
		for i, inner := range v {
			renamed[i] = renameEmptyKeys(inner)
		}
		return renamed
	}
	return value
}

// restoreEmptyKeys takes the name out of a key or pointer again.
func restoreEmptyKeys(s string) string {
	parts := strings.Split(s, "/")
	for i, part := range parts {
		if part == emptyKey {
			parts[i] = ""
		}
	}
	return strings.Join(parts, "/")
}
