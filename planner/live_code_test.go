package planner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// The replaced code that a plan keeps is limited in size, and does not affect
// the plan's digest.
func TestLiveCode(t *testing.T) {
	var file strings.Builder
	file.WriteString("version: 1\nname: platform\ndispatch_namespaces: { customers: {} }\nuser_workers:\n")
	for i := range 20 {
		fmt.Fprintf(&file, "  w%02d: { dispatch_namespace: customers, script: \"export default {}\", compatibility_date: 2026-10-01 }\n", i)
	}
	stack := parse(t, file.String())
	drift := func(size int) *planner.Plan {
		world := live(t, stack)
		for i := range 20 {
			found := world.Resources[userWorker(fmt.Sprintf("w%02d", i))]
			script := spec.Script{CompatibilityDate: "2026-10-01", Code: &spec.Code{}}
			script.Code.Complete("index.js", []spec.Module{{Name: "index.js", Type: spec.ESModule, Content: []byte(fmt.Sprint(i) + strings.Repeat(" ", size))}})
			found.Resource, found.Detailed = found.Resource.(spec.Scripted).WithScript(script), true
			found.Revision.ModifiedOn = applied.AddDate(0, 0, 1)
		}
		return planOn(t, world, stack, stack, planner.Options{})
	}
	small := drift(100)
	if len(small.LiveCode) != 20 {
		t.Errorf("kept %d of 20 small ones", len(small.LiveCode))
	}
	if n := len(drift(1 << 20).LiveCode); n != 0 {
		t.Errorf("kept %d that are larger than anybody reads", n)
	}
	if n := len(drift(1<<20 - 10).LiveCode); n != 16 {
		t.Errorf("kept %d of 20 large ones, want those that fit into 16 MiB", n)
	}
	roundTrip(t, small)
	if outline := small.Outline(); outline.LiveCode != nil || outline.Digest != small.Digest {
		t.Error("an outline holds code, or is another plan")
	}
}
