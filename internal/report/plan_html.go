package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

var (
	//go:embed page/page.html
	pageSource string

	//go:embed page/tokens.css
	pageTokens string

	//go:embed page/page.css
	ownStyle  string
	pageStyle = pageTokens + ownStyle

	//go:embed page/page.js
	pageScript string

	pageTemplate = template.Must(template.New("plan").Parse(pageSource))
)

// PageTokens returns the colours and fonts of our pages as CSS, by day and by
// night: custom properties of :root.
func PageTokens() []byte { return []byte(pageTokens) }

// pagePolicy lets the page run its own script and use its own style, and nothing
// else: no other script or style, whatever a plan holds, and no request to
// anywhere.
var pagePolicy = fmt.Sprintf("default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'",
	integrity(pageScript), integrity(pageStyle))

func integrity(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// PlanHTML writes a plan as one page that needs nothing else: what counts is in
// its markup, and the changes are in it as JSON, which its script shows when a
// reader opens them.
func PlanHTML(w io.Writer, plan *planner.Plan) error {
	groups := grouped(plan.Changes, false)
	data, err := pageData(plan, groups)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, newPage(plan, groups, data)); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	_, err = out.WriteTo(w)
	return err
}

// page is what the template shows. The template escapes; that it is safe for
// the eye is seen to here.
type page struct {
	Policy string
	Style  template.CSS
	Script template.JS
	Data   template.JS

	Stack, Account, Tool, Digest string
	Verdict, Rest                string
	Sentence                     string
	Destroy, HasChanges          bool
	Total                        string
	Partiality                   string
	Obstacles, LeftAlone         []string
	LeftOut                      []string
	Rollouts                     []string
	Columns                      []countCell
	Counts                       []countRow
	Guards                       []pageGuard
	Diagnostics                  []pageDiagnostic
	Picture                      *picture
}

type (
	pageGuard struct{ Class, Name, Result, Message string }

	pageDiagnostic struct {
		Class, Place, Severity, Message, Rule string
		Hints                                 []string
	}
)

func newPage(plan *planner.Plan, groups []group, data []byte) page {
	verdict, rest := conclusion(plan)
	p := page{
		Policy: pagePolicy, Style: template.CSS(pageStyle), Script: template.JS(pageScript), Data: template.JS(data),
		Stack: safe(plan.Stack), Account: accountName(plan.Account), Tool: safe(plan.Tool), Digest: safe(plan.Digest),
		Verdict: verdict, Rest: rest, Sentence: verdict + rest,
		Destroy: plan.Mode == planner.Destroy, HasChanges: plan.HasChanges(),
		Total:      count(len(plan.Changes), "change", "changes"),
		Partiality: partiality(plan), LeftOut: leftOut(plan), Rollouts: rolloutLines(plan),
		Obstacles: obstacles(plan), LeftAlone: leftAlone(plan),
		Picture: pictureOf(plan, groups),
	}
	p.Columns, p.Counts = countKinds(plan)
	for _, v := range plan.Guards {
		class := "good"
		if v.Result == planner.Refused {
			class = "bad"
		}
		p.Guards = append(p.Guards, pageGuard{class, safe(v.Guard), safe(string(v.Result)), safe(v.Message)})
	}
	for _, d := range plan.Diagnostics.Sorted() {
		one := pageDiagnostic{Class: "bad", Place: safe(d.Range.String()), Severity: safe(string(d.Severity)), Message: safe(d.Message), Rule: safe(d.Rule)}
		if d.Severity == diag.Warning {
			one.Class = "warn"
		}
		if d.Hint != "" {
			one.Hints = textLines(d.Hint)
		}
		p.Diagnostics = append(p.Diagnostics, one)
	}
	return p
}

// pageData returns the plan as the page's script reads it, in JSON that holds
// no character with a meaning to HTML. What many changes share is in it once.
func pageData(plan *planner.Plan, groups []group) ([]byte, error) {
	d := newPageDocument(plan, groups)
	encoded, err := json.Marshal(d) // escapes <, > and &
	if err != nil {
		return nil, fmt.Errorf("write page: %w", err)
	}
	return escapeJSON(encoded), nil
}

