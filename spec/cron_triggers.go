package spec

import (
	"strings"

	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// KindCronTriggers is the schedule of a Worker.
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

// CronTriggers are all cron expressions of a Worker: the platform takes them as
// one list. A Worker without any has no such resource.
type CronTriggers struct {
	Worker       string   `json:"worker"`
	Crons        []string `json:"crons"`
	ResourceMeta Meta     `json:"meta,omitzero"`
}

func (t *CronTriggers) Address() Address        { return Address{Kind: KindCronTriggers, Name: t.Worker} }
func (t *CronTriggers) AttachedTo() Address     { return Address{Kind: KindWorker, Name: t.Worker} }
func (t *CronTriggers) Meta() Meta              { return t.ResourceMeta }
func (t *CronTriggers) References() []Reference { return attachedReferences(t) }
func (t *CronTriggers) Canonical() Object       { return Object{"crons": canon.SortedStrings(t.Crons)} }

// NormalCron returns a cron expression with single spaces.
func NormalCron(cron string) string { return strings.Join(strings.Fields(cron), " ") }
