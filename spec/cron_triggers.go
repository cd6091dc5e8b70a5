package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// KindCronTriggers is when a Worker is run by the clock.
const KindCronTriggers Kind = "cron_triggers"

var cronTriggersKind = KindInfo{
	Kind:       KindCronTriggers,
	Singular:   "Worker's cron triggers",
	Plural:     "Workers' cron triggers",
	Container:  ContainerWorker,
	Product:    ProductWorkers,
	Permission: permissionWorkers,
	decode:     decodeAs[*CronTriggers],
}

// CronTriggers are all the cron expressions of a Worker: the platform takes them
// as one list. A Worker that has none has no such resource.
type CronTriggers struct {
	Worker       string   `json:"worker"`
	Crons        []string `json:"crons"`
	ResourceMeta Meta     `json:"meta,omitzero"`
}

func (t *CronTriggers) Address() Address        { return Address{Kind: KindCronTriggers, Name: t.Worker} }
func (t *CronTriggers) AttachedTo() Address     { return Address{Kind: KindWorker, Name: t.Worker} }
func (t *CronTriggers) Meta() Meta              { return t.ResourceMeta }
func (t *CronTriggers) References() []Reference { return attachedReferences(t) }
func (t *CronTriggers) Canonical() Object       { return Object{"crons": sortedStrings(t.Crons)} }

// loadCronTriggers reads a Worker's `triggers`. Without `crons` they stay what
// they are, as with wrangler; an empty list takes them away.
func (l *loader) loadCronTriggers(w *Worker, triggers *document.Value) {
	crons := triggers.Get("crons")
	if crons == nil || crons.Kind == document.Null {
		return
	}
	t := &CronTriggers{Worker: w.Name, ResourceMeta: Meta{Adopt: w.ResourceMeta.Adopt, At: triggers.Member("crons").Range()}}
	l.stack.Collections = append(l.stack.Collections, t.Address().Collection())
	for _, item := range crons.Items {
		cron := NormalCron(item.String())
		if fault := cronFault(cron); fault.message != "" {
			l.report(RuleCron, item.Range(), fmt.Sprintf("%q is no cron expression: %s", item.String(), fault.message), fault.hint)
		} else if slices.Contains(t.Crons, cron) {
			l.report(RuleCron, item.Range(), fmt.Sprintf("the cron expression %q is given twice", item.String()), "remove one of the two")
		}
		t.Crons = append(t.Crons, cron)
	}
	if len(t.Crons) > 0 {
		l.add(t)
	}
}

// NormalCron is a cron expression with single spaces.
func NormalCron(cron string) string { return strings.Join(strings.Fields(cron), " ") }

func (im *importer) writeCronTriggers(m *members, resource Resource) {
	t := resource.(*CronTriggers)
	m.set("triggers", Object{"crons": sortedStrings(t.Crons)})
}
