// Package text has small functions on strings that several packages need.
package text

import (
	"fmt"
	"strings"
)

// Count returns a number and a noun, such as "1 change" or "2 changes". The
// noun is in the singular, and its plural ends in s.
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

var (
	escapes   = strings.NewReplacer("~", "~0", "/", "~1")
	unescapes = strings.NewReplacer("~1", "/", "~0", "~")
)

// EscapePointer returns a key as a step of a JSON Pointer (RFC 6901).
func EscapePointer(key string) string { return escapes.Replace(key) }

// UnescapePointer returns the key of a step of a JSON Pointer.
func UnescapePointer(step string) string { return unescapes.Replace(step) }
