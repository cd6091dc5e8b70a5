package spec

import (
	"fmt"
	"maps"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// placementTargets are the fields that say where a Worker runs. There is one.
var placementTargets = []string{"region", "host", "hostname"}

// loadPlacement reads `placement` into what wrangler uploads for it: nothing
// when it is off, and the mode that a target implies.
// Source: workers-sdk, parseConfigPlacement.
func (l *loader) loadPlacement(value *document.Value) any {
	mode, hint := value.Member("mode"), value.Member("hint")
	var target *document.Member
	for _, key := range placementTargets {
		m := value.Member(key)
		if m != nil && target != nil {
			l.report(RulePlacement, m.Range(), fmt.Sprintf("`%s` and `%s` cannot both be given", target.Key, key), "remove one of the two",
				diag.Related{Range: target.Range(), Message: fmt.Sprintf("`%s` is here", target.Key)})
			return nil
		}
		if m != nil {
			target = m
		}
	}
	text := value.Get("mode").String()
	switch {
	case hint != nil && text != "smart":
		l.report(RulePlacement, hint.Range(), "`hint` is for smart placement", "write mode: smart beside it, or remove it")
	case target != nil && (text == "smart" || text == "off"):
		l.report(RulePlacement, target.Range(), fmt.Sprintf("`%s` does nothing with mode: %s", target.Key, text), "write mode: targeted beside it, or remove it",
			diag.Related{Range: mode.Range(), Message: "`mode` is here"})
	case target == nil && text == "targeted":
		l.report(RulePlacement, value.Get("mode").Range(), "mode: targeted needs a target", "add one of `region`, `host` and `hostname`")
	case target != nil:
		return Object{"mode": "targeted", target.Key: target.Value.String()}
	case text == "smart":
		placement := Object{"mode": text}
		setIfAny(placement, "hint", value.Get("hint").String())
		return placement
	}
	return nil
}

// canonicalPlacement keeps what can be asked for. Answers also say how the
// analysis went, and newer ones hold the target in a list.
// Source: API reference, "Get Script Settings".
func canonicalPlacement(value any) any {
	answered, _ := value.(Object)
	fields := maps.Clone(answered)
	if targets, ok := answered["target"].([]any); ok && len(targets) == 1 {
		target, _ := targets[0].(Object)
		maps.Copy(fields, target)
	}
	placement := Object{}
	for _, key := range placementTargets {
		setIfAny(placement, key, fields[key])
	}
	if len(placement) > 0 {
		placement["mode"] = "targeted"
	} else if fields["mode"] == "smart" {
		placement["mode"] = "smart"
		setIfAny(placement, "hint", fields["hint"])
	}
	return placement
}
