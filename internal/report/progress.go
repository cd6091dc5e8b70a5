package report

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
)

// heartbeat is how often a log says that the run goes on. Systems for
// continuous integration take a silence of ten minutes for a hang.
const heartbeat = 30 * time.Second

// ProgressOptions are how the progress of a run is shown.
type ProgressOptions struct {
	Style Style

	// Live redraws bars in place, which only a terminal can show; otherwise
	// every change has a line when it begins and one when it ends.
	Live bool

	// Quiet shows nothing but what [Progress.Note] is given.
	Quiet bool

	// Pace is how long it takes at least until a number of requests have gone out.
	Pace func(requests int) time.Duration

	Now func() time.Time
}

// Progress shows how far the run of a plan has come. Nothing else may write to
// its writer until it is closed.
type Progress struct {
	options ProgressOptions
	out     io.Writer
	live    *liveBars // nil unless live

	mu       sync.Mutex
	total    int
	done     int // applied, failed or skipped
	failed   int
	underWay int
	recent   []time.Time // when the last changes were made

	closed  chan struct{}
	closing sync.WaitGroup
}

// maxRecent is how many of the last changes the speed of a run is taken from.
const maxRecent = 64

// NewProgress begins to show the run of a plan.
func NewProgress(w io.Writer, plan *planner.Plan, options ProgressOptions) *Progress {
	p := &Progress{options: options, out: w, total: len(plan.Changes), closed: make(chan struct{})}
	switch {
	case options.Quiet || p.total == 0:
	case options.Live:
		p.live = newLiveBars(w, plan, p.status)
	default:
		p.closing.Go(p.beat)
	}
	return p
}

// Event shows an event of the run.
func (p *Progress) Event(e applier.Event) {
	p.count(e)
	switch {
	case p.options.Quiet:
	case p.live != nil:
		switch e.(type) {
		case applier.Started, applier.Succeeded, applier.Skipped:
		default:
			p.live.print(EventLine(p.options.Style, e))
		}
		p.live.event(e)
	default:
		p.print(EventLine(p.options.Style, e))
	}
}

// Note shows a line of text, whatever else is shown.
func (p *Progress) Note(line string) {
	if p.live != nil {
		p.live.print(line)
		return
	}
	p.print(line)
}

// Close ends the display.
func (p *Progress) Close() {
	close(p.closed)
	p.closing.Wait()
	if p.live != nil {
		p.live.close()
	}
}

func (p *Progress) print(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.out, line)
}

func (p *Progress) count(e applier.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.(type) {
	case applier.Started:
		p.underWay++
		return
	case applier.Skipped:
		p.done++
		return
	case applier.Overwritten:
		p.failed++
		return
	case applier.Failed:
		p.failed++
	case applier.Succeeded, applier.Vanished:
	default:
		return
	}
	p.underWay--
	p.done++
	if p.recent = append(p.recent, p.options.Now()); len(p.recent) > maxRecent {
		p.recent = p.recent[1:]
	}
}

// beat tells now and then how far the run is.
func (p *Progress) beat() {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.mu.Lock()
			line := fmt.Sprintf("Still applying: %s of %s done, ", number(p.done), count(p.total, "change", "changes"))
			p.mu.Unlock()
			p.print(p.options.Style.paint(dim, line+p.status()))
		case <-p.closed:
			return
		}
	}
}

// status returns what there is to say besides how many changes are done.
func (p *Progress) status() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	parts := []string{number(p.underWay) + " under way"}
	if p.failed > 0 {
		parts = append(parts, number(p.failed)+" failed")
	}
	if left := p.left(); left > 0 {
		parts = append(parts, "about "+seconds(left)+" left")
	}
	return strings.Join(parts, ", ")
}

// left returns how long the rest will take: as long as at the speed of the last
// changes, but no shorter than the rate limit allows; 0 when nothing tells.
func (p *Progress) left() time.Duration {
	changes := p.total - p.done
	if changes == 0 {
		return 0
	}
	var left time.Duration
	if p.options.Pace != nil {
		left = p.options.Pace(changes)
	}
	if n := len(p.recent) - 1; n > 0 { // a pause tells nothing of the speed after it
		each := p.recent[n].Sub(p.recent[0]) / time.Duration(n)
		left = max(left, each*time.Duration(changes))
	}
	return left
}
