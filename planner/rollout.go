package planner

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// Rollout says how the changes of one fleet are made: wave by wave.
type Rollout struct {
	Name string `json:"name"`

	// Waves are all waves of the fleet, including those without changes.
	Waves []Wave `json:"waves"`

	Pause       time.Duration  `json:"pause_ns,omitempty"`
	MaxFailures spec.Limit     `json:"max_failures"`
	OnFailure   spec.OnFailure `json:"on_failure"`

	// Then are the changes that come after the last wave: deletions from the
	// fleet's namespaces. It is not known which fleet they belonged to.
	Then []spec.Address `json:"then,omitempty"`
}

// Wave is one step of a rollout.
type Wave struct {
	spec.Wave

	// Changes is how many of the members are changed.
	Changes int `json:"changes"`
}

// UnknownWave says that no fleet has a wave of that number.
type UnknownWave struct {
	Wave int

	// MaxWave is the highest number of a wave in the stack; 0 if it has no
	// rollout.
	MaxWave int
}

func (u *UnknownWave) Error() string {
	if u.MaxWave == 0 {
		return fmt.Sprintf("wave %d does not exist: the stack has no rollout", u.Wave)
	}
	return fmt.Sprintf("wave %d does not exist: the waves of this stack are 1 to %d", u.Wave, u.MaxWave)
}

// Hint says where waves come from.
func (u *UnknownWave) Hint() string {
	if u.MaxWave == 0 {
		return "give the entry under `user_workers` a `rollout`"
	}
	return "a wave without user Workers is not counted; `wfpsync plan` shows the others"
}

// rolloutOf returns a resource's place in a rollout; nil if it has none.
func (p *planning) rolloutOf(r spec.Resource) *spec.RolloutMember {
	if r == nil || p.options.IgnoreRollouts {
		return nil
	}
	return r.Meta().Rollout
}

// assignRollouts gives the changes their places in the rollouts. A change that
// only writes a mark leaves the Worker as it was and has no place, unless the
// Worker still has to answer its probe.
func (p *planning) assignRollouts() {
	for _, c := range p.changes {
		if member := p.rolloutOf(c.Desired); member != nil && (!c.MarkOnly || c.Reason == ReasonUnproven) {
			c.Rollout = member
		}
	}
}

// isUnproven reports whether a live Worker was uploaded, has not answered its
// probe, and still has one in the file.
func (p *planning) isUnproven(desired spec.Resource, live *spec.Live) bool {
	member, mark := p.rolloutOf(desired), live.Revision.Mark
	return mark != nil && mark.Unproven && member != nil && member.Probe != nil
}

// barrierKind is the kind of nodes in the graph that are not changes:
// everything in a wave comes before its barrier, and everything in the next one
// after it.
const barrierKind spec.Kind = "rollout"

func barrier(rollout string, wave int) spec.Address {
	return spec.Address{Kind: barrierKind, Parent: rollout, Name: fmt.Sprintf("wave %d", wave)}
}

// addWaves orders the waves of each rollout one after another, and deletions in
// its namespaces after the last.
func (p *planning) addWaves(g *graph) {
	last := map[string]spec.Address{}
	for _, r := range p.desired.Rollouts {
		for i := range r.Waves {
			g.addNode(barrier(r.Name, i+1))
			if i > 0 {
				g.add(barrier(r.Name, i+1), barrier(r.Name, i))
			}
		}
		last[r.Name] = barrier(r.Name, len(r.Waves))
	}
	namespaces := map[string][]string{} // of each rollout
	for a, c := range p.changes {
		if c.Rollout == nil {
			continue
		}
		g.add(barrier(c.Rollout.Name, c.Rollout.Wave), a)
		g.add(a, barrier(c.Rollout.Name, c.Rollout.Wave-1)) // the first wave has no barrier before it
		if !slices.Contains(namespaces[c.Rollout.Name], a.Parent) {
			namespaces[c.Rollout.Name] = append(namespaces[c.Rollout.Name], a.Parent)
		}
	}
	for rollout, list := range namespaces {
		for _, namespace := range list {
			g.preferBefore(last[rollout], p.userWorkers(namespace, func(c *Change) bool { return c.Action == Delete }))
		}
	}
}

