package report

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/planner"
)

// driftWords say what happened to a resource, behind its address.
var driftWords = map[planner.DriftKind]string{
	planner.DriftChanged:  "was changed outside of wfpsync",
	planner.DriftDiffers:  "is not what the stack file says: changed in the account, or not applied yet",
	planner.DriftMissing:  "is missing: deleted in the account, or not applied yet",
	planner.DriftAdded:    "was added to a Worker of the stack",
	planner.DriftUnmarked: "is there without the stack's mark: replaced by another program, or never adopted",
}

// driftMarkers are as those of a plan, seen from the other side.
var driftMarkers = map[planner.DriftKind][2]string{
	planner.DriftChanged:  {yellow, "~"},
	planner.DriftDiffers:  {yellow, "~"},
	planner.DriftMissing:  {red, "-"},
	planner.DriftAdded:    {green, "+"},
	planner.DriftUnmarked: {yellow, "~"},
}

// driftTimes say when a resource was applied and written, as far as it is known.
func driftTimes(d planner.Drifted) string {
	var times []string
	if !d.AppliedAt.IsZero() {
		times = append(times, "applied "+moment(d.AppliedAt))
	}
	if !d.WrittenAt.IsZero() && d.What != planner.DriftMissing {
		times = append(times, "last written "+moment(d.WrittenAt))
	}
	return strings.Join(times, ", ")
}

// driftVerdict returns the line that counts: its beginning and the rest.
func driftVerdict(drift *planner.Drift) (verdict, rest string) {
	pending := ""
	if drift.Pending > 0 {
		pending = " " + count(drift.Pending, "change of the stack file is", "changes of the stack file are") + " not applied yet."
	}
	if len(drift.Changes) == 0 {
		return "No drift.", " The account is as it was applied." + pending
	}
	return "Drift:", " " + count(len(drift.Changes), "resource is", "resources are") + " not as applied." + pending
}

// driftValue returns a difference on one line, as what was and what is.
func driftValue(f planner.FieldChange) string {
	switch {
	case f.Sensitive:
		return "(secret)"
	case f.Op == planner.FieldAdd:
		return "is now " + driftText(f.After)
	case f.Op == planner.FieldRemove:
		return "was " + driftText(f.Before) + ", is gone"
	}
	return fmt.Sprintf("was %s, is now %s", driftText(f.Before), driftText(f.After))
}

func driftText(value any) string { return textBounds.excerpt(compact(value, false), 0) }
