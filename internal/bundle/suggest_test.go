package bundle

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/wfpsync/wfpsync/diag"
)

func TestNearest(t *testing.T) {
	candidates := []string{"main-router.ts", "tenant-worker.ts", "types.d.ts", "index.ts"}
	for name, want := range map[string]string{
		"main-router.js": "main-router.ts",
		"main-router":    "main-router.ts",
		"Main-Router.ts": "main-router.ts",
		"mian-router.ts": "main-router.ts",
		"tenat-worker":   "tenant-worker.ts",
		"worker.ts":      "",
		"x":              "",
		"":               "",
	} {
		if got := nearest(name, candidates); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-c]{0,8}`)
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		d := diag.EditDistance(a, b)
		if d != diag.EditDistance(b, a) {
			t.Errorf("distance is not symmetric: %d and %d", d, diag.EditDistance(b, a))
		}
		if (d == 0) != (a == b) {
			t.Errorf("distance(%q, %q) = %d", a, b, d)
		}
		if longest := max(len(a), len(b)); d > longest || d < longest-min(len(a), len(b)) {
			t.Errorf("distance(%q, %q) = %d is out of bounds", a, b, d)
		}
	})
}
