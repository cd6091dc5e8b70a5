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

// Partial says that a plan is not all that the stack needs: it has the changes of
// some resources, and what must be done for those.
type Partial struct {
	// Targets name the resources: addresses, or patterns of them.
	Targets []string `json:"targets"`

	// Wave is the only one that the plan has of each rollout; 0 for all.
	Wave int `json:"wave,omitempty"`

	// LeftOut are the changes that the whole plan would have besides, in the
	// order of addresses.
	LeftOut []LeftOut `json:"left_out"`
}

// LeftOut is a change that is not part of a partial plan.
type LeftOut struct {
	Address spec.Address `json:"address"`
	Action  Action       `json:"action"`
}

// UnknownTarget says that a target names nothing that the stack has, or that it
// would remove.
type UnknownTarget struct {
	Target  string
	nearest string
}

func (u *UnknownTarget) Error() string {
	return fmt.Sprintf("the target %q matches no resource of the stack", u.Target)
}

// Hint says what was most likely meant.
func (u *UnknownTarget) Hint() string {
	if u.nearest != "" {
		return fmt.Sprintf("did you mean %q?", u.nearest)
	}
	return "plans show the address of each resource; * stands for any characters, as in 'user_worker/customers/acme-*'"
}

// narrow leaves out what the targets do not name and do not need. What only had
// better come first, such as the user Workers of a dispatcher, is not needed.
func (p *planning) narrow() error {
	if len(p.options.Targets) == 0 && p.options.Wave == 0 {
		return nil
	}
	named, err := p.named()
	if err != nil {
		return err
	}
	g := p.needs()
	kept := map[spec.Address]bool{}
	for a := range named {
		if p.changes[a] != nil && !kept[a] {
			kept[a] = true
			for _, needed := range g.needed(a) {
				kept[needed] = true
			}
		}
	}
	p.keepDependents(g, kept)
	p.partial = &Partial{Targets: append([]string{}, p.options.Targets...), Wave: p.options.Wave, LeftOut: []LeftOut{}}
	p.earlier = map[string]int{}
	for _, a := range p.changed() {
		if !kept[a] {
			p.partial.LeftOut = append(p.partial.LeftOut, LeftOut{a, p.changes[a].Action})
			if turn := p.changes[a].Rollout; turn != nil && turn.Wave < p.options.Wave {
				p.earlier[turn.Name]++
			}
			delete(p.changes, a)
		}
	}
	p.sorted = nil
	return nil
}

// named are the resources that the plan is limited to.
func (p *planning) named() (map[spec.Address]bool, error) {
	if p.options.Wave == 0 {
		return p.targeted()
	}
	members, err := p.ofWave()
	if err != nil || len(p.options.Targets) == 0 {
		return members, err
	}
	targeted, err := p.targeted()
	maps.DeleteFunc(members, func(a spec.Address, _ bool) bool { return !targeted[a] })
	return members, err
}

// targeted are the resources that the targets name, changed or not.
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

// globPattern matches addresses: * is any characters, slashes too, since names
// have them, and ? is one.
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
