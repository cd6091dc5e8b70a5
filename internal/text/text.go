// Package text has the small things about strings that several packages need.
package text

import (
	"fmt"
	"strings"
)

// Count returns a number of things in words, as "1 change" or "2 changes". The plural of what must be the singular with
// an s.
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

// UnescapePointer returns the key that a step of a JSON Pointer stands for.
func UnescapePointer(step string) string { return unescapes.Replace(step) }
