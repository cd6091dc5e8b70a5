package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// loadPlacement reads `placement` into what wrangler uploads for it: nothing
// when it is off, and the mode that a target implies.
// Source: workers-sdk, parseConfigPlacement.
func (l *loader) loadPlacement(value *document.Value) any {
	mode, hint := value.Member("mode"), value.Member("hint")
	var target *document.Member
	for _, key := range spec.PlacementTargets {
		m := value.Member(key)
		if m != nil && target != nil {
			l.Report(spec.RulePlacement, m.Range(), fmt.Sprintf("`%s` and `%s` cannot both be given", target.Key, key), "remove one of the two",
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
		l.Report(spec.RulePlacement, hint.Range(), "`hint` is for smart placement", "write mode: smart beside it, or remove it")
	case target != nil && (text == "smart" || text == "off"):
		l.Report(spec.RulePlacement, target.Range(), fmt.Sprintf("`%s` does nothing with mode: %s", target.Key, text), "write mode: targeted beside it, or remove it",
			diag.Related{Range: mode.Range(), Message: "`mode` is here"})
	case target == nil && text == "targeted":
		l.Report(spec.RulePlacement, value.Get("mode").Range(), "mode: targeted needs a target", "add one of `region`, `host` and `hostname`")
	case target != nil:
		return spec.Object{"mode": "targeted", target.Key: target.Value.String()}
	case text == "smart":
		placement := spec.Object{"mode": text}
		canon.SetIfAny(placement, "hint", value.Get("hint").String())
		return placement
	}
	return nil
}
