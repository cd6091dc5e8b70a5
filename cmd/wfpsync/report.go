package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/planner"
)

// planOutput are the flags of commands that show a plan: how, and where to
// besides stdout.
type planOutput struct {
	expand         bool
	markdownBudget int
	graph          string
	reports        []string
}

func (o *planOutput) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.expand, "expand", false, "show every change, even those that are alike")
	cmd.Flags().IntVar(&o.markdownBudget, "markdown-budget", report.MarkdownBudget, "the most `BYTES` that a plan in Markdown may have")
	cmd.Flags().StringArrayVar(&o.reports, "report", nil, "write the plan to a file, too, as `FORMAT=PATH`: "+alternatives(report.PlanFiles.Names())+"; can be repeated")
}

// addGraphFlag is the flag of commands whose document is the plan.
func (o *planOutput) addGraphFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.graph, "graph", "", "print the order of the changes as a graph, in the `LANGUAGE` "+alternatives(report.Graphs.Names())+", instead of the plan")
}

// check refuses what makes no sense, before anything is done.
func (o *planOutput) check(a *app) error {
	switch {
	case o.graph != "" && !slices.Contains(report.Graphs.Names(), o.graph):
		return usage(fmt.Errorf("--graph %q is unknown; it is %s", o.graph, alternatives(report.Graphs.Names())))
	case o.graph != "" && a.flags.format != report.Text:
		return usage(fmt.Errorf("--graph %s and --format %s both say what to print; for both, use --report %[1]s=PATH", o.graph, a.flags.format))
	case o.markdownBudget < report.LeastMarkdownBudget:
		return usage(fmt.Errorf("--markdown-budget %d: use at least %d", o.markdownBudget, report.LeastMarkdownBudget))
	}
	paths := map[string]bool{}
	for _, text := range o.reports {
		format, path, found := strings.Cut(text, "=")
		switch {
		case !found || path == "":
			return usage(fmt.Errorf("--report %q is not of the form FORMAT=PATH", text))
		case !slices.Contains(report.PlanFiles.Names(), format):
			return usage(fmt.Errorf("--report %q: the format %q is unknown; it is %s", text, format, alternatives(report.PlanFiles.Names())))
		case path == "-":
			return usage(fmt.Errorf("--report %q: use --format or --graph for what goes to stdout", text))
		case paths[filepath.Clean(path)]:
			return usage(fmt.Errorf("--report %q: another report goes to the same file", text))
		}
		paths[filepath.Clean(path)] = true
	}
	return nil
}

// printPlan prints the plan in the wanted format, and warnings to the person
// where the document does not have them.
func (a *app) printPlan(p *planner.Plan, o planOutput) error {
	if o.graph != "" {
		return report.Graphs.In(o.graph)(o.shape(a.output()), p)
	}
	return report.Plans.In(a.flags.format)(o.shape(a.output()), p)
}

// shape makes an output show plans as the flags say.
func (o *planOutput) shape(out report.Output) report.Output {
	out.Out.Expand, out.Err.Expand, out.MarkdownBudget = o.expand, o.expand, o.markdownBudget
	return out
}

// writeReports writes the files that were asked for. They are made to be passed
// on, and hold what a plan shows and no secrets, so they are as readable as
// other new files.
func (a *app) writeReports(p *planner.Plan, o planOutput) error {
	for _, text := range o.reports {
		format, path, _ := strings.Cut(text, "=")
		write := func(w io.Writer) error {
			out := report.Output{Out: a.stream(w), Err: report.Stream{Writer: io.Discard}}
			return report.PlanFiles.In(format)(o.shape(out), p)
		}
		if err := writeFile(path, 0o666, write); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return nil
}

// tellGitHub writes the plan into the files that GitHub Actions names for the
// summary of the step and for its outputs.
func (a *app) tellGitHub(p *planner.Plan) error {
	return errors.Join(a.writeStepSummary(p), a.writeStepOutputs(p))
}

// writeStepSummary adds the plan to the step's summary, as far as there is room.
func (a *app) writeStepSummary(p *planner.Plan) error {
	path := a.env("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	room := report.StepSummaryBudget
	if info, err := os.Stat(path); err == nil {
		room -= int(info.Size())
	}
	if room < report.LeastMarkdownBudget {
		return nil // GitHub would show nothing of it
	}
	var summary bytes.Buffer
	if err := report.PlanMarkdown(&summary, p, room); err != nil {
		return err
	}
	if err := appendFile(path, summary.Bytes()); err != nil {
		return fmt.Errorf("write step summary: %w", err)
	}
	return nil
}

func (a *app) writeStepOutputs(p *planner.Plan) error {
	path := a.env("GITHUB_OUTPUT")
	if path == "" {
		return nil
	}
	var outputs bytes.Buffer
	if err := report.PlanOutputs(&outputs, p); err != nil {
		return err
	}
	if err := appendFile(path, outputs.Bytes()); err != nil {
		return fmt.Errorf("write step outputs: %w", err)
	}
	return nil
}
