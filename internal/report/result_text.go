package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// maxListed is how many changes that need no attention are listed by name.
const maxListed = 20

// runs are how the run of a plan is spoken of, by the plan's mode.
var runs = map[planner.Mode]struct{ complete, noun, command string }{
	planner.Apply:   {"Apply complete!", "apply", "wfpsync apply"},
	planner.Destroy: {"Destroy complete!", "removal", "wfpsync destroy"},
}

// ResultText writes what became of a plan: one line when every change was
// made, beginning with Terraform's `Apply complete!`; else what was applied,
// what failed and why, what was skipped because of it, and how to go on.
func ResultText(w io.Writer, style Style, plan *planner.Plan, result *applier.Result) error {
	return render(w, style, func(p *printer) {
		p.outcome(plan, result)
		if result.Complete() {
			return
		}
		p.line("What was applied stays. To continue with a plan of what is left, run")
		p.line("")
		p.line("    %s", p.paint(bold, safe(cmp.Or(result.Continue, runs[plan.Mode].command))))
	})
}

// OutcomeText writes the same without how to go on, for who goes on by itself.
func OutcomeText(w io.Writer, style Style, plan *planner.Plan, result *applier.Result) error {
	return render(w, style, func(p *printer) { p.outcome(plan, result) })
}

func (p *printer) outcome(plan *planner.Plan, result *applier.Result) {
	run := runs[plan.Mode]
	if result.Complete() {
		p.line("%s Resources: %s.", p.paint(bold+green, run.complete), countsOf(plan, result))
		p.section(p.vanishedLines(result))
		return
	}
	// Tools take a line that begins so for a failure.
	p.line("%s %s", p.paint(bold+red, "Error:"), shortfall(run.noun, result))
	p.section(p.rolloutLines(result))
	p.section(p.appliedLines(result))
	p.section(p.failedLines(result))
	p.section(p.rolledBackLines(result))
	p.section(p.skippedLines(result))
	p.section(p.vanishedLines(result))
	p.line("")
	p.line("Resources: %s.", countsOf(plan, result))
}

// shortfall says how far an incomplete run came.
func shortfall(noun string, result *applier.Result) string {
	end := "is incomplete"
	if interrupted(result) {
		end = "was stopped before its end"
	}
	text := fmt.Sprintf("the %s %s: %s applied, %s failed, %s skipped", noun, end,
		number(result.Applied), number(result.Failed), number(result.Skipped))
	if result.RolledBack > 0 {
		text += ", " + number(result.RolledBack) + " rolled back"
	}
	return text + "."
}

// rolloutLines say which rollouts have stopped.
func (p *printer) rolloutLines(result *applier.Result) []string {
	lines := stoppedRollouts(result)
	for i := range lines {
		lines[i] = p.paint(red, lines[i])
	}
	return lines
}

func (p *printer) rolledBackLines(result *applier.Result) []string {
	var lines []string
	for _, o := range result.Outcomes {
		if o.Status == applier.StatusRolledBack {
			lines = append(lines, "  "+safe(o.Address.String())+lostWords(o.Lost))
		}
	}
	return under(p.paint(yellow, "rolled back"), lines, maxListed)
}

// countsOf counts the changes that were made. What cannot be part of the plan
// is not mentioned.
func countsOf(plan *planner.Plan, result *applier.Result) string {
	m := countMade(result)
	if plan.Mode == planner.Destroy {
		return fmt.Sprintf("%d destroyed", m.Destroyed)
	}
	counts := fmt.Sprintf("%d added, %d changed, %d destroyed", m.Added, m.Changed, m.Destroyed)
	if plan.Summary.Adopt > 0 {
		counts = fmt.Sprintf("%d adopted, %s", m.Adopted, counts)
	}
	return counts
}

func (p *printer) appliedLines(result *applier.Result) []string {
	var lines []string
	for _, o := range result.Outcomes {
		if o.Status == applier.StatusApplied {
			lines = append(lines, fmt.Sprintf("  %s: %s complete after %s", safe(o.Address.String()), wordsOf(o.Action).done, seconds(o.Took)))
		}
	}
	return under(p.paint(green, "applied"), lines, maxListed)
}

// failedLines returns all failures, because every one needs attention.
func (p *printer) failedLines(result *applier.Result) []string {
	var lines []string
	for _, o := range result.Outcomes {
		if o.Status != applier.StatusFailed {
			continue
		}
		lines = append(lines, fmt.Sprintf("  %s could not be %s", p.paint(bold, safe(o.Address.String())), wordsOf(o.Action).failed))
		for line := range strings.Lines(o.Error) {
			lines = append(lines, "      "+safe(strings.TrimSuffix(line, "\n")))
		}
	}
	return under(p.paint(red, "failed"), lines, len(lines))
}

// skippedLines returns the skipped changes, grouped by what they were skipped
// for, in the order in which that first appears.
func (p *printer) skippedLines(result *applier.Result) []string {
	type cause struct {
		change  spec.Address
		rollout string
	}
	var causes []cause
	skipped := map[cause][]string{}
	for _, o := range result.Outcomes {
		if o.Status != applier.StatusSkipped {
			continue
		}
		c := cause{o.Because, o.Rollout}
		if skipped[c] == nil {
			causes = append(causes, c)
		}
		skipped[c] = append(skipped[c], "  "+safe(o.Address.String()))
	}
	var lines []string
	for _, c := range causes {
		heading := p.paint(yellow, "skipped") + " " + reasonToSkip(c.change, c.rollout)
		lines = append(lines, under(heading, skipped[c], maxListed)...)
	}
	return lines
}

// vanishedLines returns the changes that had nothing left to do.
func (p *printer) vanishedLines(result *applier.Result) []string {
	var lines []string
	for _, o := range result.Outcomes {
		if o.Status == applier.StatusVanished {
			lines = append(lines, "  "+safe(o.Address.String()))
		}
	}
	return under(p.paint(yellow, "deleted since by the program that uploads them, and left so"), lines, maxListed)
}

func reasonToSkip(because spec.Address, rollout string) string {
	switch {
	case rollout != "":
		return "because the rollout " + safe(rollout) + " has stopped"
	case because.IsZero():
		return "because the run was stopped"
	}
	return "because of " + safe(because.String())
}

// under puts lines under a heading, up to a number of them.
func under(heading string, lines []string, most int) []string {
	if len(lines) == 0 {
		return nil
	}
	if rest := len(lines) - most; rest > 1 {
		lines = append(lines[:most:most], fmt.Sprintf("  … and %s more", number(rest)))
	}
	return append([]string{heading}, lines...)
}

// seconds returns a duration as a person cares for it.
func seconds(d time.Duration) string { return d.Round(time.Second).String() }
