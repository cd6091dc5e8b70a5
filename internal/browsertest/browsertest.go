// Package browsertest drives a headless Chromium, to test the pages that
// wfpsync makes. It reads a page with JavaScript. Keys and clicks are those of
// a person.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browsers are the names that Chromium goes by.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless_shell"}

// deadline ends a browser that hangs.
const deadline = 2 * time.Minute

// patience is how long a page may take to show something.
const patience = 20 * time.Second

// Find returns the browser to test with. The error says that there is none.
func Find() (path string, err error) {
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no browser: none of %s is installed (on Debian: apt-get install chromium)", strings.Join(browsers, ", "))
}

// A Reporter ends a test that has failed: a testing.TB or a
// testscript.TestScript.
type Reporter interface {
	Fatalf(format string, args ...any)
}

// A Tab is an open page.
type Tab struct {
	report Reporter
	ctx    context.Context
}

// Open opens a page in its own browser, until the function that cleanup
// receives is called.
func Open(report Reporter, cleanup func(func()), url string) *Tab {
	path, err := Find()
	if err != nil {
		report.Fatalf("%v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // as root, Chromium needs this
	}
	ctx, end := context.WithTimeout(context.Background(), deadline)
	cleanup(end)
	ctx, end = chromedp.NewExecAllocator(ctx, options...)
	cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	cleanup(end)
	tab := &Tab{report, ctx}
	tab.Resize(1200, 900)
	tab.Do(chromedp.Navigate(url))
	return tab
}

// With returns the tab for another part of the test.
func (t *Tab) With(report Reporter) *Tab { return &Tab{report, t.ctx} }

// Is fails the test unless an expression has a value.
func (t *Tab) Is(expression, want string) {
	got, err := chromedp.Run(t.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		t.report.Fatalf("%s: %v", expression, err)
	}
	if got != want {
		t.report.Fatalf("%s is %q, want %q", expression, got, want)
	}
}

// Becomes waits until an expression has a value. An expression that cannot be
// evaluated has none.
func (t *Tab) Becomes(expression, want string) {
	script := fmt.Sprintf("(() => { try { return String(%s) === %q } catch { return false } })()", expression, want)
	if _, err := chromedp.Run(t.ctx, chromedp.Poll[bool](script, chromedp.WithPollingTimeout(patience))); err != nil {
		t.Is(expression, want)
		t.report.Fatalf("%s did not become %q in time: %v", expression, want, err)
	}
}

// Run runs a script in the page.
func (t *Tab) Run(script string) {
	if _, err := chromedp.Run(t.ctx, chromedp.Evaluate[string]("String("+script+")")); err != nil {
		t.report.Fatalf("%s: %v", script, err)
	}
}

// Click clicks what a selector finds, once it stands still. A click has a
// position, and while a page is being laid out, something else may be there a
// moment later.
func (t *Tab) Click(selector string) {
	still := fmt.Sprintf(`(() => {
		const found = document.querySelector(%q);
		const place = found && JSON.stringify(found.getBoundingClientRect());
		const same = place !== null && globalThis.placeBefore === place;
		globalThis.placeBefore = place;
		return same;
	})()`, selector)
	if _, err := chromedp.Run(t.ctx, chromedp.Poll[bool](still, chromedp.WithPollingTimeout(patience))); err != nil {
		t.report.Fatalf("%s does not stand still: %v", selector, err)
	}
	t.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Key presses keys in the focused element.
func (t *Tab) Key(keys string) { t.Do(chromedp.KeyEvent(keys, stroke)) }

// stroke combines a key press and its character in one event, as when a person
// types, so that a page can prevent both. As two events, the character would be
// typed wherever the first one has moved the focus.
func stroke(event *input.DispatchKeyEventParams) {
	switch {
	case event.Type == kb.KeyDown && event.Key == "Enter":
		event.Text = "\r"
	case event.Type == kb.KeyDown && utf8.RuneCountInString(event.Key) == 1:
		event.Text = event.Key
	case event.Type == kb.KeyChar:
		event.Type, event.Text, event.UnmodifiedText = kb.KeyUp, "", ""
	}
}

// Control presses a key together with Ctrl.
func (t *Tab) Control(key string) {
	t.Do(chromedp.KeyEvent(key, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
}

// Type types text into what a selector finds.
func (t *Tab) Type(selector, text string) { t.Do(chromedp.SendKeys(chromedp.CSS(selector), text)) }

// Resize gives the page another size.
func (t *Tab) Resize(width, height int64) { t.Do(chromedp.EmulateViewport(width, height)) }

// Do runs other actions.
func (t *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	if err := chromedp.Do(t.ctx, actions...); err != nil {
		t.report.Fatalf("%v", err)
	}
}
