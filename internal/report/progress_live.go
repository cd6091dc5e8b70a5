package report

import (
	"io"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// liveBars are a bar for each kind of resource, and one for all of them.
type liveBars struct {
	container *mpb.Progress
	kinds     map[spec.Kind]*mpb.Bar
	all       *mpb.Bar
}

func newLiveBars(w io.Writer, plan *planner.Plan, status func() string) *liveBars {
	totals := map[spec.Kind]int64{}
	var order []spec.Kind
	for _, c := range plan.Changes {
		if totals[c.Address.Kind] == 0 {
			order = append(order, c.Address.Kind)
		}
		totals[c.Address.Kind]++
	}
	l := &liveBars{
		container: mpb.New(mpb.WithOutput(w), mpb.WithAutoRefresh(), mpb.ForceTTY()), // the caller has looked
		kinds:     map[spec.Kind]*mpb.Bar{},
	}
	for _, kind := range order {
		l.kinds[kind] = l.bar(kind.Info().Plural, totals[kind])
	}
	l.all = l.bar("all changes", int64(len(plan.Changes)), decor.Any(func(decor.Statistics) string { return "  " + status() }))
	return l
}

// bar returns a line such as `user Workers  [=====>----]  12/300`.
func (l *liveBars) bar(name string, total int64, more ...decor.Decorator) *mpb.Bar {
	const width = 30
	return l.container.New(total, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding("-").Rbound("]"),
		mpb.BarWidth(width),
		mpb.PrependDecorators(decor.Name(name, decor.WC{C: decor.DindentRight | decor.DextraSpace | decor.DSyncWidth})),
		mpb.AppendDecorators(append([]decor.Decorator{decor.CountersNoUnit("%d/%d", decor.WCSyncSpace)}, more...)...),
	)
}

func (l *liveBars) event(e applier.Event) {
	var address spec.Address
	switch e := e.(type) {
	case applier.Succeeded:
		address = e.Address
	case applier.Failed:
		address = e.Address
	case applier.Skipped:
		address = e.Address
	case applier.Vanished:
		address = e.Address
	default:
		return
	}
	l.kinds[address.Kind].Increment()
	l.all.Increment()
}

// print writes a line above the bars.
func (l *liveBars) print(line string) { _, _ = io.WriteString(l.container, line+"\n") }

// close draws the bars for the last time and leaves them where they are.
func (l *liveBars) close() {
	for _, bar := range l.kinds {
		bar.Abort(false)
	}
	l.all.Abort(false)
	l.container.Wait()
}
