package text

import "testing"

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 changes", 1: "1 change", 1000: "1000 changes"} {
		if got := Count(n, "change"); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

// These are the examples of RFC 6901, sections 3 and 4.
func TestPointers(t *testing.T) {
	for key, step := range map[string]string{"": "", "a/b": "a~1b", "m~n": "m~0n", "~1": "~01", "c%d": "c%d", " ": " "} {
		if got := EscapePointer(key); got != step {
			t.Errorf("%q is the step %q, want %q", key, got, step)
		}
		if got := UnescapePointer(step); got != key {
			t.Errorf("%q is the key %q, want %q", step, got, key)
		}
	}
}
