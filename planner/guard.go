package planner

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// Verdict is a guard's decision about a plan.
type Verdict struct {
	Guard    string `json:"guard"`
	Result   Result `json:"result"`
	Measured int    `json:"measured"` // how many changes it concerns
	Message  string `json:"message"`
}

// Result is a verdict in one word.
type Result string

const (
	Allowed Result = "allowed"
	Refused Result = "refused"
)

// guardWords are the texts of a guard: about all changes that it concerns, and
// about each of them.
type guardWords struct{ would, each string }

// wordsOf returns the texts of a guard. Most guards keep something from being
// deleted with everything in it.
func wordsOf(guard string) guardWords {
	switch guard {
	case GuardClassDelete:
		return guardWords{"be deleted with everything in it", "its Durable Object classes are deleted with all stored data"}
	case GuardBindingRemoval:
		return guardWords{"lose bindings that the file cannot restore", "it loses a secret, which cannot be read back, or a binding that another program has set"}
	case GuardDispatcherReplace:
		return guardWords{"be deleted although hostnames lead to them and they dispatch to user Workers", "customers are reached through it: make sure that another Worker takes over"}
	default:
		return guardWords{"be deleted with everything in it", "deleting it cannot be undone"}
	}
}

// applyGuards asks every guard about the changes and blocks those that are
// refused. No flag acknowledges all guards: each one is allowed by its own
// name.
func (p *planning) applyGuards() []Verdict {
	concerned := map[string][]*Change{}
	for _, c := range p.changes {
		if name := p.guardFor(c); name != "" && c.Blocked == nil {
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
	return append(verdicts, p.guardMassChanges()...)
}

// GuardClassDelete must be acknowledged before a migration deletes Durable
// Object classes, or before a Worker that has run migrations is deleted, and
// its classes with it. Their objects lose everything that they have stored.
const GuardClassDelete = "class-delete"

// guardFor returns the guard that a change must pass, or "".
func (p *planning) guardFor(c *Change) string {
	switch {
	case c.Action == Delete && p.takesTrafficAway(c.Address):
		return GuardDispatcherReplace
	case c.removes() && c.Prior != nil && c.Prior.MigrationTag != "":
		return GuardClassDelete
	case c.removes():
		return ops[c.Address.Kind].guard
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
// the file did not set or cannot restore: a secret, whose value cannot be read
// back, or, if another program has written the Worker since, any binding that
// leads to data or to other Workers. A binding that the stack set and the file
// no longer has is an ordinary change. So is a variable, because the plan shows
// its value.
const GuardBindingRemoval = "binding-removal"

// losesBindings reports whether a change removes such a binding.
func losesBindings(c *Change) bool {
	if c.Action == Create || c.Action == Delete {
		return false
	}
	others := c.Reason == ReasonUnmanaged || c.Reason == ReasonDrifted || c.Reason == ReasonUnmarked || c.Reason == ReasonTemplate
	return slices.ContainsFunc(c.Fields, func(f FieldChange) bool {
		if !strings.HasPrefix(f.Path, "/bindings/") || f.Op == FieldAdd || f.Op == FieldWrite || f.Op == FieldReplace && (!isSecret(f.Before) || isSecret(f.After)) {
			return false
		}
		whole := strings.Count(f.Path, "/") == 2 // not a property of a binding
		return whole && (isSecret(f.Before) || others && !isReplaceable(f.Before))
	})
}

func isReplaceable(value any) bool {
	binding, _ := value.(spec.Object)
	kind, _ := binding["type"].(string)
	return spec.BindingTypeOf(kind).Replaceable
}

// GuardDispatcherReplace must be acknowledged before a Worker is deleted that
// receives traffic and dispatches to user Workers. Renaming it deletes it and
// creates another one. Destroying a stack needs no acknowledgement.
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

// The guards that limit changes of a namespace's user Workers, and of a zone's
// DNS records and custom hostnames; see [spec.Guards].
const (
	GuardMaxDelete = "max-delete"
	GuardMaxUpdate = "max-update"
)

// guardMassChanges compares the numbers of changes, per namespace and per zone,
// with the stack's limits. Destroying a stack is meant to remove everything.
func (p *planning) guardMassChanges() []Verdict {
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
			existing[a.Collection()] += 0 // so that the loop below sees the collection
		}
		switch {
		case c.Action == Delete:
			deletes[a.Collection()] = append(deletes[a.Collection()], c)
		case c.Action == Update || c.Action == WriteSecrets:
			updates[a.Collection()] = append(updates[a.Collection()], c)
		}
	}
	var verdicts []Verdict
	for _, collection := range slices.SortedFunc(maps.Keys(existing), spec.Collection.Compare) {
		verdicts = p.guardCollection(verdicts, GuardMaxDelete, "deleted", collection, existing[collection], p.desired.Guards.MaxDelete, deletes[collection])
		verdicts = p.guardCollection(verdicts, GuardMaxUpdate, "changed", collection, existing[collection]+adopted[collection], p.desired.Guards.MaxUpdate, updates[collection])
	}
	return verdicts
}

// guardCollection adds the verdict on one collection if its limit is exceeded.
func (p *planning) guardCollection(verdicts []Verdict, name, done string, collection spec.Collection, existing int, limit spec.Limit, changes []*Change) []Verdict {
	if existing < p.desired.Guards.MinExisting || len(changes) <= limit.Of(existing) {
		return verdicts
	}
	text := fmt.Sprintf("%d of %d %s in %s would be %s, and at most %s may be", len(changes), existing, collection.Kind.Info().Plural, collection.Parent, done, limit)
	v := Verdict{Guard: name, Result: Allowed, Measured: len(changes), Message: text + "; acknowledged by --allow " + name}
	if !slices.Contains(p.options.Allow, name) {
		v.Result, v.Message = Refused, text+"; acknowledge it with --allow "+name
		for _, c := range changes {
			c.Blocked = &Block{By: name, Message: text, Hint: "check that their list is complete; if you mean it, use --allow " + name}
		}
	}
	return append(verdicts, v)
}
