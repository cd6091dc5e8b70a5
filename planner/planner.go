package planner

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// Options are what a plan depends on besides the two worlds.
type Options struct {
	Mode Mode

	// Tool names the program and its version in the plan.
	Tool string

	// Refresh lets every Worker of the stack be read whole, also those whose
	// mark vouches for them.
	Refresh bool

	// Allow are the guards that are acknowledged, by name.
	Allow []string

	// Secrets are the values that secrets have now and the key of their
	// fingerprints; nil without a key, when nobody can tell a new value.
	Secrets *spec.SecretValues

	// WriteSecrets lets every secret be written, whatever the account has.
	WriteSecrets bool

	// Targets are addresses, or patterns of them, that the plan is limited to,
	// with what they need. Without any, it is the whole plan.
	Targets []string

	// Wave is the number of the only wave of each rollout that the plan has, with
	// what it needs; 0 for all of them.
	Wave int

	// AtOnce makes changes without regard to rollouts, and lets no dispatcher wait
	// for the user Workers behind it: one that fails keeps nobody from the others.
	IgnoreRollouts bool
}

// New compares the desired stack with the live account. The desired code must
// have been built, except to destroy; the live Workers that [Inspect] names
// must have been read, as the marks of all others are believed.
//
// A change that may not be made is part of the plan and marked as blocked, so
// that it can be seen. Diagnostics of severity error mean that the plan cannot
// be applied. An error is returned only for inputs that no plan can be made of;
// a [*Cycle], an [*UnknownTarget] and an [*UnknownWave] are such.
func New(desired *spec.Stack, live *spec.Snapshot, options Options) (*Plan, error) {
	p := newPlanning(desired, live, options)
	if err := p.checkInputs(); err != nil {
		return nil, err
	}
	for _, r := range p.wanted() {
		p.compare(r)
	}
	for _, a := range p.unwanted() {
		p.considerRemoval(a)
	}
	p.blockRivals()
	p.takeTurns()
	if err := p.narrow(); err != nil {
		return nil, err
	}
	p.checkExternal()
	p.checkReferences()
	p.checkUnmanaged()
	p.warnUndeclared()
	p.warnUnseen()
	p.checkMigrations()
	p.checkClasses()
	p.checkRollouts()
	p.warnVacant()
	p.warnTemplates()
	p.warnNoRecord()
	p.warnStoresStay()
	p.warnRenames()
	p.warnSecrets()
	if err := p.order(); err != nil {
		return nil, err
	}
	return p.finish()
}

// Inspect names the live resources that must be read whole before [New] can
// compare them: Workers whose mark does not vouch for the desired state, or
// that are to be deleted and whose bindings decide the order, and whatever else
// a list did not show enough of.
func Inspect(desired *spec.Stack, live *spec.Snapshot, options Options) []spec.Address {
	p := newPlanning(desired, live, options)
	wanted := p.wanted()
	inspected := make([]bool, len(wanted))
	atOnce(len(wanted), func(i int) { inspected[i] = p.inspects(wanted[i]) })
	var addresses []spec.Address
	for i, r := range wanted {
		if inspected[i] && p.mayRead(r) {
			addresses = append(addresses, r.Address())
		}
	}
	return append(addresses, p.removalsToInspect()...)
}

// inspects reports whether a list has not shown enough of what a resource is so
// far. To tell takes the digest of every script, so that it is asked of several
// at once.
func (p *planning) inspects(r spec.Resource) bool {
	found, inspect := p.live.Resources[r.Address()], columns[r.Address().Kind].inspect
	return found != nil && !found.Detailed && inspect != nil && inspect(p, r, found)
}

// atOnce calls do for every number below n, on all processors.
func atOnce(n int, do func(int)) {
	parts := runtime.GOMAXPROCS(0)
	var running sync.WaitGroup
	for part := range parts {
		running.Go(func() {
			for i := part * n / parts; i < (part+1)*n/parts; i++ {
				do(i)
			}
		})
	}
	running.Wait()
}

// planning is a plan in the making.
type planning struct {
	desired *spec.Stack
	live    *spec.Snapshot
	options Options

	changes     map[spec.Address]*Change
	sorted      []spec.Address        // of the changes; see [planning.changed]
	replaced    map[spec.Address]bool // by its changes
	partial     *Partial
	earlier     map[string]int            // changes of earlier waves that are left out, by rollout
	after       map[string][]spec.Address // what comes after the last wave, by rollout
	unmanaged   map[spec.Collection]*Unmanaged
	undeclared  map[spec.Collection]int
	diagnostics diag.List
	unchanged   int
	secrets     secretsSeen

	valuesRead int                      // that [Inspect] has asked for; see [mostValuesRead]
	storeIDs   map[storeID]spec.Address // see [planning.storesByID]
}

