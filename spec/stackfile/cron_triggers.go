package stackfile

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/cron"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// loadCronTriggers reads a Worker's `triggers`. Without `crons` they stay what
// they are, as with wrangler; an empty list takes them away.
func (l *loader) loadCronTriggers(w *spec.Worker, triggers *document.Value) {
	crons := triggers.Get("crons")
	if crons == nil || crons.Kind == document.Null {
		return
	}
	t := &spec.CronTriggers{Worker: w.Name, ResourceMeta: spec.Meta{Adopt: w.ResourceMeta.Adopt, At: triggers.Member("crons").Range()}}
	l.stack.Collections = append(l.stack.Collections, t.Address().Collection())
	for _, item := range crons.Items {
		expression := spec.NormalCron(item.String())
		if fault := cron.Check(expression); fault.Message != "" {
			l.Report(spec.RuleCron, item.Range(), fmt.Sprintf("invalid cron expression %q: %s", item.String(), fault.Message), fault.Hint)
		} else if slices.Contains(t.Crons, expression) {
			l.Report(spec.RuleCron, item.Range(), fmt.Sprintf("the cron expression %q is given twice", item.String()), "remove one of the two")
		}
		t.Crons = append(t.Crons, expression)
	}
	if len(t.Crons) > 0 {
		l.add(t)
	}
}

func (im *importer) writeCronTriggers(m *members, resource spec.Resource) {
	t := resource.(*spec.CronTriggers)
	m.set("triggers", spec.Object{"crons": canon.SortedStrings(t.Crons)})
}
