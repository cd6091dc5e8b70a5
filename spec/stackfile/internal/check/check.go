// Package check holds what can only be checked once all of a stack file has been read.
package check

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/complaint"
)

// Loaded is what a file says.
type Loaded struct {
	Stack *spec.Stack

	// Definitions are where each address was first defined, and Named the addresses
	// that a key stands for, defined or not: something else can be wrong with an entry.
	Definitions map[spec.Address]diag.Range
	Named       map[spec.Address]bool

	// Ordered are what resources come after without referring to it.
	Ordered map[spec.Address][]spec.Reference

	// RemovedFor are the items of lists that addresses of `removed` were made of.
	RemovedFor map[spec.Address][]diag.Related
}

// All reports what is wrong with a stack as a whole. The stack is sorted.
func All(to *complaint.Collector, loaded Loaded) {
	c := &checker{to, loaded}
	c.checkRemoved()
	c.checkDependsOn()
	c.checkRenamed()
	c.checkCycles()
	c.checkRecords()
	c.checkConsumers()
}

type checker struct {
	*complaint.Collector
	Loaded
}

// checkRemoved refuses addresses that are both declared and listed under
// `removed`.
func (c *checker) checkRemoved() {
	for _, removed := range c.Stack.Removed {
		if at, declared := c.Definitions[removed.To]; declared {
			related := append([]diag.Related{{Range: at, Message: "declared here"}}, c.RemovedFor[removed.To]...)
			c.Report(spec.RuleRemoved, removed.At, fmt.Sprintf("%s is listed under `removed`, and is also declared", removed.To), "remove one of the two", related...)
		}
	}
}

// checkRenamed refuses former names that cannot have been: that of something the
// file has beside the renamed, and one that two claim.
func (c *checker) checkRenamed() {
	first := map[spec.Address]spec.Resource{}
	for _, r := range c.Stack.Resources {
		from, renamed := spec.FormerAddress(r)
		if !renamed {
			continue
		}
		if at, declared := c.Definitions[from]; declared {
			c.Report(spec.RuleRenamed, r.Meta().At, fmt.Sprintf("%s is renamed from %q, which the file has as well", r.Address(), from.Name),
				"remove `renamed_from` to keep both, or remove the one with the former name", diag.Related{Range: at, Message: "declared here"})
		}
		if other, claimed := first[from]; claimed {
			c.Report(spec.RuleRenamed, r.Meta().At, fmt.Sprintf("%s is renamed from %q, and so is another", r.Address(), from.Name),
				"only one resource can have had that name", diag.Related{Range: other.Meta().At, Message: "the other"})
		} else {
			first[from] = r
		}
	}
}
