package page

import (
	"io"
	"net/http"
	"time"
)

// A Report is what came of reading the stack file and comparing it with the account.
type Report struct {
	Stack string    `json:"stack"` // the name of the stack, "" if nobody knows it
	File  string    `json:"file"`  // the stack file
	At    time.Time `json:"at,omitzero"`

	// State is "": nobody has looked yet; "matches", "differs" where something has to be done or was not done, or "broken"
	// where the file cannot be used.
	State    string    `json:"state"`
	Sentence string    `json:"sentence"`
	Problems []Problem `json:"problems"`
	Changes  []Change  `json:"changes"`
	Notes    []string  `json:"notes"` // what else was seen: what is in the account and not the stack's

	// Plan writes the plan as a page; nil where there is none.
	Plan func(io.Writer) error `json:"-"`
	// HasPlan says so to the browser; it is set by Page.
	HasPlan bool `json:"has_plan"`
}

// The states of a Report.
const (
	Matches = "matches"
	Differs = "differs"
	Broken  = "broken"
)

// A Problem is a message with a place in a file.
type Problem struct {
	Severity string `json:"severity"` // error or warning
	Rule     string `json:"rule"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
	Place    string `json:"place"` // file:line:column
	Snippet  string `json:"snippet"`
	Column   int    `json:"column"` // of the place in the snippet, counted from 1 in characters; 0 if unknown
	Width    int    `json:"width"`  // how many characters are meant
}

// A Change is a difference between the file and the account.
type Change struct {
	Action  string   `json:"action"`
	Address string   `json:"address"`
	Fields  []string `json:"fields,omitempty"` // that differ, as JSON Pointers; the plan's page has their values
	Error   string   `json:"error"`            // why it was not made; "" if nobody has tried
}

// mostReported is how many changes a browser is told, and how many problems; the plan's own page has all changes, and the
// terminal all problems.
const maxReported = 200

// Report takes note of what came of the last look at the file.
func (p *Page) Report(report Report) {
	report.HasPlan = report.Plan != nil
	p.report.Store(&report)
	p.hub.fileChanged()
}

// reportView is a report with as many changes as a page can show.
type reportView struct {
	Report
	More         int `json:"more"`
	MoreProblems int `json:"more_problems"`
}

func viewReport(r Report) reportView {
	view := reportView{Report: r}
	if len(r.Changes) > maxReported {
		view.Changes, view.More = r.Changes[:maxReported], len(r.Changes)-maxReported
	}
	if len(r.Problems) > maxReported {
		view.Problems, view.MoreProblems = r.Problems[:maxReported], len(r.Problems)-maxReported
	}
	return view
}

// compare looks at the file and the account again.
func (p *Page) compare(r *http.Request) (any, error) {
	select {
	case p.busy <- struct{}{}:
	default:
		return nil, fail(http.StatusConflict, "the account is being compared already")
	}
	defer func() { <-p.busy }()
	report := p.options.Compare(r.Context())
	if r.Context().Err() != nil {
		return nil, r.Context().Err() // who asked has gone, and what was found is not the truth
	}
	p.Report(report)
	return viewReport(*p.report.Load()), nil
}