func newPlanning(desired *spec.Stack, live *spec.Snapshot, options Options) *planning {
	p := &planning{
		desired: desired, live: live, options: options,
		changes:    map[spec.Address]*Change{},
		replaced:   map[spec.Address]bool{},
		unmanaged:  map[spec.Collection]*Unmanaged{},
		undeclared: map[spec.Collection]int{},
	}
	p.noteReplaced()
	return p
}

// wanted are the resources that are to exist afterwards: when destroying, none.
func (p *planning) wanted() []spec.Resource {
	if p.options.Mode == Destroy {
		return nil
	}
	return p.desired.Resources
}

func (p *planning) wants(a spec.Address) bool {
	_, declared := p.desired.Lookup(a)
	return declared && p.options.Mode != Destroy
}

// unwanted are the addresses of the live resources that are not to exist
// afterwards, in order.
func (p *planning) unwanted() []spec.Address {
	unwanted := maps.Clone(p.live.Resources)
	for _, r := range p.wanted() {
		delete(unwanted, r.Address())
	}
	return slices.SortedFunc(maps.Keys(unwanted), spec.Address.Compare)
}

func (p *planning) checkInputs() error {
	for _, r := range p.wanted() {
		script, ok := r.(spec.Scripted)
		if !ok {
			continue
		}
		definition := script.AsScript()
		if definition.Code == nil || definition.Code.Digest == "" {
			return fmt.Errorf("the code of %s has not been built", r.Address())
		}
		if assets := definition.Assets; assets != nil && !assets.Keep && (assets.Files == nil || assets.Files.Digest == "") {
			return fmt.Errorf("the static assets of %s have not been read", r.Address())
		}
	}
	return nil
}

// compare plans what one desired resource needs.
func (p *planning) compare(r spec.Resource) {
	if z, ok := r.(spec.Zoned); ok && z.ZoneOf() == "" {
		p.reportZone(z)
		return
	}
	a := r.Address()
	live := p.live.Resources[a]
	if p.passesOver(r, live) {
		return
	}
	if live == nil {
		p.plan(&Change{Address: a, Action: Create, Reason: ReasonMissing, Fields: p.fields(nil, r), Desired: p.resolved(r)})
		return
	}
	c := p.replacement(r, live)
	if c == nil {
		c = columns[a.Kind].compare(p, r, live)
	}
	if c == nil {
		p.unchanged++
		return
	}
	c.Address, c.Desired = a, p.resolved(r)
	prior := live.Revision
	c.Prior = &prior
	p.plan(c)
}

// reportZone says that a resource is in no zone of the account.
func (p *planning) reportZone(z spec.Zoned) {
	p.diagnostics = append(p.diagnostics, diag.Diagnostic{
		Severity: diag.Error,
		Rule:     RuleUnknownZone,
		Message:  fmt.Sprintf("no zone of the account has the hostname %q, or the credentials cannot see it", z.Host()),
		Hint:     "name the zone with zone_name or zone_id, or add it to the account first",
		Range:    z.Meta().At,
	})
}

// blockRivals blocks what cannot be created beside something that stays.
func (p *planning) blockRivals() {
	for _, a := range p.changed() {
		for _, rival := range p.rivals(a) {
			if room := p.changes[rival]; room == nil || room.Action != Delete {
				p.changes[a].Blocked = &Block{
					By:      blockedByOwnership,
					Message: columns[a.Kind].describeRival(rival),
					Hint:    "remove that one in the account first, or take this one out of the file",
				}
			}
		}
	}
}

// rivals are the live resources that a created one cannot be beside.
func (p *planning) rivals(a spec.Address) []spec.Address {
	c := p.changes[a]
	if find := columns[a.Kind].rivals; find != nil && c.Action == Create {
		return find(p, c.Desired)
	}
	return nil
}

// considerRemoval plans the removal of a live resource that is not wanted, if
// it is ours to remove.
func (p *planning) considerRemoval(a spec.Address) {
	live := p.live.Resources[a]
	if p.desired.Removes(a) {
		p.planRemoval(a, live, ReasonUnwanted)
		return
	}
	if p.desired.IsExternal(a) {
		return
	}
	switch columns[a.Kind].standing(p, a, live) {
	case toRemove:
		reason := ReasonRemoved
		if p.options.Mode == Destroy {
			reason = ReasonDestroyed
		}
		p.planRemoval(a, live, reason)
	case unowned:
		p.countUnmanaged(a).Unowned++
	case foreign:
		p.countUnmanaged(a).Foreign++
	case undeclared:
		p.undeclared[a.Collection()]++
	case notOurs:
	}
}

func (p *planning) planRemoval(a spec.Address, live *spec.Live, reason Reason) {
	prior := live.Revision
	p.plan(&Change{Address: a, Action: Delete, Reason: reason, Prior: &prior, Blocked: p.inTheWay(a, live)})
}

