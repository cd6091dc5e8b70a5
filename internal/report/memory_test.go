package report

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// maxMemory is what showing a plan of 10,000 changes may take, besides the plan.
const maxMemory = 300 << 20

// discard counts what it is given.
type discard struct{ size int }

func (d *discard) Write(data []byte) (int, error) {
	d.size += len(data)
	return len(data), nil
}

// Showing a plan takes a bounded amount of memory, in every format. All that is
// asked for counts, whether or not it could be given back meanwhile: at no time
// can more of it be in use.
func TestPlansOfManyChangesNeedLittleMemory(t *testing.T) {
	formats := map[string]func(io.Writer, *planner.Plan) error{
		"saved":         planner.Write,
		"drift":         func(w io.Writer, plan *planner.Plan) error { return DriftText(w, Style{}, planner.NewDrift(plan)) },
		"drift as JSON": func(w io.Writer, plan *planner.Plan) error { return DriftJSON(w, planner.NewDrift(plan)) },
	}
	for name, write := range planFormats {
		formats[name] = write
	}
	for what, plan := range map[string]*planner.Plan{"one code": manyChanges(10_000), "a code each": manyCodes(10_000)} {
		for name, write := range formats {
			t.Run(what+"/"+name, func(t *testing.T) {
				var before, after runtime.MemStats
				var out discard
				runtime.ReadMemStats(&before)
				if err := write(&out, plan); err != nil {
					t.Fatal(err)
				}
				runtime.ReadMemStats(&after)
				used := int64(after.TotalAlloc - before.TotalAlloc)
				t.Logf("%s, taking %s", bytesOf(int64(out.size)), bytesOf(used))
				if used > maxMemory {
					t.Errorf("%s of memory, more than %s", bytesOf(used), bytesOf(maxMemory))
				}
			})
		}
	}
}

// manyCodes returns a plan over Workers that another program has written, each
// in its own way.
func manyCodes(n int) *planner.Plan {
	plan := manyChanges(n)
	wanted := spec.Code{}
	wanted.Complete("index.js", []spec.Module{{Name: "index.js", Type: spec.ESModule, Content: []byte(strings.Repeat("  return new Response('ours');\n", 900))}})
	plan.Code = map[string]planner.Code{wanted.Digest: {MainModule: wanted.MainModule, Modules: wanted.Modules}}
	plan.LiveCode = map[string]planner.Code{}
	for i, c := range plan.Changes {
		at := slices.IndexFunc(c.Fields, func(f planner.FieldChange) bool { return f.Path == "/code" && f.Op == planner.FieldReplace })
		if at < 0 {
			continue
		}
		var theirs spec.Code
		theirs.Complete("index.js", []spec.Module{{Name: "index.js", Type: spec.ESModule, Content: []byte(strings.Repeat(fmt.Sprintf("  return new Response('theirs %d');\n", i), 40))}})
		plan.LiveCode[theirs.Digest] = planner.Code{MainModule: theirs.MainModule, Modules: theirs.Modules}
		plan.Changes[i].Fields = slices.Clone(c.Fields)
		plan.Changes[i].Fields[at] = replaced("/code", spec.ShortDigest(theirs.Digest), spec.ShortDigest(wanted.Digest))
	}
	return plan
}
