package main

import (
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wfpsync/wfpsync/internal/browsertest"
)

type browserKey struct{}

// keys are the names of keys that make no character.
var keys = map[string]string{"Tab": "\t", "Enter": "\r", "Escape": "\x1b"}

// browser open opens the page of `wfpsync dev` in a browser.
// browser is EXPRESSION VALUE expects what a JavaScript expression gives.
// browser becomes EXPRESSION VALUE waits for it.
// browser key KEY… presses keys where the focus is; Ctrl+KEY is one, too.
// browser type TEXT types where the focus is.
// browser click SELECTOR clicks an element.
// browser resize WIDTH HEIGHT is another screen.
func cmdBrowser(ts *testscript.TestScript, _ bool, args []string) {
	kept := ts.Value(browserKey{}).(**browsertest.Tab)
	if args[0] == "open" {
		*kept = browsertest.Open(ts, func(end func()) { ts.Defer(end) }, devOf(ts, "").page)
		return
	}
	tab := *kept
	switch args[0] {
	case "is":
		tab.Is(args[1], args[2])
	case "becomes":
		tab.Becomes(args[1], args[2])
	case "key":
		for _, key := range args[1:] {
			press(tab, key)
		}
	case "type":
		tab.Key(args[1])
	case "click":
		tab.Click(args[1])
	case "resize":
		width, err := strconv.ParseInt(args[1], 10, 64)
		ts.Check(err)
		height, err := strconv.ParseInt(args[2], 10, 64)
		ts.Check(err)
		tab.Resize(width, height)
	default:
		ts.Fatalf("unknown word %q", args[0])
	}
}

func press(tab *browsertest.Tab, key string) {
	key, control := strings.CutPrefix(key, "Ctrl+")
	if named, ok := keys[key]; ok {
		key = named
	}
	if control {
		tab.Control(key)
		return
	}
	tab.Key(key)
}
