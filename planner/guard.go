package planner

import (
	"fmt"
	"maps"
	"slices"
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

// guard asks every guard about the changes and blocks the refused ones. There
// is no acknowledgement of everything: each guard is allowed by its own name.
func (p *planning) guard() []Verdict {
	concerned := map[string][]*Change{}
	for _, c := range p.changes {
		if name := columns[c.Address.Kind].guard; name != "" && c.Action == Delete {
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
					Message: "deleting it cannot be undone",
					Hint:    "acknowledge it with --allow " + name,
				}
			}
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}
