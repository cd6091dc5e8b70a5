package spec

import (
	"maps"

	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// PlacementTargets are the fields that say where a Worker runs. A placement has
// one of them.
var PlacementTargets = []string{"region", "host", "hostname"}

// canonicalPlacement keeps what can be requested. Answers also say how the
// analysis went, and newer ones have the target in a list. Source: API
// reference, "Get Script Settings".
func canonicalPlacement(value any) any {
	answered, _ := value.(Object)
	fields := maps.Clone(answered)
	if targets, ok := answered["target"].([]any); ok && len(targets) == 1 {
		target, _ := targets[0].(Object)
		maps.Copy(fields, target)
	}
	placement := Object{}
	for _, key := range PlacementTargets {
		canon.SetIfAny(placement, key, fields[key])
	}
	if len(placement) > 0 {
		placement["mode"] = "targeted"
	} else if fields["mode"] == "smart" {
		placement["mode"] = "smart"
		canon.SetIfAny(placement, "hint", fields["hint"])
	}
	return placement
}
