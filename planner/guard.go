package planner

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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

// guardWords are what a guard says: of all changes that it concerns, and of each.
type guardWords struct{ would, each string }

// wordsOf are those of a guard. What most of them keep from happening is that
// something is deleted with all that is in it.
func wordsOf(guard string) guardWords {
	switch guard {
	case GuardClassDelete:
		return guardWords{"be deleted with everything in it", "Durable Object classes of it go with everything they have stored"}
	case GuardBindingRemoval:
		return guardWords{"lose bindings that the file cannot give back", "it loses a secret, which cannot be read back, or a binding that another program has set"}
	case GuardDispatcherReplace:
		return guardWords{"be deleted, which hostnames lead to and which dispatches to user Workers", "customers are reached through it: see that something takes its place, and answers as it did"}
	default:
		return guardWords{"be deleted with everything in it", "deleting it cannot be undone"}
	}
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
		words := wordsOf(name)
		v.Message = fmt.Sprintf("%d to %s, acknowledged by --allow %s", v.Measured, words.would, name)
		if !slices.Contains(p.options.Allow, name) {
			v.Result = Refused
			v.Message = fmt.Sprintf("%d would %s; acknowledge it with --allow %s", v.Measured, words.would, name)
			for _, c := range concerned[name] {
				c.Blocked = &Block{
					By:      name,
					Message: words.each,
					Hint:    "acknowledge it with --allow " + name,
				}
			}
		}
		verdicts = append(verdicts, v)
	}
	return append(verdicts, p.guardFleets()...)
}

// GuardClassDelete must be acknowledged before a migration deletes Durable
// Object classes, or a Worker goes that has run migrations, and its classes with
// it: their objects go with everything they have stored.
const GuardClassDelete = "class-delete"

