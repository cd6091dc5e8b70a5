package planner

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// Partial says that a plan is limited to the changes of some resources and what
// those need.
type Partial struct {
	// Targets name the resources: addresses, or patterns of them.
	Targets []string `json:"targets"`

	// Wave is the only wave of each rollout that the plan has; 0 for all.
	Wave int `json:"wave,omitempty"`

	// LeftOut are the other changes that the whole plan would have, sorted by
	// address.
	LeftOut []LeftOut `json:"left_out"`
}

// LeftOut is a change that is not part of a partial plan.
type LeftOut struct {
	Address spec.Address `json:"address"`
	Action  Action       `json:"action"`
}

// UnknownTarget says that a target matches nothing that the stack has or would
// remove.
type UnknownTarget struct {
	Target  string
	nearest string
}

func (u *UnknownTarget) Error() string {
	return fmt.Sprintf("the target %q matches no resource of the stack", u.Target)
}

// Hint suggests the address that was most likely meant.
func (u *UnknownTarget) Hint() string {
	if u.nearest != "" {
		return fmt.Sprintf("did you mean %q?", u.nearest)
	}
	return "plans show the address of each resource; * stands for any characters, as in 'user_worker/customers/acme-*'"
}

// limitToTargets drops changes that the targets neither name nor need. A change
// that is only preferred to come first, such as that of a dispatcher's user
// Worker, is not needed.
func (p *planning) limitToTargets() error {
	if len(p.options.Targets) == 0 && p.options.Wave == 0 {
		return nil
	}
	named, err := p.selected()
	if err != nil {
		return err
	}
	g := p.needs()
	kept := map[spec.Address]bool{}
	for a := range named {
		if p.changes[a] != nil && !kept[a] {
			kept[a] = true
			for _, needed := range g.prerequisites(a) {
				kept[needed] = true
			}
		}
	}
	p.keepDependents(g, kept)
	p.partial = &Partial{Targets: append([]string{}, p.options.Targets...), Wave: p.options.Wave, LeftOut: []LeftOut{}}
	p.earlier = map[string]int{}
	for _, a := range p.changedAddresses() {
		if !kept[a] {
			p.partial.LeftOut = append(p.partial.LeftOut, LeftOut{a, p.changes[a].Action})
			if member := p.changes[a].Rollout; member != nil && member.Wave < p.options.Wave {
				p.earlier[member.Name]++
			}
			delete(p.changes, a)
		}
	}
	p.sorted = nil
	return nil
}

// selected returns the resources that the plan is limited to.
func (p *planning) selected() (map[spec.Address]bool, error) {
	if p.options.Wave == 0 {
		return p.targeted()
	}
	members, err := p.waveMembers()
	if err != nil || len(p.options.Targets) == 0 {
		return members, err
	}
	targeted, err := p.targeted()
	maps.DeleteFunc(members, func(a spec.Address, _ bool) bool { return !targeted[a] })
	return members, err
}

// targeted returns the resources that the targets name, changed or not.
func (p *planning) targeted() (map[spec.Address]bool, error) {
	known := map[spec.Address]string{}
	for _, r := range p.desired.Resources {
		known[r.Address()] = r.Address().String()
	}
	for a := range p.changes {
		known[a] = a.String()
	}
	named := map[spec.Address]bool{}
	for _, target := range p.options.Targets {
		pattern, found := globPattern(target), false
		for a, name := range known {
			if name == target || pattern.MatchString(name) {
				named[a], found = true, true
			}
		}
		if !found {
			names := make([]string, 0, len(known))
			for _, name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			return nil, &UnknownTarget{target, diag.Nearest(target, names)}
		}
	}
	return named, nil
}

// globPattern compiles a pattern of addresses: * matches any characters,
// including the slashes in names, and ? matches one.
func globPattern(glob string) *regexp.Regexp {
	quoted := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(glob))
	return regexp.MustCompile(`(?s)\A` + quoted + `\z`)
}

// leftOut reports whether a resource has a change that is not part of the plan.
func (p *planning) leftOut(a spec.Address) bool {
	if p.partial == nil {
		return false
	}
	_, found := slices.BinarySearchFunc(p.partial.LeftOut, a, func(l LeftOut, a spec.Address) int { return l.Address.Compare(a) })
	return found
}
