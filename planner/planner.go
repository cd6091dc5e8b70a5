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

// Options are what a plan depends on in addition to the two worlds.
type Options struct {
	Mode Mode

	// Tool names the program and its version in the plan.
	Tool string

	// Refresh makes [Inspect] name every Worker of the stack, including those
	// whose mark could be believed.
	Refresh bool

	// Allow names the guards that are acknowledged.
	Allow []string

	// Secrets are the current values of secrets, and the key of their
	// fingerprints; nil without a key. New values are then not noticed.
	Secrets *spec.SecretValues

	// WriteSecrets writes every secret, whatever the account has.
	WriteSecrets bool

	// Targets are addresses, or patterns of them. The plan is limited to these
	// and what they need; without any, it is the whole plan.
	Targets []string

	// Wave limits the plan to the wave of that number in each rollout, and to
	// what it needs; 0 for all waves.
	Wave int

	// IgnoreRollouts makes changes without waves, and dispatchers do not wait
	// for the user Workers behind them, so that one failure does not hold up
	// the others.
	IgnoreRollouts bool
}

// New compares the desired stack with the live account. The desired code must
// have been built, except to destroy. The live Workers that [Inspect] names
// must have been read; the marks of all others are believed.
//
// A change that must not be made is part of the plan and marked as blocked, so
// that the user can see it. Diagnostics of severity error mean that the plan
// cannot be applied. New returns an error only for inputs that no plan can be
// made of: a [*Cycle], an [*UnknownTarget] and an [*UnknownWave] are among
// these.
func New(desired *spec.Stack, live *spec.Snapshot, options Options) (*Plan, error) {
	p := newPlanning(desired, live, options)
	if err := p.checkInputs(); err != nil {
		return nil, err
	}
	for _, r := range p.desiredResources() {
		p.compare(r)
	}
	for _, a := range p.obsolete() {
		p.considerRemoval(a)
	}
	p.blockConflicts()
	p.assignRollouts()
	if err := p.limitToTargets(); err != nil {
		return nil, err
	}
	p.checkExternal()
	p.checkReferences()
	p.checkUnmanaged()
	p.warnUndeclared()
	p.warnUnsearched()
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

// Inspect returns the live resources that must be read whole before [New] can
// compare them: Workers whose mark does not describe the desired state, Workers
// that are deleted and whose bindings decide the order, and other resources of
// which a list does not show enough.
func Inspect(desired *spec.Stack, live *spec.Snapshot, options Options) []spec.Address {
	p := newPlanning(desired, live, options)
	resources := p.desiredResources()
	inspected := make([]bool, len(resources))
	parallel(len(resources), func(i int) { inspected[i] = p.inspects(resources[i]) })
	var addresses []spec.Address
	for i, r := range resources {
		if inspected[i] && p.mayRead(r) {
			addresses = append(addresses, r.Address())
		}
	}
	return append(addresses, p.removalsToInspect()...)
}

// inspects reports whether a resource must be read whole because a list has not
// shown enough of it. It computes the digest of every script, so it runs in
// parallel.
func (p *planning) inspects(r spec.Resource) bool {
	found, inspect := p.live.Resources[r.Address()], ops[r.Address().Kind].inspect
	return found != nil && !found.Detailed && inspect != nil && inspect(p, r, found)
}

// parallel calls do for every number below n, on all processors.
func parallel(n int, do func(int)) {
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

	changes       map[spec.Address]*Change
	sorted        []spec.Address        // addresses of the changes; see [planning.changedAddresses]
	replaced      map[spec.Address]bool // by its changes
	partial       *Partial
	earlier       map[string]int            // number of changes of earlier waves that are left out, by rollout
	afterRollouts map[string][]spec.Address // what comes after the last wave, by rollout
	unmanaged     map[spec.Collection]*Unmanaged
	undeclared    map[spec.Collection]int
	diagnostics   diag.List
	unchanged     int
	secrets       secretFindings

	valuesRead int                      // number that [Inspect] has asked for; see [maxValuesRead]
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

// desiredResources returns the resources that will exist afterwards: none when
// destroying.
func (p *planning) desiredResources() []spec.Resource {
	if p.options.Mode == Destroy {
		return nil
	}
	return p.desired.Resources
}

// isDesired reports whether desiredResources has a resource.
func (p *planning) isDesired(a spec.Address) bool {
	_, declared := p.desired.Lookup(a)
	return declared && p.options.Mode != Destroy
}

// obsolete returns the addresses of live resources that are not desired,
// sorted.
func (p *planning) obsolete() []spec.Address {
	obsolete := maps.Clone(p.live.Resources)
	for _, r := range p.desiredResources() {
		delete(obsolete, r.Address())
	}
	return slices.SortedFunc(maps.Keys(obsolete), spec.Address.Compare)
}

func (p *planning) checkInputs() error {
	for _, r := range p.desiredResources() {
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
	if p.templateSkips(r, live) {
		return
	}
	if live == nil {
		p.addChange(&Change{Address: a, Action: Create, Reason: ReasonMissing, Fields: p.fields(nil, r), Desired: p.resolved(r)})
		return
	}
	c := p.replacement(r, live)
	if c == nil {
		c = ops[a.Kind].compare(p, r, live)
	}
	if c == nil {
		p.unchanged++
		return
	}
	c.Address, c.Desired = a, p.resolved(r)
	prior := live.Revision
	c.Prior = &prior
	p.addChange(c)
}

// reportZone reports a resource that is in no zone of the account.
func (p *planning) reportZone(z spec.Zoned) {
	p.diagnostics = append(p.diagnostics, diag.Diagnostic{
		Severity: diag.Error,
		Rule:     RuleUnknownZone,
		Message:  fmt.Sprintf("no zone of the account has the hostname %q, or the credentials cannot see it", z.Host()),
		Hint:     "name the zone with zone_name or zone_id, or add it to the account first",
		Range:    z.Meta().At,
	})
}

// blockConflicts blocks resources that cannot be created because of another one
// that remains.
func (p *planning) blockConflicts() {
	for _, a := range p.changedAddresses() {
		for _, other := range p.conflicts(a) {
			if c := p.changes[other]; c == nil || c.Action != Delete {
				p.changes[a].Blocked = &Block{
					By:      blockedByOwnership,
					Message: ops[a.Kind].describeConflict(other),
					Hint:    "remove that one in the account first, or take this one out of the file",
				}
			}
		}
	}
}

// conflicts returns the live resources that rule out a created one.
func (p *planning) conflicts(a spec.Address) []spec.Address {
	c := p.changes[a]
	if find := ops[a.Kind].conflicts; find != nil && c.Action == Create {
		return find(p, c.Desired)
	}
	return nil
}

// considerRemoval plans the removal of a live resource that is not desired, if
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
	switch ops[a.Kind].disposition(p, a, live) {
	case removed:
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
	case ignored:
	}
}

func (p *planning) planRemoval(a spec.Address, live *spec.Live, reason Reason) {
	prior := live.Revision
	p.addChange(&Change{Address: a, Action: Delete, Reason: reason, Prior: &prior, Blocked: p.removalBlock(a, live)})
}

func (p *planning) addChange(c *Change) {
	if r, declared := p.desired.Lookup(c.Address); declared {
		c.At = r.Meta().At
	}
	p.changes[c.Address] = c
	p.sorted = nil
}

// changedAddresses returns the addresses of the changes, sorted. It sorts them
// once, however often it is called.
func (p *planning) changedAddresses() []spec.Address {
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

// resolved returns the resource with the ids that are known already, and with
// what it carries over from the live one.
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

// checkReferences reports references to resources that are neither in the file
// nor in the account.
func (p *planning) checkReferences() {
	for _, r := range p.desiredResources() {
		if p.leftOut(r.Address()) {
			continue
		}
		for _, ref := range r.References() {
			if p.isDesired(ref.To) || p.desired.IsExternal(ref.To) {
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

// warnUndeclared warns of resources of the stack that are left alone.
func (p *planning) warnUndeclared() {
	for collection, n := range p.undeclared {
		p.diagnostics = append(p.diagnostics, ops[collection.Kind].undeclared(p.desired.Name, collection, n))
	}
}

// finish assembles the plan.
func (p *planning) finish() (*Plan, error) {
	verdicts := append(p.applyPolicies(), p.applyGuards()...) // guards need not ask about what a policy denies
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
	for _, a := range p.changedAddresses() {
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
	plan.dropUnuploaded()
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
