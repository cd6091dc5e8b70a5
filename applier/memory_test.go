package applier_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// trivial is an account that does nothing.
type trivial struct{}

func (trivial) Reread(context.Context, []spec.Address, bool) (*spec.Snapshot, error) {
	return spec.NewSnapshot(spec.Account{}), nil
}

func (trivial) Read(context.Context, string, []spec.Collection) (*spec.Snapshot, error) {
	return spec.NewSnapshot(spec.Account{}), nil
}

func (trivial) Put(context.Context, spec.Write) (spec.Revision, error) { return spec.Revision{}, nil }

func (trivial) Capture(context.Context, spec.Address, spec.Revision) (*spec.Live, error) {
	return nil, nil
}

func (trivial) Restore(context.Context, spec.Restoration) (spec.Revision, error) {
	return spec.Revision{}, nil
}

func (trivial) MarkUnproven(context.Context, spec.Write, []spec.Revision) (spec.Revision, error) {
	return spec.Revision{}, nil
}

func (trivial) Delete(context.Context, spec.Address, spec.Revision) error { return nil }

// manyChanges returns a plan that creates user Workers of one code.
func manyChanges(n int) *planner.Plan {
	code := new(spec.Code)
	code.Complete("index.js", []spec.Module{{Name: "index.js", Type: spec.ESModule, Content: []byte("export default {}")}})
	p := &planner.Plan{Stack: "s", Changes: make([]planner.Change, n)}
	for i := range p.Changes {
		w := &spec.UserWorker{DispatchNamespace: "ns", Name: fmt.Sprintf("w%06d", i), Script: spec.Script{Code: code}}
		p.Changes[i] = planner.Change{Address: w.Address(), Action: planner.Create, Desired: w}
	}
	return p
}

// TestMemoryIsFlat checks that a run keeps little of each change, and nothing
// of what it has sent. It measures live memory while the run goes on.
func TestMemoryIsFlat(t *testing.T) {
	const changes, limit = 100_000, 800 // bytes for each change
	p := manyChanges(changes)
	live := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	began, done, peak := live(), 0, uint64(0)
	result, err := applier.Run(t.Context(), trivial{}, p, applier.Options{Secret: secretOf}, func(e applier.Event) {
		if _, ok := e.(applier.Succeeded); ok {
			if done++; done%(changes/4) == 0 {
				peak = max(peak, live())
			}
		}
	})
	if err != nil || result.Applied != changes {
		t.Fatalf("%d of %d applied: %v", result.Applied, changes, err)
	}
	if each := (int64(peak) - int64(began)) / changes; each > limit {
		t.Errorf("the run keeps %d bytes of each change, more than %d", each, limit)
	} else {
		t.Logf("the run keeps %d bytes of each change", each)
	}
	runtime.KeepAlive(p)
}

// BenchmarkRun measures the applier's own cost.
func BenchmarkRun(b *testing.B) {
	p := manyChanges(10_000)
	for b.Loop() {
		if _, err := applier.Run(b.Context(), trivial{}, p, applier.Options{Secret: secretOf}, func(applier.Event) {}); err != nil {
			b.Fatal(err)
		}
	}
}
