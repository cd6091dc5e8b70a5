package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
)

// What every format says of a plan, in safe words.

// because returns the reason for a change where the action does not say it
// already, and when it has its turn.
func because(c planner.Change) string {
	texts := []string{waveWords(c), reasonWords(c)}
	if c.Action == planner.WriteSecrets {
		texts = append(texts, "only secrets are written: nothing is uploaded")
	}
	return strings.Join(slices.DeleteFunc(texts, func(text string) bool { return text == "" }), "; ")
}

func reasonWords(c planner.Change) string {
	if c.Action == planner.Replace {
		return "it cannot be changed in place: it is deleted with everything in it, and created again"
	}
	switch c.Reason {
	case planner.ReasonDrifted:
		if c.Prior != nil && c.Prior.Mark != nil {
			return fmt.Sprintf("changed outside of wfpsync: applied %s, last written %s",
				moment(c.Prior.Mark.Uploaded), moment(c.Prior.ModifiedOn))
		}
		return "changed outside of wfpsync"
	case planner.ReasonUnmarked:
		return "its mark cannot be read, so nothing vouches for what is there"
	case planner.ReasonTemplate:
		if c.MarkOnly {
			return "discovered, and already as the template says: only its mark is written"
		}
		return "discovered, and the template is new to it"
	case planner.ReasonChanged:
		if c.MarkOnly {
			return "the template manages other fields, and it has what they say: only its mark is written"
		}
	case planner.ReasonUnproven:
		return "its probe was not answered yet: it is probed again, and nothing but its mark is written"
	case planner.ReasonRemoved:
		return "no longer in the stack file"
	case planner.ReasonRenamed:
		return "renamed"
	case planner.ReasonUnwanted:
		return "listed under `removed`"
	case planner.ReasonUnmanaged:
		if c.MarkOnly && c.Blocked == nil {
			return "exists already, and no stack manages it: only its mark is written"
		}
		if c.TakesOver() {
			return "exists already, and no stack manages it: it is adopted first"
		}
		if c.Blocked == nil {
			return "exists already, and no stack manages it"
		}
	}
	return ""
}

// moment returns a time on the platform's clock.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// blockedWords say what keeps a change from being made, and what to do about it.
// Both are "" when nothing does.
func blockedWords(c planner.Change) (message, hint string) {
	if c.Blocked == nil {
		return "", ""
	}
	message = safe(c.Blocked.Message)
	var places []string
	if at := c.At.String(); at != "" {
		places = append(places, safe(at))
	}
	if at := c.Blocked.At.String(); at != "" {
		places = append(places, "the policy is at "+safe(at))
	}
	if len(places) > 0 {
		message += " (" + strings.Join(places, "; ") + ")"
	}
	return message, safe(c.Blocked.Hint)
}

// conclusion returns the line that counts what happens: its beginning, which
// other programs look for, and the rest.
func conclusion(plan *planner.Plan) (verdict, rest string) {
	s := plan.Summary
	switch {
	case !plan.HasChanges() && plan.Partial != nil:
		return "No changes.", " What the plan is limited to needs none."
	case !plan.HasChanges() && plan.Mode == planner.Destroy:
		return "No changes.", " The account has nothing that this stack could remove."
	case !plan.HasChanges():
		return "No changes.", " The account matches the stack file."
	}
	adopt := ""
	if s.Adopt > 0 {
		adopt = fmt.Sprintf("%d to adopt, ", s.Adopt)
	}
	return "Plan:", fmt.Sprintf(" %s%d to add, %d to change, %d to destroy.", adopt, s.Add, s.Change, s.Destroy)
}

// leftAlone says what was seen and is not touched.
func leftAlone(plan *planner.Plan) []string {
	var lines []string
	if n := plan.Summary.Unchanged; n > 0 && plan.HasChanges() {
		lines = append(lines, count(n, "resource stays as it is.", "resources stay as they are."))
	}
	taken := 0
	for _, c := range plan.Changes {
		if c.TakesOver() && c.Blocked == nil {
			taken++
		}
	}
	if taken > 0 {
		lines = append(lines, "Of those to change, "+count(taken, "is adopted first: no stack manages it yet.", "are adopted first: no stack manages them yet."))
	}
	return append(lines, Unmanaged(plan)...)
}

// Unmanaged says what was seen and is not the stack's.
func Unmanaged(plan *planner.Plan) []string {
	var lines []string
	for _, u := range plan.Unmanaged {
		n, verb := u.Unowned+u.Foreign, "are"
		if n == 1 {
			verb = "is"
		}
		line := fmt.Sprintf("%s%s %s not managed by this stack and %s left alone", countKind(n, u.Kind), in(u.Parent), verb, verb)
		if u.Foreign > 0 {
			line += fmt.Sprintf(" (%s of another stack)", number(u.Foreign))
		}
		lines = append(lines, line+".")
	}
	return lines
}

// Bounds of what is said about the rest of a partial plan.
const (
	maxTargets    = 3
	longestTarget = 60 // characters
)

// partiality says that a plan is not all that the stack needs, and how much of it
// is left out; nothing of a whole plan. Its size is bounded.
func partiality(plan *planner.Plan) string {
	if plan.Partial == nil {
		return ""
	}
	var targets []string
	for _, target := range plan.Partial.Targets[:min(len(plan.Partial.Targets), maxTargets)] {
		targets = append(targets, shortName(safe(target), longestTarget))
	}
	if more := len(plan.Partial.Targets) - maxTargets; more > 0 {
		targets = append(targets, number(more)+" more")
	}
	limit := "--target " + strings.Join(targets, ", ")
	if wave := plan.Partial.Wave; wave > 0 {
		limit = strings.TrimSuffix(fmt.Sprintf("--wave %d %s", wave, limit), " --target ")
	}
	return fmt.Sprintf("This plan is partial: it has what %s needs, and leaves out %s.",
		limit, count(len(plan.Partial.LeftOut), "change", "changes"))
}

// maxLeftOut is how many changes are named that a partial plan leaves out.
const maxLeftOut = 20

// leftOut names the changes that a partial plan leaves out.
func leftOut(plan *planner.Plan) []string {
	if plan.Partial == nil {
		return nil
	}
	var lines []string
	for i, l := range plan.Partial.LeftOut {
		if i == maxLeftOut {
			return append(lines, "Left out: "+count(len(plan.Partial.LeftOut)-i, "more change", "more changes")+".")
		}
		lines = append(lines, fmt.Sprintf("Left out: %s would be %s.", safe(l.Address.String()), wordsOf(l.Action).planned))
	}
	return lines
}

// obstacles say whether the plan can be applied at all.
func obstacles(plan *planner.Plan) []string {
	const refusal = "This plan cannot be applied: "
	var lines []string
	if n := plan.Summary.Blocked; n > 0 {
		lines = append(lines, refusal+count(n, "change is", "changes are")+" blocked.")
	}
	if errors, _ := countDiagnostics(plan.Diagnostics); errors > 0 {
		lines = append(lines, refusal+count(errors, "error", "errors")+" must be resolved first.")
	}
	return lines
}

// diagnosticWords returns a diagnostic on one line, with its hint on further
// ones.
func diagnosticWords(d diag.Diagnostic) (text string, hints []string) {
	text = string(d.Severity) + ": " + safe(d.Message)
	if at := d.Range.String(); at != "" {
		text = safe(at) + ": " + text
	}
	if d.Rule != "" {
		text += " [" + safe(d.Rule) + "]"
	}
	if d.Hint != "" {
		hints = textLines(d.Hint)
	}
	return text, hints
}
