// Package browser tests the page of a plan in a real browser. It stands apart so
// that nothing else needs one.
package browser

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/wfpsync/wfpsync/internal/diag"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// browsers are the names that Chromium goes by.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless_shell"}

// deadline ends a browser that does not answer.
const deadline = 2 * time.Minute

// chromium is the browser to test with. Without one there is nothing to test.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("no browser: none of %s is installed (on Debian: apt-get install chromium)", strings.Join(browsers, ", "))
	return ""
}

// open opens the page of a plan in a tab.
func open(t *testing.T, plan *planner.Plan) tab {
	t.Helper()
	path := chromium(t)
	var page bytes.Buffer
	if err := report.PlanHTML(&page, plan); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "plan.html")
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to be root otherwise
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1200, 900), chromedp.Navigate("file://"+file)); err != nil {
		t.Fatal(err)
	}
	return tab{t, ctx}
}

// tab is a page that is open.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// is fails unless an expression has a value.
func (p tab) is(expression, want string) {
	p.t.Helper()
	got, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	if got != want {
		p.t.Errorf("%s is %q, want %q", expression, got, want)
	}
}

// run runs a script in the page.
func (p tab) run(script string) {
	p.t.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("String("+script+")")); err != nil {
		p.t.Fatalf("%s: %v", script, err)
	}
}

// becomes waits until an expression has a value.
func (p tab) becomes(expression, want string) {
	p.t.Helper()
	script := fmt.Sprintf("String(%s) === %q", expression, want)
	if _, err := chromedp.Run(p.ctx, chromedp.Poll[bool](script, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		p.t.Errorf("%s never is %q: %v", expression, want, err)
		p.is(expression, want)
	}
}

func (p tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

func (p tab) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// key presses keys where the focus is.
func (p tab) key(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys))
}

const (
	shown = `document.getElementById("shown").textContent`
	items = `document.querySelectorAll("#list > li").length`
)

// search replaces what is searched for.
func (p tab) search(text string) {
	p.t.Helper()
	p.run(`document.getElementById("search").value = ""`)
	p.do(chromedp.SendKeys(chromedp.CSS("#search"), text))
}

func TestSearchFilterAndOpen(t *testing.T) {
	p := open(t, manyChanges(10_000))
	p.becomes(shown, "10,000 changes")

	// a fleet is one item, whose example is made when it is opened
	p.is(`document.querySelectorAll(".field").length`, "0")
	p.click(`#list > li:nth-child(4) summary`)
	p.becomes(`document.querySelectorAll("#list > li:nth-child(4) .field").length`, "2")
	p.is(`document.querySelector("#list > li:nth-child(4) summary b").textContent`, "9,887 user Workers")
	p.is(`document.querySelector("#list > li:nth-child(4) .note").textContent`, "9,886 of them have other values")
	p.click(`#list > li:nth-child(4) .more button`)
	p.becomes(`document.querySelectorAll("#list > li:nth-child(4) .members > li").length`, "60")

	// a name is found among them all, and marked
	p.search("shop-09999")
	p.becomes(shown, "1 of 10,000 changes")
	p.is(`document.querySelector("#list mark").textContent`, "shop-09999")
	p.is(`document.querySelector("#list .value").textContent`, "fedcba9876543210 -> 0123456789abcdef")

	// and so is a value, and a word of each
	p.search("customer-0777")
	p.becomes(shown, "10 of 10,000 changes")
	p.search("customer-0777 shop-07771")
	p.becomes(shown, "1 of 10,000 changes")
	p.search("nothing like it")
	p.becomes(shown, "0 of 10,000 changes")
	p.is(`document.querySelector("#list").textContent`, "Nothing like that changes.")

	// Escape brings everything back
	p.key("\x1b")
	p.becomes(shown, "10,000 changes")

	// filters: what is destroyed, what is blocked, a kind
	p.click(`#filters button[data-action="delete"]`)
	p.becomes(shown, "100 of 10,000 changes")
	p.is(`document.querySelector("#filters [aria-pressed=true]").dataset.action`, "delete")
	p.click(`#filters button[data-action="blocked"]`)
	p.becomes(shown, "1 of 10,000 changes")
	p.is(`document.querySelector("#list .stop").textContent`, "blocked")
	p.click(`#filters button[data-action=""]`)
	p.run(`(kinds.value = "dispatch_namespace", kinds.dispatchEvent(new Event("change")))`)
	p.becomes(shown, "1 of 10,000 changes")
}

func TestPageIsUsableWithoutAMouse(t *testing.T) {
	p := open(t, manyChanges(200))
	p.key("/")
	p.becomes(`document.activeElement.id`, "search")
	p.search("router")
	p.becomes(shown, "1 of 200 changes")
	p.key("\x1b")
	p.becomes(shown, "200 changes")
	p.do(chromedp.Blur(chromedp.CSS("#search")))
	p.key("j")
	p.becomes(`document.activeElement.closest("li").contains(document.querySelector("#list summary"))`, "true")
	p.key("j")
	p.key("k")
	p.becomes(`document.activeElement === document.querySelector("#list summary")`, "true")
	p.is(`document.querySelector("#list details").open`, "true") // there are few: they are open
	p.key("\r")
	p.becomes(`document.querySelector("#list details").open`, "false")
}

