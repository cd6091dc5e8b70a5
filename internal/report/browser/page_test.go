// Package browser tests the page of a plan in a real browser. It stands apart so
// that nothing else needs one.
package browser

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/browsertest"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// open opens the page of a plan in a tab. Without a browser there is nothing to
// test.
func open(t *testing.T, plan *planner.Plan) *browsertest.Tab {
	t.Helper()
	if _, err := browsertest.Find(); err != nil {
		t.Skip(err)
	}
	var page bytes.Buffer
	if err := report.PlanHTML(&page, plan); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "plan.html")
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return browsertest.Open(t, t.Cleanup, "file://"+file)
}

const (
	shown = `document.getElementById("shown").textContent`
	items = `document.querySelectorAll("#list > li").length`
)

// search replaces what is searched for.
func search(p *browsertest.Tab, text string) {
	p.Run(`document.getElementById("search").value = ""`)
	p.Type("#search", text)
}

func TestSearchFilterAndOpen(t *testing.T) {
	p := open(t, manyChanges(10_000))
	p.Becomes(shown, "10,000 changes")

	// a fleet is one item, whose example is made when it is opened
	p.Is(`document.querySelectorAll(".field").length`, "0")
	p.Click(`#list > li:nth-child(4) summary`)
	p.Becomes(`document.querySelectorAll("#list > li:nth-child(4) .field").length`, "2")
	p.Is(`document.querySelector("#list > li:nth-child(4) summary b").textContent`, "9,887 user Workers")
	p.Is(`document.querySelector("#list > li:nth-child(4) .note").textContent`, "9,886 of them have other values")
	p.Click(`#list > li:nth-child(4) .more button`)
	p.Becomes(`document.querySelectorAll("#list > li:nth-child(4) .members > li").length`, "60")

	// a name is found among them all, and marked
	search(p, "shop-09999")
	p.Becomes(shown, "1 of 10,000 changes")
	p.Is(`document.querySelector("#list mark").textContent`, "shop-09999")
	p.Is(`document.querySelector("#list .value").textContent`, "fedcba9876543210 -> 0123456789abcdef")

	// and so is a value, and a word of each
	search(p, "customer-0777")
	p.Becomes(shown, "10 of 10,000 changes")
	search(p, "customer-0777 shop-07771")
	p.Becomes(shown, "1 of 10,000 changes")
	search(p, "nothing like it")
	p.Becomes(shown, "0 of 10,000 changes")
	p.Is(`document.querySelector("#list").textContent`, "Nothing like that changes.")

	// Escape brings everything back
	p.Key("\x1b")
	p.Becomes(shown, "10,000 changes")

	// filters: what is destroyed, what is blocked, a kind
	p.Click(`#filters button[data-action="delete"]`)
	p.Becomes(shown, "100 of 10,000 changes")
	p.Is(`document.querySelector("#filters [aria-pressed=true]").dataset.action`, "delete")
	p.Click(`#filters button[data-action="blocked"]`)
	p.Becomes(shown, "1 of 10,000 changes")
	p.Is(`document.querySelector("#list .stop").textContent`, "blocked")
	p.Click(`#filters button[data-action=""]`)
	p.Run(`(kinds.value = "dispatch_namespace", kinds.dispatchEvent(new Event("change")))`)
	p.Becomes(shown, "1 of 10,000 changes")
}

func TestPageIsUsableWithoutAMouse(t *testing.T) {
	p := open(t, manyChanges(200))
	p.Key("/")
	p.Becomes(`document.activeElement.id`, "search")
	search(p, "router")
	p.Becomes(shown, "1 of 200 changes")
	p.Key("\x1b")
	p.Becomes(shown, "200 changes")
	p.Do(chromedp.Blur(chromedp.CSS("#search")))
	p.Key("j")
	p.Becomes(`document.activeElement.closest("li").contains(document.querySelector("#list summary"))`, "true")
	p.Key("j")
	p.Key("k")
	p.Becomes(`document.activeElement === document.querySelector("#list summary")`, "true")
	p.Is(`document.querySelector("#list details").open`, "true") // there are few: they are open
	p.Key("\r")
	p.Becomes(`document.querySelector("#list details").open`, "false")
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
	p.Becomes(shown, "20 changes")
	p.Is(`document.title.startsWith("Plan of </script><script>")`, "true")
	p.Is(`document.querySelector("h1").textContent`, payload)
	p.Is(`document.querySelectorAll("img").length`, "0")
	p.Is(`document.querySelectorAll("script").length`, "2")
	p.Is(`getComputedStyle(document.querySelector("summary")).display`, "grid") // the style is in force
	p.Is(`document.querySelector("#list .lines").textContent.includes("onerror")`, "true")
}

// A plan may have next to nothing to show, or nothing.
func TestPageOfAlmostNothing(t *testing.T) {
	plan := manyChanges(3)
	plan.Changes = plan.Changes[:1]
	p := open(t, plan)
	p.Becomes(shown, "1 change")
	p.Is(`document.querySelector("#list .body").textContent.startsWith("It has no settings to show.")`, "true")
	p.Is(`document.getElementById("kinds").hidden`, "true")
	plan.Changes = nil
	p = open(t, plan)
	p.Becomes(`document.querySelector(".verdict").textContent`, "No changes. The account matches the stack file.")
}

func TestPageFitsAPhone(t *testing.T) {
	p := open(t, manyChanges(500))
	p.Resize(390, 844)
	p.Becomes(shown, "500 changes")
	p.Is(`document.documentElement.scrollWidth`, "390")
}

// manyChanges returns a plan that changes a fleet, and one of everything else.
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
