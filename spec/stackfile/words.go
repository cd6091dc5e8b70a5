package stackfile

import "strings"

// joinKeys lists keys in a message.
func joinKeys(keys []string) string { return strings.Join(keys, ", ") }
