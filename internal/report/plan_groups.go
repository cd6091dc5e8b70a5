package report

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// fewestFolded is how many changes must be alike to be shown as one. Below it a
// list of them is as quickly read as a sentence about them.
const fewestFolded = 5

// group is changes that are shown as one because they are alike: the same is
// done to resources of one kind in one place, for one reason, in the same
// fields. The first change is the worked example of them all.
type group struct {
	changes []*planner.Change

	// others says of each field of the example in how many of the other
	// changes its values are not the example's.
	others []int
}

// example returns the change that stands for the group.
func (g group) example() planner.Change { return *g.changes[0] }

// folded reports whether the group is more than its example.
func (g group) folded() bool { return len(g.changes) > 1 }

// grouped returns a plan's changes with those that are alike folded into one,
// in the order of the examples. With expand, each is a group of its own.
func grouped(changes []planner.Change, expand bool) []group {
	var alike [][]*planner.Change // by shape
	shapes, known := make([]int, len(changes)), map[string]int{}
	if !expand {
		for i := range changes {
			c := &changes[i]
			shapes[i] = once(&alike, known, shapeOf(c), nil)
			alike[shapes[i]] = append(alike[shapes[i]], c)
		}
	}
	var groups []group
	for i := range changes {
		c := &changes[i]
		switch {
		case expand || len(alike[shapes[i]]) < fewestFolded:
			groups = append(groups, group{changes: []*planner.Change{c}, others: make([]int, len(c.Fields))})
		case alike[shapes[i]][0] == c:
			groups = append(groups, group{changes: alike[shapes[i]], others: differing(alike[shapes[i]])})
		}
	}
	return groups
}

// shapeOf returns text that is equal for changes that are alike.
func shapeOf(c *planner.Change) string {
	var b strings.Builder
	part := func(text string) {
		b.WriteString(strconv.Itoa(len(text)))
		b.WriteByte(':')
		b.WriteString(text)
	}
	part(string(c.Address.Kind))
	part(c.Address.Parent)
	part(string(c.Action))
	part(string(c.Reason))
	part(waveWords(*c))
	if c.Blocked != nil {
		part(c.Blocked.By)
		part(c.Blocked.Message)
		part(c.Blocked.Hint)
	}
	for _, f := range c.Fields {
		part(f.Path)
		part(string(f.Op))
		part(string(f.WriteReason))
		part(strconv.FormatBool(f.Sensitive))
		part(strconv.FormatBool(f.Unknown))
	}
	return b.String()
}

// differing counts, for each field of the first change, the changes in which
// its values are other ones.
func differing(alike []*planner.Change) []int {
	example := alike[0].Fields
	others := make([]int, len(example))
	for _, c := range alike[1:] {
		for i, f := range c.Fields {
			if !reflect.DeepEqual(f.Before, example[i].Before) || !reflect.DeepEqual(f.After, example[i].After) {
				others[i]++
			}
		}
	}
	return others
}

// alikeWords say how many others the example of a folded group stands for.
func (g group) alikeWords() string {
	a := g.example().Address
	return countMore(len(g.changes)-1, a.Kind) + in(a.Parent) + " alike"
}

const (
	maxNames   = 12  // of a folded group that are listed
	widestList = 100 // columns of a line of names
)

// names returns the names of the others in a folded group, in lines: all of
// them when they are few, else the first ones and the last.
func (g group) names() []string {
	others := g.changes[1:]
	var lines []string
	current := ""
	for i, c := range others {
		name := safe(c.Address.Name)
		switch last := i == len(others)-1; {
		case len(others) > maxNames && i >= maxNames-1 && !last:
			continue
		case len(others) > maxNames && last:
			name = ellipsis + " " + name
		case !last:
			name += ","
		}
		if current != "" && displayWidth(current)+1+displayWidth(name) > widestList {
			lines = append(lines, current)
			current = ""
		}
		current = strings.TrimPrefix(current+" "+name, " ")
	}
	return append(lines, current)
}

// countMore is like "4,196 more user Workers".
func countMore(n int, kind spec.Kind) string {
	words := strings.SplitN(countKind(n, kind), " ", 2)
	return words[0] + " more " + words[1]
}

// in returns where something is, or nothing for the account itself.
func in(parent string) string {
	if parent == "" {
		return ""
	}
	return " in " + safe(parent)
}

// otherValues says that a field's values are only the example's own.
func otherValues(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 of them has another value"
	}
	return number(n) + " of them have other values"
}
