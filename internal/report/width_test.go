package report

import "testing"

func TestDisplayWidth(t *testing.T) {
	for text, want := range map[string]int{
		"":             0,
		"abc":          3,
		"é":            1,
		"e\u0301":      1, // a letter and the mark above it
		"日本語":          6,
		"ｆｕｌｌ":         8,
		"한국어":          6,
		"→ ✓ …":        5,
		"🚀":            2,
		"⚡":            2,
		"a\u200db":     2,
		"Ω≈ç√∫ йцукен": 12,
	} {
		if got := displayWidth(text); got != want {
			t.Errorf("%q takes %d columns, not %d", text, got, want)
		}
	}
}
