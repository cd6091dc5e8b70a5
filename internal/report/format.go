package report

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
)

// Formats are what there is for each format, in the order in which help names
// them. The first is [Text].
type Formats[T any] []struct {
	Name string
	As   T
}

// Text is the format for a person, which everything has.
const Text = "text"

// Document is how a value is written in each of its formats.
type Document[T any] = Formats[func(o Output, value T) error]

// The documents and their formats. A new format is a row.
var (
	planFiles = Document[*planner.Plan]{
		{Text, withDiagnostics(PlanText)},
		{"json", plain(PlanJSON)},
		{"markdown", planMarkdown},
		{"html", plain(PlanHTML)},
	}
	Plans = slices.Concat(planFiles, Document[*planner.Plan]{
		{"github", planGitHub},
	})
	Graphs = Document[*planner.Plan]{
		{"dot", withDiagnostics(PlanDOT)},
		{"mermaid", withDiagnostics(PlanMermaid)},
	}
	PlanFiles = slices.Concat(planFiles, Graphs)

	Drifts = Document[*planner.Drift]{
		{Text, styled(DriftText)},
		{"json", plain(DriftJSON)},
		{"markdown", plain(DriftMarkdown)},
	}
	Checkups = Document[[]Check]{
		{Text, styled(CheckupText)},
		{"json", plain(CheckupJSON)},
	}
	Versions = Document[Version]{
		{Text, plain(VersionText)},
		{"json", plain(VersionJSON)},
	}
	Validations = Document[Findings]{
		{Text, validationText},
		{"json", findings(DiagnosticsJSON)},
		{"github", findings(DiagnosticsGitHub)},
		{"sarif", findingsSARIF},
	}
	Failures = Document[Findings]{
		{Text, failureText},
		{"json", findings(ErrorJSON)},
		{"jsonl", failureEvent},
		{"github", findings(DiagnosticsGitHub)},
		{"sarif", findingsSARIF},
	}

	// Runs are the formats that report an apply while it runs.
	Runs = Formats[func(Output) Run]{
		{Text, func(o Output) Run { return textRun{o} }},
		{"json", func(o Output) Run { return jsonRun{o} }},
		{"jsonl", func(o Output) Run { return eventRun{NewEvents(o.Out, o.Now), o} }},
	}
)

// Names returns the names of the formats.
func (f Formats[T]) Names() []string {
	names := make([]string, len(f))
	for i, format := range f {
		names[i] = format.Name
	}
	return names
}

// In returns what there is for a format, and the first where there is nothing: a
// person can always read it.
func (f Formats[T]) In(name string) T {
	for _, format := range f {
		if format.Name == name {
			return format.As
		}
	}
	return f[0].As
}

// Output is where a document goes, and what formats need besides its value.
type Output struct {
	Out Stream // for the document
	Err Stream // for what a person is told beside it

	Now  func() time.Time
	Tool func() Tool

	// MarkdownBudget is how many bytes a plan in Markdown may have.
	MarkdownBudget int

	// TellGitHub tells the step of GitHub Actions that runs us about a plan.
	TellGitHub func(*planner.Plan) error
}

// Stream is a writer, and how text is shown there.
type Stream struct {
	io.Writer
	Style
}

// beside returns an output that tells a person all, and leaves the document alone.
func (o Output) beside() Output {
	o.Out = o.Err
	return o
}

// plain returns a format that looks the same everywhere.
func plain[T any](write func(io.Writer, T) error) func(Output, T) error {
	return func(o Output, value T) error { return write(o.Out, value) }
}

// styled returns a format that looks as its stream shows it.
func styled[T any](write func(io.Writer, Style, T) error) func(Output, T) error {
	return func(o Output, value T) error { return write(o.Out, o.Out.Style, value) }
}

// withDiagnostics returns a format of a plan that does not hold its
// diagnostics.
func withDiagnostics(write func(io.Writer, Style, *planner.Plan) error) func(Output, *planner.Plan) error {
	return func(o Output, plan *planner.Plan) error {
		if err := write(o.Out, o.Out.Style, plan); err != nil {
			return err
		}
		return Diagnostics(o.Err, o.Err.Style, plan.Diagnostics)
	}
}

func planMarkdown(o Output, plan *planner.Plan) error {
	return PlanMarkdown(o.Out, plan, o.MarkdownBudget)
}

func planGitHub(o Output, plan *planner.Plan) error {
	if err := PlanGitHub(o.Out, o.Out.Style, plan); err != nil {
		return err
	}
	return o.TellGitHub(plan)
}

// Findings are diagnostics, and a sentence for a person after them.
type Findings struct {
	List diag.List
	Then string
}

func validationText(o Output, f Findings) error { return findingsText(o, o.Out, f) }

func failureText(o Output, f Findings) error { return findingsText(o, o.Err, f) }

func findingsText(o Output, then io.Writer, f Findings) error {
	err := Diagnostics(o.Err, o.Err.Style, f.List)
	if err == nil && f.Then != "" {
		_, err = fmt.Fprintln(then, f.Then)
	}
	return err
}

func findings(write func(io.Writer, diag.List) error) func(Output, Findings) error {
	return func(o Output, f Findings) error { return write(o.Out, f.List) }
}

func findingsSARIF(o Output, f Findings) error { return DiagnosticsSARIF(o.Out, o.Tool(), f.List) }

func failureEvent(o Output, f Findings) error { return NewEvents(o.Out, o.Now).Error(f.List) }
