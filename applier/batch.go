package applier

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// BatchTarget is a [Target] that makes several changes of some kinds in one
// request: ten thousand KV pairs, say, which would take forty minutes one by
// one.
type BatchTarget interface {
	Target

	// BatchSize returns how many changes of a kind one request makes; 1 for
	// most kinds.
	BatchSize(kind spec.Kind) int

	// PutAll is like [Target.Put], for resources of one collection. Each has
	// its own result.
	PutAll(ctx context.Context, writes []spec.Write) ([]spec.Revision, []error)

	// DeleteAll is like [Target.Delete], for resources of one collection.
	DeleteAll(ctx context.Context, addresses []spec.Address, priors []spec.Revision) []error
}

// maxBatchWait is how long a ready change waits for others of its batch while
// other changes can be made.
const maxBatchWait = 10 * time.Second

// batchKey says which changes can be made together.
type batchKey struct {
	collection spec.Collection
	deletes    bool
}

// batch holds ready changes that can be made together.
type batch struct {
	jobs  []*job
	since time.Time // when the first one became ready
	limit int
}

// batchSize returns how many changes of a job's kind one request makes.
func (r *run) batchSize(j *job) int {
	if target, ok := r.target.(BatchTarget); ok {
		return target.BatchSize(j.change.Address.Kind)
	}
	return 1
}

func batchKeyOf(j *job) batchKey {
	return batchKey{j.change.Address.Collection(), j.change.Action == planner.Delete}
}

// makeReady lets a job begin, or adds it to its batch.
func (r *run) makeReady(j *job) {
	limit := r.batchSize(j)
	if limit <= 1 {
		r.ready = append(r.ready, j)
		return
	}
	g := r.batches[batchKeyOf(j)]
	if g == nil {
		g = &batch{since: r.options.Now(), limit: limit}
		r.batches[batchKeyOf(j)] = g
	}
	g.jobs = append(g.jobs, j)
}

// next returns what may begin now, nil if nothing may. A batch begins when it
// is full, when all of the plan's changes that belong to it are ready, when it
// has waited long enough, or when there is nothing else to do. Otherwise it is
// a single job.
func (r *run) next() []*job {
	idle := r.underWay == 0 && len(r.ready) == 0
	for _, s := range slices.SortedFunc(maps.Keys(r.batches), compareBatchKeys) {
		g := r.batches[s]
		due := len(g.jobs) >= min(g.limit, r.notBegun[s]) || r.options.Now().Sub(g.since) >= maxBatchWait
		if due || idle {
			return r.takeBatch(s)
		}
	}
	if len(r.ready) == 0 {
		return nil
	}
	j := r.ready[0]
	r.ready = r.ready[1:]
	return []*job{j}
}

// takeBatch removes from a batch as many jobs as one request can make.
func (r *run) takeBatch(s batchKey) []*job {
	g := r.batches[s]
	begun := g.jobs[:min(g.limit, len(g.jobs))]
	if g.jobs = g.jobs[len(begun):]; len(g.jobs) == 0 {
		delete(r.batches, s)
	}
	r.notBegun[s] -= len(begun)
	return begun
}

// compareBatchKeys puts deletions first.
func compareBatchKeys(a, b batchKey) int {
	if a.deletes != b.deletes {
		return map[bool]int{true: -1, false: 1}[a.deletes]
	}
	return a.collection.Compare(b.collection)
}

// startBatch makes the changes of one batch in its own goroutine.
func (r *run) startBatch(ctx context.Context, jobs []*job) {
	began := r.options.Now()
	target := r.target.(BatchTarget)
	report := func(revisions []spec.Revision, errs []error) {
		results := make([]jobResult, len(jobs))
		for i, j := range jobs {
			results[i] = jobResult{job: j, took: r.options.Now().Sub(began), err: errs[i]}
			if revisions != nil {
				results[i].revision = revisions[i]
			}
		}
		r.done <- results
	}
	if jobs[0].change.Action == planner.Delete {
		addresses, priors := make([]spec.Address, len(jobs)), make([]spec.Revision, len(jobs))
		for i, j := range jobs {
			addresses[i], priors[i] = j.change.Address, *j.change.Prior
		}
		go func() { report(nil, target.DeleteAll(ctx, addresses, priors)) }()
		return
	}
	writes := make([]spec.Write, len(jobs))
	for i, j := range jobs {
		writes[i] = spec.Write{Stack: r.stack, Resource: j.change.Desired, Prior: j.change.Prior}
	}
	go func() { report(target.PutAll(ctx, writes)) }()
}
