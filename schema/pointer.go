package schema

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/internal/text"
)

// decodeLocation undoes the URL escaping that the library applies to pointers.
func decodeLocation(location string) string {
	decoded, err := url.PathUnescape(location)
	if err != nil {
		return location
	}
	return decoded
}

// tokens returns the reference tokens of a JSON Pointer (RFC 6901).
func tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, t := range tokens {
		tokens[i] = text.UnescapePointer(t)
	}
	return tokens
}

// lastKey returns the key or index that a pointer ends in.
func lastKey(pointer string) string {
	t := tokens(pointer)
	if len(t) == 0 {
		return ""
	}
	return t[len(t)-1]
}

// lookup returns the value that a pointer points at, nil if there is none.
func lookup(value any, pointer string) any {
	for _, token := range tokens(pointer) {
		value = below(value, token)
	}
	return value
}

// below returns the value at a key or an index, nil if there is none.
func below(value any, token string) any {
	switch v := value.(type) {
	case map[string]any:
		return v[token]
	case []any:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(v) {
			return v[i]
		}
	}
	return nil
}
