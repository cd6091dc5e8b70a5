package main

import (
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// writes is about how many requests it takes to make the changes of a plan.
func (c *connection) writes(plan *planner.Plan) int {
	n, together := 0, map[spec.Collection]int{}
	for _, change := range plan.Changes {
		if c.Together(change.Address.Kind) > 1 {
			together[change.Address.Collection()]++
		} else {
			n++
		}
	}
	for collection, changes := range together {
		n += 1 + changes/c.Together(collection.Kind)
	}
	return n
}
