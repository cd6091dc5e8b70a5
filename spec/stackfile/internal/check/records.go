package check

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// What routes and DNS records have to do with each other: a route says who answers
// a host, and a proxied record lets Cloudflare be asked for it.

// checkRecords finds records that cannot be beside each other, and routes that no
// request gets to because their record is not proxied.
func (c *checker) checkRecords() {
	byName := map[string][]*spec.DNSRecord{}
	for _, resource := range c.Stack.Resources {
		if r, ok := resource.(*spec.DNSRecord); ok {
			byName[r.Zone+"/"+r.Name] = append(byName[r.Zone+"/"+r.Name], r)
		}
	}
	if len(byName) == 0 {
		return
	}
	for _, records := range byName {
		for _, r := range records {
			if other := records[0]; r.Type == spec.RecordCNAME && other != r { // A and AAAA come before it
				c.Report(spec.RuleDNSRecord, r.ResourceMeta.At, fmt.Sprintf("%q has a record of type %s and one of type %s", r.Name, other.Type, r.Type),
					"a name with a CNAME cannot have another record: remove one of the two", diag.Related{Range: other.ResourceMeta.At, Message: "the other"})
			}
		}
	}
	for _, resource := range c.Stack.Resources {
		route, ok := resource.(*spec.Route)
		if !ok || route.Worker == "" {
			continue
		}
		for _, r := range byName[route.Zone+"/"+spec.RecordNameFor(route.Pattern)] {
			if !r.Proxied {
				c.Warn(spec.RuleDNSOnly, r.ResourceMeta.At, fmt.Sprintf("no request reaches the route %q: the record of %q is not proxied", route.Pattern, r.Name),
					"remove `proxied: false`, or the route")
			}
		}
	}
}

// checkConsumers reports queues that several Workers are to consume.
func (c *checker) checkConsumers() {
	first := map[string]spec.Resource{}
	for _, r := range c.Stack.Resources {
		consumer, ok := r.(*spec.QueueConsumer)
		if !ok {
			continue
		}
		if other := first[consumer.Queue]; other != nil {
			c.Report(spec.RuleQueueConsumer, consumer.ResourceMeta.At, fmt.Sprintf("the queue %q has two consumers, and a queue can have one", consumer.Queue),
				"let one of the two Workers consume it, and call the other through a service binding",
				diag.Related{Range: other.Meta().At, Message: "the other one is here"})
			continue
		}
		first[consumer.Queue] = consumer
	}
}
