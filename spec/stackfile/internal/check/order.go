package check

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// checkDependsOn refuses to wait for what the file does not declare: it would
// silently order nothing.
func (c *checker) checkDependsOn() {
	for a, refs := range c.Ordered {
		for _, ref := range refs {
			if _, declared := c.Definitions[ref.To]; !declared && !c.Named[ref.To] {
				c.Report(spec.RuleDependsOn, ref.At, fmt.Sprintf("%s depends on %s, which this file does not declare", a, ref.To), c.nearestAddress(ref.To))
			} else if ref.To == a {
				c.Report(spec.RuleDependsOn, ref.At, fmt.Sprintf("%s depends on itself", a), "remove it from the list")
			}
		}
	}
}

func (c *checker) nearestAddress(a spec.Address) string {
	var names []string
	for known := range c.Definitions {
		if known.Kind == a.Kind {
			names = append(names, known.String())
		}
	}
	slices.Sort(names)
	if near := diag.Nearest(a.String(), names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "declare it, or remove it from the list"
}

// checkCycles reports resources that need each other: neither could be written
// first. All of them are referred to.
func (c *checker) checkCycles() {
	const (
		open   = 1
		closed = 2
	)
	state := map[spec.Address]int{}
	var chain []spec.Address
	var visit func(r spec.Resource)
	visit = func(r spec.Resource) {
		a := r.Address()
		state[a] = open
		chain = append(chain, a)
		for _, ref := range slices.Concat(r.References(), c.Ordered[a]) {
			next, ok := c.Stack.Lookup(ref.To)
			if !ok || ref.To == a {
				continue
			}
			switch state[ref.To] {
			case open:
				c.reportCycle(chain, ref)
			case closed:
			default:
				visit(next)
			}
		}
		chain = chain[:len(chain)-1]
		state[a] = closed
	}
	referred := map[spec.Address]bool{} // few of a fleet are
	for _, r := range c.Stack.Resources {
		for _, ref := range r.References() {
			referred[ref.To] = true
		}
	}
	for _, refs := range c.Ordered {
		for _, ref := range refs {
			referred[ref.To] = true
		}
	}
	for _, r := range c.Stack.Resources {
		if a := r.Address(); referred[a] && state[a] == 0 {
			visit(r)
		}
	}
}

// reportCycle reports the reference that leads back into the open chain.
func (c *checker) reportCycle(chain []spec.Address, back spec.Reference) {
	message, hint := "these Workers need each other, so none can be uploaded first", "remove one of the references"
	text, related := "", []diag.Related(nil)
	for i := len(chain) - 1; i >= 0; i-- {
		if c.Ordered[chain[i]] != nil {
			message, hint = "these resources depend on each other, so none can come first", "remove one of the references, or one of `depends_on`"
		}
		text = chain[i].Name + " → " + text
		if chain[i] == back.To {
			break
		}
	}
	if r, ok := c.Stack.Lookup(back.To); ok {
		related = append(related, diag.Related{Range: r.Meta().At, Message: fmt.Sprintf("%q is declared here", back.To.Name)})
	}
	at := back.At
	if last, ok := c.Stack.Lookup(chain[len(chain)-1]); ok && at.IsZero() {
		at = last.Meta().At
	}
	c.Report(spec.RuleCycle, at, fmt.Sprintf("%s: %s%s", message, text, back.To.Name), hint, related...)
}