func (p *planning) plan(c *Change) {
	if r, declared := p.desired.Lookup(c.Address); declared {
		c.At = r.Meta().At
	}
	p.changes[c.Address] = c
	p.sorted = nil
}

// changed are the addresses of the changes in order, which are sorted once
// however often they are gone through.
func (p *planning) changed() []spec.Address {
	if p.sorted == nil {
		p.sorted = slices.SortedFunc(maps.Keys(p.changes), spec.Address.Compare)
	}
	return p.sorted
}

func (p *planning) countUnmanaged(a spec.Address) *Unmanaged {
	u := p.unmanaged[a.Collection()]
	if u == nil {
		u = &Unmanaged{Kind: a.Kind, Parent: a.Collection().Parent}
		p.unmanaged[a.Collection()] = u
	}
	return u
}

// resolved is the resource with the ids that are known already, and with what
// there is to carry over from the live one.
func (p *planning) resolved(r spec.Resource) spec.Resource {
	found := p.live.Resources[r.Address()]
	if c, ok := r.(completed); ok && found != nil {
		return c.Completed(found.Resource)
	}
	script, ok := r.(spec.Scripted)
	if !ok || script.AsScript().IsResolved() {
		return r
	}
	resolved, _ := script.AsScript().Resolved(p.id)
	var live *spec.Script
	if found != nil {
		live = found.Resource.(spec.Scripted).AsScript()
	}
	return script.WithScript(resolved.CarryingOver(live))
}

// checkReferences finds what the file refers to and nobody has.
func (p *planning) checkReferences() {
	for _, r := range p.wanted() {
		if p.leftOut(r.Address()) {
			continue
		}
		for _, ref := range r.References() {
			if p.wants(ref.To) || p.desired.IsExternal(ref.To) {
				continue
			}
			_, exists := p.live.Resources[ref.To]
			c := p.changes[ref.To]
			if exists && (c == nil || c.Action != Delete) || !exists && !p.live.Read(ref.To.Collection()) {
				continue
			}
			d := diag.Diagnostic{
				Severity: diag.Error,
				Rule:     RuleMissingReference,
				Message:  fmt.Sprintf("%s refers to %s, which is neither in this file nor in the account", r.Address(), ref.To),
				Hint:     "declare it in this file, or create it in the account first",
				Range:    ref.At,
			}
			if exists {
				d.Message = fmt.Sprintf("%s refers to %s, which this plan removes", r.Address(), ref.To)
				d.Hint = "remove the reference as well, or keep what it refers to"
			}
			if d.Range.IsZero() {
				d.Range = r.Meta().At
			}
			p.diagnostics = append(p.diagnostics, d)
		}
	}
}

// warnUndeclared says what is left alone although it is ours.
func (p *planning) warnUndeclared() {
	for collection, n := range p.undeclared {
		p.diagnostics = append(p.diagnostics, columns[collection.Kind].undeclared(p.desired.Name, collection, n))
	}
}

// finish puts the plan together.
func (p *planning) finish() (*Plan, error) {
	verdicts := append(p.judge(), p.guard()...) // a guard has nothing to ask about what a policy denies
	plan := &Plan{
		FormatVersion: FormatVersion,
		Tool:          p.options.Tool,
		Stack:         p.desired.Name,
		Account:       p.live.Account,
		Mode:          p.options.Mode,
		Changes:       make([]Change, 0, len(p.changes)),
		Partial:       p.partial,
		Guards:        verdicts,
		Diagnostics:   slices.DeleteFunc(p.diagnostics.Sorted(), p.desired.Ignores),
	}
	for _, a := range p.changed() {
		plan.Changes = append(plan.Changes, *p.changes[a])
	}
	p.changes, p.sorted = nil, nil // there may be a million of them
	for _, u := range p.unmanaged {
		plan.Unmanaged = append(plan.Unmanaged, *u)
	}
	slices.SortFunc(plan.Unmanaged, func(a, b Unmanaged) int {
		return spec.Collection{Kind: a.Kind, Parent: a.Parent}.Compare(spec.Collection{Kind: b.Kind, Parent: b.Parent})
	})
	plan.Rollouts = p.rollouts(plan.Changes)
	plan.slim()
	plan.Summary = summarize(plan.Changes, p.unchanged)
	plan.embed()
	p.embedLiveCode(plan)
	return plan, plan.seal()
}

func summarize(changes []Change, unchanged int) Summary {
	s := Summary{Unchanged: unchanged}
	for _, c := range changes {
		switch c.Action {
		case Create:
			s.Add++
		case Update, WriteSecrets:
			s.Change++
		case Delete:
			s.Destroy++
		case Replace:
			s.Add++
			s.Destroy++
		case Adopt:
			s.Adopt++
		}
		if c.Blocked != nil {
			s.Blocked++
		}
	}
	return s
}