// noteAfterRollouts records what comes after the last wave of each rollout.
func (p *planning) noteAfterRollouts(g *graph) {
	p.afterRollouts = map[string][]spec.Address{}
	for _, r := range p.desired.Rollouts {
		last := barrier(r.Name, len(r.Waves))
		for _, a := range p.changedAddresses() {
			if p.changes[a].Action == Delete && g.comesAfter(a, last) {
				p.afterRollouts[r.Name] = append(p.afterRollouts[r.Name], a)
			}
		}
	}
}

// preferDispatchersFirst creates a dispatcher, and what leads traffic to it,
// before the user Workers that are probed through it.
func (p *planning) preferDispatchersFirst(g *graph) {
	for _, a := range p.changedAddresses() {
		c := p.changes[a]
		if a.Kind != spec.KindWorker || c.Action != Create {
			continue
		}
		for _, namespace := range dispatchesTo(c.Desired.References()) {
			probed := p.userWorkers(namespace, func(c *Change) bool { return c.Rollout != nil && c.Rollout.Probe != nil })
			for _, first := range append([]spec.Address{a}, p.trafficTo(a)...) {
				g.preferBefore(first, probed)
			}
		}
	}
}

// trafficTo returns the created resources that lead traffic to a Worker.
func (p *planning) trafficTo(worker spec.Address) []spec.Address {
	var addresses []spec.Address
	for _, a := range p.changedAddresses() {
		attached, ok := p.changes[a].Desired.(spec.Attached)
		if ok && p.changes[a].Action == Create && attached.AttachedTo() == worker {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

// rollouts returns the rollouts that the plan's changes are part of.
func (p *planning) rollouts(changes []Change) []Rollout {
	counts := map[string][]int{}
	for _, c := range changes {
		if t := c.Rollout; t != nil {
			for len(counts[t.Name]) < t.Wave {
				counts[t.Name] = append(counts[t.Name], 0)
			}
			counts[t.Name][t.Wave-1]++
		}
	}
	var rollouts []Rollout
	for _, r := range p.desired.Rollouts {
		changed := counts[r.Name]
		if changed == nil {
			continue
		}
		planned := Rollout{Name: r.Name, Pause: r.Pause, MaxFailures: r.MaxFailures, OnFailure: r.OnFailure, Then: p.afterRollouts[r.Name]}
		for i, wave := range r.Waves {
			one := Wave{Wave: wave}
			if i < len(changed) {
				one.Changes = changed[i]
			}
			planned.Waves = append(planned.Waves, one)
		}
		rollouts = append(rollouts, planned)
	}
	return rollouts
}

// waveMembers returns the changed addresses of the wave that the plan is
// limited to.
func (p *planning) waveMembers() (map[spec.Address]bool, error) {
	last := 0
	for _, r := range p.desired.Rollouts {
		last = max(last, len(r.Waves))
	}
	if p.options.Wave > last {
		return nil, &UnknownWave{p.options.Wave, last}
	}
	members := map[spec.Address]bool{}
	for a, c := range p.changes {
		if c.Rollout != nil && c.Rollout.Wave == p.options.Wave {
			members[a] = true
		}
	}
	return members, nil
}

// checkRollouts reports changes that a rollout could not roll back.
func (p *planning) checkRollouts() {
	if len(p.desired.Rollouts) == 0 {
		return
	}
	onFailure := map[string]spec.OnFailure{}
	for _, r := range p.desired.Rollouts {
		onFailure[r.Name] = r.OnFailure
		if n := p.earlier[r.Name]; n > 0 {
			p.diagnostics = append(p.diagnostics, diag.Diagnostic{
				Severity: diag.Warning, Rule: RuleEarlierWave, Range: r.At,
				Message: fmt.Sprintf("the rollout %q has not done the waves before wave %d: user Workers left out of them: %d", r.Name, p.options.Wave, n),
				Hint:    "run the earlier waves first, or all of them by leaving out --wave",
			})
		}
	}
	lost, stuck := map[diag.Range]*affected{}, map[diag.Range]*affected{}
	for _, a := range p.changedAddresses() {
		c := p.changes[a]
		if c.Rollout == nil || c.Action == Create || c.MarkOnly || onFailure[c.Rollout.Name] != spec.RollBack {
			continue
		}
		if what := p.cannotRollBack(c); what != "" {
			note(stuck, c, what)
		} else if names := lostSecrets(c); len(names) > 0 {
			note(lost, c, strings.Join(names, ", "))
		}
	}
	for at, s := range stuck {
		p.diagnostics = append(p.diagnostics, diag.Diagnostic{
			Severity: diag.Error, Rule: RuleNoWayBack, Range: at,
			Message: fmt.Sprintf("%s cannot be rolled back: %s", s.who(), s.what),
			Hint:    "roll this change out with `on_failure: stop`",
		})
	}
	for at, s := range lost {
		p.diagnostics = append(p.diagnostics, diag.Diagnostic{
			Severity: diag.Warning, Rule: RuleLostSecret, Range: at,
			Message: fmt.Sprintf("%s loses %s, whose value no rollback can restore", s.who(), s.what),
			Hint:    "secrets cannot be read back: first roll out code that does not need it, then remove it",
		})
	}
}

// affected are the changes at one place of the file that share a complaint.
type affected struct {
	first spec.Address
	what  string
	more  int
}

func note(places map[diag.Range]*affected, c *Change, what string) {
	if at := places[c.At]; at != nil {
		at.more++
		return
	}
	places[c.At] = &affected{first: c.Address, what: what}
}

func (a *affected) who() string {
	if a.more == 0 {
		return a.first.String()
	}
	return fmt.Sprintf("%s, like %d more,", a.first, a.more)
}

// cannotRollBack says which part of a change an upload cannot undo; "" if there
// is none.
func (p *planning) cannotRollBack(c *Change) string {
	script := c.Desired.(spec.Scripted).AsScript()
	if c.Prior != nil {
		if pending, _ := script.PendingMigrations(c.Prior.MigrationTag); pending != nil {
			return "it runs a Durable Object migration, which cannot be undone"
		}
	}
	for _, f := range c.Fields {
		if f.Path == assetsPath && f.Op != FieldAdd {
			return "it replaces its static assets, and those that it has cannot be read back"
		}
	}
	return ""
}

// lostSecrets returns the names of the secrets that a change removes.
func lostSecrets(c *Change) []string {
	var names []string
	for _, f := range c.Fields {
		name, ok := strings.CutPrefix(f.Path, "/bindings/")
		if ok && !strings.Contains(name, "/") && isSecret(f.Before) && (f.Op == FieldRemove || !isSecret(f.After)) {
			names = append(names, name)
		}
	}
	return names
}

// checkRolloutMembers checks that a plan that was read has the rollouts that
// its changes are in, and the changes that come after them.
func (p *Plan) checkRolloutMembers() error {
	waves := map[string]int{}
	known := map[spec.Address]bool{}
	for _, r := range p.Rollouts {
		waves[r.Name] = len(r.Waves)
	}
	for _, c := range p.Changes {
		known[c.Address] = true
		if c.Rollout != nil && (c.Rollout.Wave < 1 || c.Rollout.Wave > waves[c.Rollout.Name]) {
			return fmt.Errorf("%s is in a wave that does not exist", c.Address)
		}
	}
	for _, r := range p.Rollouts {
		for _, a := range r.Then {
			if !known[a] {
				return fmt.Errorf("%s is to come after the rollout %q, and is not a change", a, r.Name)
			}
		}
	}
	return nil
}
