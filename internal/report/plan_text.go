package report

import (
	"fmt"
	"io"
	"time"

	"github.com/wfpsync/wfpsync/planner"
)

// PlanText writes a plan for a person to review, in Terraform's wording. The
// lines `# ADDRESS will be created` (destroyed, updated in-place), `Plan: …` and
// `No changes.` are read by other programs: they are part of the interface. The
// plan's diagnostics are not part of it; see [Diagnostics].
func PlanText(w io.Writer, style Style, plan *planner.Plan) error {
	return render(w, style, func(p *printer) {
		p.line("Stack %s, account %s", p.paint(bold, safe(plan.Stack)), p.paint(bold, accountName(plan.Account)))
		if plan.Mode == planner.Destroy {
			p.line("This plan removes what the stack owns.")
		}
		p.line("")
		for _, c := range plan.Changes {
			p.change(plan, c)
			p.line("")
		}
		p.line("%s", p.conclusion(plan))
		p.section(p.leftAlone(plan))
		p.section(p.verdicts(plan))
		p.section(p.obstacles(plan))
		p.line("")
		p.line("Plan digest: %s", safe(plan.Digest))
	})
}

// change writes what happens to one resource, why, and what stands in the way.
func (p *printer) change(plan *planner.Plan, c planner.Change) {
	words := wordsOf(c.Action)
	address := safe(c.Address.String())
	p.line("  # %s will be %s", p.paint(bold, address), p.paint(words.color, words.planned))
	if why := because(c); why != "" {
		p.line("  # (%s)", why)
	}
	p.line("  %s %s", p.paint(words.color, words.marker), address)
	p.fields(plan, c)
	p.blocked(c)
}

// because is the reason for a change where the action does not say it already.
func because(c planner.Change) string {
	switch c.Reason {
	case planner.ReasonDrifted:
		if c.Prior != nil && c.Prior.Mark != nil {
			return fmt.Sprintf("changed outside of wfpsync: applied %s, last written %s",
				moment(c.Prior.Mark.Uploaded), moment(c.Prior.ModifiedOn))
		}
		return "changed outside of wfpsync"
	case planner.ReasonUnmarked:
		return "its mark cannot be read, so nothing vouches for what is there"
	case planner.ReasonRemoved:
		return "no longer in the stack file"
	case planner.ReasonRenamed:
		return "renamed"
	case planner.ReasonUnwanted:
		return "listed under `removed`"
	case planner.ReasonUnmanaged:
		if c.Blocked == nil {
			return "exists already, and no stack manages it"
		}
	}
	return ""
}

// moment is a time on the platform's clock.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// blocked says what keeps a change from being made.
func (p *printer) blocked(c planner.Change) {
	if c.Blocked == nil {
		return
	}
	place := ""
	if at := c.At.String(); at != "" {
		place = " (" + safe(at) + ")"
	}
	p.line("      %s %s%s", p.paint(red, "blocked:"), safe(c.Blocked.Message), place)
	if c.Blocked.Hint != "" {
		p.line("      %s %s", p.paint(green, "hint:"), safe(c.Blocked.Hint))
	}
}

// conclusion is the line that counts what happens.
func (p *printer) conclusion(plan *planner.Plan) string {
	s := plan.Summary
	if !plan.HasChanges() {
		if plan.Mode == planner.Destroy {
			return p.paint(bold, "No changes.") + " The account has nothing that this stack could remove."
		}
		return p.paint(bold, "No changes.") + " The account matches the stack file."
	}
	adopt := ""
	if s.Adopt > 0 {
		adopt = fmt.Sprintf("%d to adopt, ", s.Adopt)
	}
	return p.paint(bold, "Plan:") + fmt.Sprintf(" %s%d to add, %d to change, %d to destroy.", adopt, s.Add, s.Change, s.Destroy)
}

// leftAlone says what was seen and is not touched.
func (p *printer) leftAlone(plan *planner.Plan) []string {
	var lines []string
	if n := plan.Summary.Unchanged; n > 0 && plan.HasChanges() {
		lines = append(lines, count(n, "resource stays as it is.", "resources stay as they are."))
	}
	for _, u := range plan.Unmanaged {
		n, verb := u.Unowned+u.Foreign, "are"
		if n == 1 {
			verb = "is"
		}
		where := ""
		if u.Parent != "" {
			where = " in " + safe(u.Parent)
		}
		line := fmt.Sprintf("%s%s %s not managed by this stack and %s left alone", countKind(n, u.Kind), where, verb, verb)
		if u.Foreign > 0 {
			line += fmt.Sprintf(" (%s of another stack)", number(u.Foreign))
		}
		lines = append(lines, line+".")
	}
	return lines
}

// verdicts says what the guards think.
func (p *printer) verdicts(plan *planner.Plan) []string {
	var lines []string
	for _, v := range plan.Guards {
		color := green
		if v.Result == planner.Refused {
			color = red
		}
		lines = append(lines, fmt.Sprintf("Guard %s: %s: %s", safe(v.Guard), p.paint(color, safe(string(v.Result))), safe(v.Message)))
	}
	return lines
}

// obstacles says whether the plan can be applied at all.
func (p *printer) obstacles(plan *planner.Plan) []string {
	const refusal = "This plan cannot be applied: "
	var lines []string
	if n := plan.Summary.Blocked; n > 0 {
		lines = append(lines, p.paint(red, refusal+count(n, "change is", "changes are")+" blocked."))
	}
	if errors, _ := countDiagnostics(plan.Diagnostics); errors > 0 {
		lines = append(lines, p.paint(red, refusal+count(errors, "error", "errors")+" must be resolved first."))
	}
	return lines
}
