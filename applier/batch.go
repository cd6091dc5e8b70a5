package applier

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Gatherer is a [Target] that makes changes of some kinds together: ten thousand
// KV pairs in one request, say, instead of forty minutes of them.
type BatchTarget interface {
	Target

	// Together is how many changes of a kind it takes at once; 1 for most.
	BatchSize(kind spec.Kind) int

	// PutAll is [Target.Put] of resources of one collection, each with a result
	// of its own.
	PutAll(ctx context.Context, writes []spec.Write) ([]spec.Revision, []error)

	// DeleteAll is [Target.Delete] of resources of one collection.
	DeleteAll(ctx context.Context, addresses []spec.Address, priors []spec.Revision) []error
}

// longestGathering is how long a change that is ready waits for others of its
// sort, as long as there is something else to do meanwhile.
const longestGathering = 10 * time.Second

// changeSort is which changes can be made together.
type changeSort struct {
	collection spec.Collection
	deletes    bool
}

// gathering are changes of a sort that are ready.
type gathering struct {
	jobs  []*job
	since time.Time // when the first of them was ready
	limit int
}

// together is how many changes of a job's kind the target takes at once.
func (r *run) together(j *job) int {
	if gatherer, ok := r.target.(BatchTarget); ok {
		return gatherer.BatchSize(j.change.Address.Kind)
	}
	return 1
}

func sortOf(j *job) changeSort {
	return changeSort{j.change.Address.Collection(), j.change.Action == planner.Delete}
}

// makeReady lets a job begin, or wait for others of its sort.
func (r *run) makeReady(j *job) {
	limit := r.together(j)
	if limit <= 1 {
		r.ready = append(r.ready, j)
		return
	}
	g := r.gathered[sortOf(j)]
	if g == nil {
		g = &gathering{since: r.options.Now(), limit: limit}
		r.gathered[sortOf(j)] = g
	}
	g.jobs = append(g.jobs, j)
}

// next is what may begin now: several changes of a sort as soon as all that the
// plan has of it are ready, or as many as are taken at once, or they have waited
// long enough, or nothing else is to be done; else one job. It is nil where
// nothing may.
func (r *run) next() []*job {
	idle := r.underWay == 0 && len(r.ready) == 0
	for _, s := range slices.SortedFunc(maps.Keys(r.gathered), compareSorts) {
		g := r.gathered[s]
		due := len(g.jobs) >= min(g.limit, r.unsettled[s]) || r.options.Now().Sub(g.since) >= longestGathering
		if due || idle {
			return r.begin(s)
		}
	}
	if len(r.ready) == 0 {
		return nil
	}
	j := r.ready[0]
	r.ready = r.ready[1:]
	return []*job{j}
}

// begin takes what may be made at once off what is gathered of a sort.
func (r *run) begin(s changeSort) []*job {
	g := r.gathered[s]
	begun := g.jobs[:min(g.limit, len(g.jobs))]
	if g.jobs = g.jobs[len(begun):]; len(g.jobs) == 0 {
		delete(r.gathered, s)
	}
	r.unsettled[s] -= len(begun)
	return begun
}

// compareSorts lets deletions come first.
func compareSorts(a, b changeSort) int {
	if a.deletes != b.deletes {
		return map[bool]int{true: -1, false: 1}[a.deletes]
	}
	return a.collection.Compare(b.collection)
}

// startTogether makes changes of one sort in a goroutine of their own.
func (r *run) startTogether(ctx context.Context, jobs []*job) {
	began := r.options.Now()
	gatherer := r.target.(BatchTarget)
	answered := func(revisions []spec.Revision, errs []error) {
		answers := make([]answer, len(jobs))
		for i, j := range jobs {
			answers[i] = answer{job: j, took: r.options.Now().Sub(began), err: errs[i]}
			if revisions != nil {
				answers[i].revision = revisions[i]
			}
		}
		r.done <- answers
	}
	if jobs[0].change.Action == planner.Delete {
		addresses, priors := make([]spec.Address, len(jobs)), make([]spec.Revision, len(jobs))
		for i, j := range jobs {
			addresses[i], priors[i] = j.change.Address, *j.change.Prior
		}
		go func() { answered(nil, gatherer.DeleteAll(ctx, addresses, priors)) }()
		return
	}
	writes := make([]spec.Write, len(jobs))
	for i, j := range jobs {
		writes[i] = spec.Write{Stack: r.stack, Resource: j.change.Desired, Prior: j.change.Prior}
	}
	go func() { answered(gatherer.PutAll(ctx, writes)) }()
}
