package planner

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

var queueConsumerOps = func() kindOps {
	c := attachedOps(spec.KindQueueConsumer, func(w *spec.Worker) bool { return w.OwnsConsumers })
	attached := c.disposition
	c.disposition = func(p *planning, a spec.Address, live *spec.Live) disposition {
		s := attached(p, a, live)
		if s == unowned && p.givesConsumer(a.Parent) {
			return removed // it is the stack's own and makes room for another
		}
		return s
	}
	c.conflicts, c.describeConflict = conflictingConsumers, describeConsumerConflict
	return c
}()

// givesConsumer reports whether the file declares a queue's consumer.
func (p *planning) givesConsumer(queue string) bool {
	first := spec.Address{Kind: spec.KindQueueConsumer, Parent: queue}
	i, _ := slices.BinarySearchFunc(p.desired.Resources, first, func(r spec.Resource, a spec.Address) int {
		return r.Address().Compare(a)
	})
	if i == len(p.desired.Resources) {
		return false
	}
	a := p.desired.Resources[i].Address()
	return a.Kind == spec.KindQueueConsumer && a.Parent == queue
}

// conflictingConsumers returns the other live consumers of a queue.
func conflictingConsumers(p *planning, desired spec.Resource) []spec.Address {
	var others []spec.Address
	for a := range p.live.Resources {
		if a.Kind == spec.KindQueueConsumer && a.Parent == desired.Address().Parent && a != desired.Address() {
			others = append(others, a)
		}
	}
	slices.SortFunc(others, spec.Address.Compare)
	return others
}

// describeConsumerConflict says why a queue cannot have another consumer.
func describeConsumerConflict(other spec.Address) string {
	if other.Name == "" {
		return "the queue's messages are pulled over HTTP, and a queue has one consumer at most"
	}
	return fmt.Sprintf("the queue has the consumer %q already, and one at most", other.Name)
}