type (
	pageDocument struct {
		Actions []pageAction `json:"actions"`
		Kinds   []pageKind   `json:"kinds"`
		Places  []string     `json:"places"`
		Fields  []pageField  `json:"fields"`
		Changes []pageChange `json:"changes"`
	}

	pageAction struct {
		ID      string `json:"id"`
		Marker  string `json:"marker"`
		Class   string `json:"class"`
		Planned string `json:"planned"`
		Done    string `json:"done"`
		Order   int    `json:"order"`
	}

	pageKind struct {
		ID   string `json:"id"`
		One  string `json:"one"`
		Many string `json:"many"`
	}

	pageField struct {
		Op    string   `json:"o"`
		Path  string   `json:"p"`
		Value string   `json:"v,omitempty"`
		Lines []string `json:"l,omitempty"` // each after the sign of its op
	}

	pageChange struct {
		Kind    int    `json:"k"`
		Place   int    `json:"p"`
		Name    string `json:"n"`
		Action  int    `json:"x"`
		Group   *int   `json:"g,omitempty"`
		Why     string `json:"w,omitempty"`
		Blocked string `json:"b,omitempty"`
		Hint    string `json:"h,omitempty"`
		At      string `json:"at,omitempty"`
		Fields  []int  `json:"f,omitempty"`
		After   []int  `json:"d,omitempty"`
	}
)

func newPageDocument(plan *planner.Plan, groups []group) pageDocument {
	d := pageDocument{Actions: []pageAction{}, Kinds: []pageKind{}, Places: []string{}, Fields: []pageField{}, Changes: []pageChange{}}
	index := map[spec.Address]int{}
	for i, c := range plan.Changes {
		index[c.Address] = i
	}
	groupOf := map[spec.Address]*int{}
	for i, g := range groups {
		for _, c := range g.changes {
			if g.folded() {
				groupOf[c.Address] = &i
			}
		}
	}
	view := viewOf(plan, pageBounds)
	actions, kinds, places, fields := map[planner.Action]int{}, map[spec.Kind]int{}, map[string]int{}, map[string]int{}
	for _, c := range plan.Changes {
		words := wordsOf(c.Action)
		kind := c.Address.Kind.Info()
		message, hint := blockedWords(c)
		change := pageChange{
			Kind:   once(&d.Kinds, kinds, c.Address.Kind, pageKind{safe(string(c.Address.Kind)), kind.Singular, kind.Plural}),
			Place:  once(&d.Places, places, c.Address.Parent, safe(c.Address.Parent)),
			Name:   safe(c.Address.Name),
			Action: once(&d.Actions, actions, c.Action, pageAction{safe(string(c.Action)), words.marker, classOf(c.Action), words.planned, words.filterName(), words.order}),
			Group:  groupOf[c.Address],
			Why:    because(c), Blocked: message, Hint: hint, At: safe(c.At.String()),
		}
		for _, f := range c.Fields {
			shown := pageFieldOf(view.field(f))
			key := fmt.Sprintf("%q", shown)
			change.Fields = append(change.Fields, once(&d.Fields, fields, key, shown))
		}
		for _, first := range c.DependsOn {
			if i, known := index[first]; known {
				change.After = append(change.After, i)
			}
		}
		d.Changes = append(d.Changes, change)
	}
	return d
}

func pageFieldOf(f fieldView) pageField {
	_, marker := fieldMarker(f.op)
	shown := pageField{Op: marker, Path: f.path, Value: f.value}
	if f.note != "" {
		shown.Value = strings.TrimPrefix(shown.Value+" ("+f.note+")", " ")
	}
	for _, l := range f.lines {
		shown.Lines = append(shown.Lines, string(l.op)+l.text)
	}
	return shown
}

// once returns the index of a value in a list, which it is appended to when its
// key is new.
func once[K comparable, V any](list *[]V, index map[K]int, key K, value V) int {
	i, known := index[key]
	if !known {
		i = len(*list)
		index[key] = i
		*list = append(*list, value)
	}
	return i
}