// Nothing of a plan is ever markup, and nothing of the page reaches outside.
func TestHostilePlanIsText(t *testing.T) {
	payload := `</script><script>document.title="pwned"</script><img src=x onerror="document.title='pwned'"><b>`
	plan := manyChanges(20)
	plan.Stack = payload
	plan.Diagnostics = diag.List{{Severity: diag.Warning, Message: payload, Hint: payload, Rule: payload}}
	for i := range plan.Changes {
		plan.Changes[i].Address.Name += payload
		plan.Changes[i].Fields = append(plan.Changes[i].Fields, planner.FieldChange{Path: "/" + payload, Op: planner.FieldAdd, After: strings.Repeat(payload, 3)})
	}
	p := open(t, plan)
	p.becomes(shown, "20 changes")
	p.is(`document.title.startsWith("Plan of </script><script>")`, "true")
	p.is(`document.querySelector("h1").textContent`, payload)
	p.is(`document.querySelectorAll("img").length`, "0")
	p.is(`document.querySelectorAll("script").length`, "2")
	p.is(`getComputedStyle(document.querySelector("summary")).display`, "grid") // the style is in force
	p.is(`document.querySelector("#list .lines").textContent.includes("onerror")`, "true")
}

// A plan may have next to nothing to show, or nothing.
func TestPageOfAlmostNothing(t *testing.T) {
	plan := manyChanges(3)
	plan.Changes = plan.Changes[:1]
	p := open(t, plan)
	p.becomes(shown, "1 change")
	p.is(`document.querySelector("#list .body").textContent.startsWith("It has no settings to show.")`, "true")
	p.is(`document.getElementById("kinds").hidden`, "true")
	plan.Changes = nil
	p = open(t, plan)
	p.becomes(`document.querySelector(".verdict").textContent`, "No changes. The account matches the stack file.")
}

func TestPageFitsAPhone(t *testing.T) {
	p := open(t, manyChanges(500))
	p.do(chromedp.EmulateViewport(390, 844))
	p.becomes(shown, "500 changes")
	p.is(`document.documentElement.scrollWidth`, "390")
}

// manyChanges is a plan that changes a fleet, and one of everything else.
func manyChanges(n int) *planner.Plan {
	namespace := spec.Address{Kind: spec.KindDispatchNamespace, Name: "customer-workers"}
	router := spec.Address{Kind: spec.KindWorker, Name: "platform-router"}
	at := diag.Range{File: "wfpsync.yaml", Line: 31, Column: 3}
	changes := []planner.Change{
		{Address: namespace, Action: planner.Create, Reason: planner.ReasonMissing, At: at},
		{Address: router, Action: planner.Update, Reason: planner.ReasonChanged, Level: 2, DependsOn: []spec.Address{namespace}, Fields: []planner.FieldChange{
			{Path: "/compatibility_date", Op: planner.FieldReplace, Before: "2026-01-01", After: "2026-10-01"},
		}},
		{Address: spec.Address{Kind: spec.KindWorker, Name: "outbound"}, Action: planner.Adopt, Reason: planner.ReasonUnmanaged, At: at,
			Blocked: &planner.Block{By: "ownership", Message: "it exists already and is not managed by this stack", Hint: "choose another name"}},
	}
	for i := len(changes); i < n; i++ {
		c := planner.Change{
			Address: spec.Address{Kind: spec.KindUserWorker, Parent: "customer-workers", Name: fmt.Sprintf("shop-%05d", i)},
			Action:  planner.Update, Reason: planner.ReasonChanged, DependsOn: []spec.Address{namespace}, Level: 1, At: at,
			Fields: []planner.FieldChange{
				{Path: "/code", Op: planner.FieldReplace, Before: "fedcba9876543210", After: "0123456789abcdef"},
				{Path: "/bindings/ID/text", Op: planner.FieldAdd, After: fmt.Sprintf("customer-%05d", i)},
			},
		}
		if i%1000 == 7 { // unlike all others
			c.Fields = append(c.Fields, planner.FieldChange{Path: fmt.Sprintf("/bindings/FLAG_%d/text", i), Op: planner.FieldReplace, Before: "off", After: "on"})
		}
		if i%100 == 5 {
			c.Action, c.Reason, c.Fields = planner.Delete, planner.ReasonRemoved, nil
		}
		changes = append(changes, c)
	}
	return &planner.Plan{
		FormatVersion: planner.FormatVersion, Tool: "wfpsync test", Stack: "platform", Mode: planner.Apply,
		Account: spec.Account{ID: "0123456789abcdef0123456789abcdef", Name: "Example"}, Changes: changes,
		Summary: planner.Summary{Adopt: 1, Add: 1, Change: n - 3, Blocked: 1}, Digest: "sha256:" + strings.Repeat("0", 64),
	}
}