// guardOf is the guard that a change must pass, or "".
func (p *planning) guardOf(c *Change) string {
	switch {
	case c.Action == Delete && p.takesTrafficAway(c.Address):
		return GuardDispatcherReplace
	case c.removes() && c.Prior != nil && c.Prior.MigrationTag != "":
		return GuardClassDelete
	case c.removes():
		return columns[c.Address.Kind].guard
	case c.Prior != nil && deletesClasses(c):
		return GuardClassDelete
	case losesBindings(c):
		return GuardBindingRemoval
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
	pending, _ := script.AsScript().PendingMigrations(c.Prior.MigrationTag)
	steps, _ := pending["steps"].([]any)
	return slices.ContainsFunc(steps, func(step any) bool { return step.(spec.Object)["deleted_classes"] != nil })
}

// GuardBindingRemoval must be acknowledged before a Worker loses a binding that
// the file did not give it, or cannot give back: a secret, whose value nobody can
// read, and whatever leads to data or to others in a Worker that somebody else has
// written since. What the stack itself has set, and the file no longer has, is a
// change like any other, and so is a variable, whose value the plan shows.
const GuardBindingRemoval = "binding-removal"

// losesBindings reports whether a change takes such a binding away.
func losesBindings(c *Change) bool {
	if c.Action == Create || c.Action == Delete {
		return false
	}
	others := c.Reason == ReasonUnmanaged || c.Reason == ReasonDrifted || c.Reason == ReasonUnmarked || c.Reason == ReasonTemplate
	return slices.ContainsFunc(c.Fields, func(f FieldChange) bool {
		if !strings.HasPrefix(f.Path, "/bindings/") || f.Op == FieldAdd || f.Op == FieldWrite || f.Op == FieldReplace && (!isSecret(f.Before) || isSecret(f.After)) {
			return false
		}
		whole := strings.Count(f.Path, "/") == 2 // and not a property of one
		return whole && (isSecret(f.Before) || others && !isReplaceable(f.Before))
	})
}

func isReplaceable(value any) bool {
	binding, _ := value.(spec.Object)
	kind, _ := binding["type"].(string)
	return spec.BindingTypeOf(kind).Shown
}

// GuardDispatcherReplace must be acknowledged before a Worker is deleted that
// hostnames lead to and that dispatches to user Workers; to give it another name
// is to delete it and create another. To destroy a stack is meant to.
const GuardDispatcherReplace = "dispatcher-replace"

// takesTrafficAway reports whether a resource is such a Worker.
func (p *planning) takesTrafficAway(a spec.Address) bool {
	live := p.live.Resources[a]
	if p.options.Mode == Destroy || a.Kind != spec.KindWorker || live == nil || len(dispatchesTo(p.formerReferences(a))) == 0 {
		return false
	}
	for _, r := range p.live.Resources {
		hosted, isHosted := r.Resource.(spec.Zoned)
		if attached, ok := hosted.(spec.Attached); ok && isHosted && attached.AttachedTo() == a {
			return true
		}
	}
	return false
}

// The guards over the user Workers of a namespace, and over the DNS records and
// the custom hostnames of a zone; see [spec.Guards].
const (
	GuardMaxDelete = "max-delete"
	GuardMaxUpdate = "max-update"
)

// guardFleets holds what happens to what there are many of, in each namespace and
// zone, against the stack's limits. Destroying a stack is meant to remove them all.
func (p *planning) guardFleets() []Verdict {
	if p.options.Mode == Destroy {
		return nil
	}
	existing, adopted := map[spec.Collection]int{}, map[spec.Collection]int{}
	deletes, updates := map[spec.Collection][]*Change{}, map[spec.Collection][]*Change{}
	for a, live := range p.live.Resources {
		if a.Kind.Info().LimitedByGuards && (live.Revision.Owner == p.desired.Name || p.isTemplated(a)) {
			existing[a.Collection()]++
		}
	}
	for a, c := range p.changes {
		if !a.Kind.Info().LimitedByGuards {
			continue
		}
		if c.Reason == ReasonUnmanaged && c.Blocked == nil {
			adopted[a.Collection()]++
			existing[a.Collection()] += 0 // so that the fleet is looked at
		}
		switch {
		case c.Action == Delete:
			deletes[a.Collection()] = append(deletes[a.Collection()], c)
		case c.Action == Update || c.Action == WriteSecrets:
			updates[a.Collection()] = append(updates[a.Collection()], c)
		}
	}
	var verdicts []Verdict
	for _, fleet := range slices.SortedFunc(maps.Keys(existing), spec.Collection.Compare) {
		verdicts = p.guardFleet(verdicts, GuardMaxDelete, "deleted", fleet, existing[fleet], p.desired.Guards.MaxDelete, deletes[fleet])
		verdicts = p.guardFleet(verdicts, GuardMaxUpdate, "changed", fleet, existing[fleet]+adopted[fleet], p.desired.Guards.MaxUpdate, updates[fleet])
	}
	return verdicts
}

// guardFleet adds the verdict on one fleet, where there is anything to say.
func (p *planning) guardFleet(verdicts []Verdict, name, done string, fleet spec.Collection, existing int, limit spec.Limit, changes []*Change) []Verdict {
	if existing < p.desired.Guards.MinExisting || len(changes) <= limit.Of(existing) {
		return verdicts
	}
	text := fmt.Sprintf("%d of %d %s in %s would be %s, and at most %s may be", len(changes), existing, fleet.Kind.Info().Plural, fleet.Parent, done, limit)
	v := Verdict{Guard: name, Result: Allowed, Measured: len(changes), Message: text + "; acknowledged by --allow " + name}
	if !slices.Contains(p.options.Allow, name) {
		v.Result, v.Message = Refused, text+"; acknowledge it with --allow "+name
		for _, c := range changes {
			c.Blocked = &Block{By: name, Message: text, Hint: "check that their list is complete; if you mean it, use --allow " + name}
		}
	}
	return append(verdicts, v)
}
