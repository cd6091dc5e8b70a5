package planner

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

var queueConsumerColumn = func() column {
	c := attachedColumn(spec.KindQueueConsumer, func(w *spec.Worker) bool { return w.OwnsConsumers })
	attached := c.standing
	c.standing = func(p *planning, a spec.Address, live *spec.Live) standing {
		s := attached(p, a, live)
		if s == unowned && p.givesConsumer(a.Parent) {
			return toRemove // the stack's own Worker, which makes room for another one
		}
		return s
	}
	c.rivals, c.describeRival = otherConsumers, describeConsumer
	return c
}()

// givesConsumer reports whether the file says who consumes a queue.
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

// otherConsumers are the live consumers of a queue that is to have another one.
func otherConsumers(p *planning, desired spec.Resource) []spec.Address {
	var others []spec.Address
	for a := range p.live.Resources {
		if a.Kind == spec.KindQueueConsumer && a.Parent == desired.Address().Parent && a != desired.Address() {
			others = append(others, a)
		}
	}
	slices.SortFunc(others, spec.Address.Compare)
	return others
}

// describeConsumer is what keeps a queue from having another consumer.
func describeConsumer(other spec.Address) string {
	if other.Name == "" {
		return "the queue's messages are pulled over HTTP, and a queue has one consumer at most"
	}
	return fmt.Sprintf("the queue has the consumer %q already, and one at most", other.Name)
}
