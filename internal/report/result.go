package report

import (
	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// made counts the changes that were made, by what they did.
type made struct {
	Adopted   int `json:"adopted"`
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Destroyed int `json:"destroyed"`
}

func countMade(result *applier.Result) made {
	var m made
	for _, o := range result.Outcomes {
		if o.Status != applier.StatusApplied {
			continue
		}
		switch o.Action {
		case planner.Create:
			m.Added++
		case planner.Update, planner.WriteSecrets:
			m.Changed++
		case planner.Delete:
			m.Destroyed++
		case planner.Replace:
			m.Added++
			m.Destroyed++
		case planner.Adopt:
			m.Adopted++
		}
	}
	return m
}

// interrupted reports whether the run was stopped before it had tried everything.
func interrupted(result *applier.Result) bool {
	for _, o := range result.Outcomes {
		if o.Status == applier.StatusSkipped && o.Because == (spec.Address{}) && o.Rollout == "" {
			return true
		}
	}
	return false
}
