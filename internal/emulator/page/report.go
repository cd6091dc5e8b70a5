package page

import (
	"io"
	"net/http"
	"time"
)

// A Report is the result of reading the stack file and comparing it with the
// account.
type Report struct {
	Stack string    `json:"stack"` // name of the stack, "" if unknown
	File  string    `json:"file"`  // the stack file
	At    time.Time `json:"at,omitzero"`

	// State is "" before the first look; then "matches"; "differs" if there is
	// something to do, or something was not done; or "broken" if the file
	// cannot be used.
	State    string    `json:"state"`
	Sentence string    `json:"sentence"`
	Problems []Problem `json:"problems"`
	Changes  []Change  `json:"changes"`
	Notes    []string  `json:"notes"` // other findings: resources in the account that are not the stack's

	// Plan writes the plan as a page; nil if there is none.
	Plan func(io.Writer) error `json:"-"`
	// HasPlan tells the browser whether there is one; Page sets it.
	HasPlan bool `json:"has_plan"`
}

// These are the states of a Report.
const (
	Matches = "matches"
	Differs = "differs"
	Broken  = "broken"
)

// A Problem is a message about a place in a file.
type Problem struct {
	Severity string `json:"severity"` // error or warning
	Rule     string `json:"rule"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
	Place    string `json:"place"` // file:line:column
	Snippet  string `json:"snippet"`
	Column   int    `json:"column"` // of the place in the snippet, counted from 1 in characters; 0 if unknown
	Width    int    `json:"width"`  // number of characters to mark
}

// A Change is a difference between the file and the account.
type Change struct {
	Action  string   `json:"action"`
	Address string   `json:"address"`
	Fields  []string `json:"fields,omitempty"` // that differ, as JSON Pointers; the plan's page has their values
	Error   string   `json:"error"`            // why the change failed; "" if it was not tried
}

// maxReported is how many changes, and how many problems, a browser gets. The
// plan's own page has all changes, and the terminal all problems.
const maxReported = 200

// Report shows a new report.
func (p *Page) Report(report Report) {
	report.HasPlan = report.Plan != nil
	p.report.Store(&report)
	p.hub.fileChanged()
}

// reportView is a report, cut to what a page can show.
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

// compare compares the file and the account again.
func (p *Page) compare(r *http.Request) (any, error) {
	select {
	case p.busy <- struct{}{}:
	default:
		return nil, fail(http.StatusConflict, "the account is being compared already")
	}
	defer func() { <-p.busy }()
	report := p.options.Compare(r.Context())
	if r.Context().Err() != nil {
		return nil, r.Context().Err() // the browser has gone, and the result may be wrong
	}
	p.Report(report)
	return viewReport(*p.report.Load()), nil
}
