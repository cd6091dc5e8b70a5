package planner

import (
	"fmt"
	"maps"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// Verdict is what a guard says of a plan.
type Verdict struct {
	Guard    string `json:"guard"`
	Result   Result `json:"result"`
	Measured int    `json:"measured"` // how many changes it concerns
	Message  string `json:"message"`
}

// Result is a guard's verdict in a word.
type Result string

const (
	Allowed Result = "allowed"
	Refused Result = "refused"
)

// lossOf is what a guarded change means; deleting a namespace or store means
// what the default says.
func lossOf(name string) string {
	if name == GuardClassDelete {
		return "a migration of it deletes Durable Object classes with everything they have stored"
	}
	return "deleting it cannot be undone"
}

// guard asks every guard about the changes and blocks the refused ones. There
// is no acknowledgement of everything: each guard is allowed by its own name.
func (p *planning) guard() []Verdict {
	concerned := map[string][]*Change{}
	for _, c := range p.changes {
		if name := p.guardOf(c); name != "" && c.Blocked == nil {
			concerned[name] = append(concerned[name], c)
		}
	}
	var verdicts []Verdict
	for _, name := range slices.Sorted(maps.Keys(concerned)) {
		v := Verdict{Guard: name, Result: Allowed, Measured: len(concerned[name])}
		v.Message = fmt.Sprintf("%d to be deleted with everything in it, acknowledged by --allow %s", v.Measured, name)
		if !slices.Contains(p.options.Allow, name) {
			v.Result = Refused
			v.Message = fmt.Sprintf("%d would be deleted with everything in it; acknowledge it with --allow %s", v.Measured, name)
			for _, c := range concerned[name] {
				c.Blocked = &Block{
					By:      name,
					Message: lossOf(name),
					Hint:    "acknowledge it with --allow " + name,
				}
			}
		}
		verdicts = append(verdicts, v)
	}
	return append(verdicts, p.guardFleets()...)
}

// GuardClassDelete must be acknowledged before a migration deletes Durable
// Object classes: their objects go with everything they have stored.
const GuardClassDelete = "class-delete"

// guardOf is the guard that a change must pass, or "".
func (p *planning) guardOf(c *Change) string {
	switch {
	case c.Action == Delete:
		return columns[c.Address.Kind].guard
	case c.Prior != nil && deletesClasses(c):
		return GuardClassDelete
	default:
		return ""
	}
}

// deletesClasses reports whether a change runs a migration that deletes Durable
// Object classes.
func deletesClasses(c *Change) bool {
	script, ok := c.Desired.(spec.Scripted)
	if !ok {
		return false
	}
	pending, _ := script.Definition().PendingMigrations(c.Prior.MigrationTag)
	steps, _ := pending["steps"].([]any)
	return slices.ContainsFunc(steps, func(step any) bool { return step.(spec.Object)["deleted_classes"] != nil })
}

// The guards over the user Workers of a namespace; see [spec.Guards].
const (
	GuardMaxDelete = "max-delete"
	GuardMaxUpdate = "max-update"
)

// guardFleets holds what happens to the user Workers of each namespace against
// the stack's limits. Destroying a stack is meant to remove them all.
func (p *planning) guardFleets() []Verdict {
	if p.options.Mode == Destroy {
		return nil
	}
	existing := map[string]int{}
	deletes, updates := map[string][]*Change{}, map[string][]*Change{}
	for a, live := range p.live.Resources {
		if a.Kind == spec.KindUserWorker && live.Revision.Owner == p.desired.Name {
			existing[a.Parent]++
		}
	}
	for a, c := range p.changes {
		switch {
		case a.Kind != spec.KindUserWorker:
		case c.Action == Delete:
			deletes[a.Parent] = append(deletes[a.Parent], c)
		case c.Action == Update:
			updates[a.Parent] = append(updates[a.Parent], c)
		}
	}
	var verdicts []Verdict
	for _, namespace := range slices.Sorted(maps.Keys(existing)) {
		if existing[namespace] < p.desired.Guards.MinExisting {
			continue
		}
		verdicts = p.guardFleet(verdicts, GuardMaxDelete, "deleted", namespace, existing[namespace], p.desired.Guards.MaxDelete, deletes[namespace])
		verdicts = p.guardFleet(verdicts, GuardMaxUpdate, "changed", namespace, existing[namespace], p.desired.Guards.MaxUpdate, updates[namespace])
	}
	return verdicts
}

// guardFleet adds the verdict on one namespace, where there is anything to say.
func (p *planning) guardFleet(verdicts []Verdict, name, done, namespace string, existing int, limit spec.Limit, changes []*Change) []Verdict {
	if len(changes) <= limit.Of(existing) {
		return verdicts
	}
	text := fmt.Sprintf("%d of %d user Workers in %s would be %s, and at most %s may be", len(changes), existing, namespace, done, limit)
	v := Verdict{Guard: name, Result: Allowed, Measured: len(changes), Message: text + "; acknowledged by --allow " + name}
	if !slices.Contains(p.options.Allow, name) {
		v.Result, v.Message = Refused, text+"; acknowledge it with --allow "+name
		for _, c := range changes {
			c.Blocked = &Block{By: name, Message: text, Hint: "see whether the list of them is complete; if it is meant, use --allow " + name}
		}
	}
	return append(verdicts, v)
}
