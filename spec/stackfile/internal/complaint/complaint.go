// Package complaint collects what is wrong with a stack file and with the files that
// it names. One mistake becomes one message, however many resources it is made for,
// and a value that must not be repeated is in none.
package complaint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/list"
)

// A Collector takes the diagnostics of all phases of loading a file.
type Collector struct {
	sources     map[string]*document.Value // by file, for source lines
	diagnostics diag.List

	// repeated counts complaints of one rule at one place: a mistake in a
	// template is made again for every item.
	repeated map[repeat]int

	// broken are the pointers that the schema complained about.
	broken map[string]bool

	// masked are values that must not be repeated; see [Collector.Mask].
	masked []string

	// about are the items that the present entry is made of.
	about []list.Chosen
}

// New returns a collector with what is wrong with a file as YAML.
func New(name string, root *document.Value, found diag.List) *Collector {
	return &Collector{
		sources:     map[string]*document.Value{name: root},
		diagnostics: found,
		repeated:    map[repeat]int{},
		broken:      map[string]bool{},
	}
}

// AddSource adds another file that complaints can be about.
func (c *Collector) AddSource(name string, root *document.Value) { c.sources[name] = root }

// Files returns the names of all files, sorted.
func (c *Collector) Files() []string { return slices.Sorted(maps.Keys(c.sources)) }

// Add adds diagnostics that other code has found.
func (c *Collector) Add(found diag.List) { c.diagnostics = append(c.diagnostics, found...) }

// About says which items the complaints from now on are about, none for an entry that
// is not one of many. It returns those before.
func (c *Collector) About(items []list.Chosen) (before []list.Chosen) {
	before, c.about = c.about, items
	return before
}

// Report adds an error at a place of a file.
func (c *Collector) Report(rule string, at diag.Range, message, hint string, related ...diag.Related) {
	c.Diagnose(diag.Error, rule, at, message, hint, related...)
}

// Warn adds a warning, which a comment in the file can silence: its rule is one
// of [ignorable].
func (c *Collector) Warn(rule string, at diag.Range, message, hint string) {
	c.Diagnose(diag.Warning, rule, at, message, hint)
}

// repeat is a rule broken at a place.
type repeat struct {
	rule string
	at   diag.Range
}

// maxRepeats is how often a rule is reported at one place. A template that is
// wrong is so for every item of its list.
const maxRepeats = 5

// Diagnose adds a diagnostic. It points at the items that the present entry is made
// of as well.
func (c *Collector) Diagnose(severity diag.Severity, rule string, at diag.Range, message, hint string, related ...diag.Related) {
	if len(c.about) > 0 {
		place := repeat{rule, at}
		if c.repeated[place]++; c.repeated[place] > maxRepeats {
			return
		}
		related = append(related, Related(c.about)...)
	}
	c.diagnostics = append(c.diagnostics, diag.Diagnostic{
		Severity: severity, Rule: rule, Message: message, Hint: hint, Range: at, Related: related,
		Snippet: c.line(at),
	})
}

// Related points at items.
func Related(items []list.Chosen) []diag.Related {
	var related []diag.Related
	for _, item := range items {
		related = append(related, diag.Related{Range: item.Item.At(), Message: "for this item"})
	}
	return related
}

// line returns the source line that a range starts on.
func (c *Collector) line(at diag.Range) string { return c.sources[at.File].Line(at.Line) }

// Places returns the places that have been complained about.
func (c *Collector) Places() map[diag.Range]bool {
	places := map[diag.Range]bool{}
	for _, d := range c.diagnostics {
		places[d.Range] = true
	}
	return places
}

// IsBroken reports whether the schema complained about a value or a part of it. What
// it leads to is not checked further: one mistake is one message.
func (c *Collector) IsBroken(pointer string) bool { return c.broken[pointer] }

// Break marks a value and everything that holds it as complained about.
func (c *Collector) Break(pointer string) {
	for i := range pointer {
		if i > 0 && pointer[i] == '/' {
			c.broken[pointer[:i]] = true
		}
	}
	c.broken[pointer] = true
}

// Finish returns all diagnostics in the order of places, without the warnings that
// comments in the files silence, and the rules that they silence for plans.
func (c *Collector) Finish() (diag.List, []spec.Ignored) {
	found, ignored := c.withoutIgnored(c.withRepeats())
	return c.withoutMasked(found.Sorted()), ignored
}

// withRepeats returns the diagnostics, and how many of them were left out.
func (c *Collector) withRepeats() diag.List {
	for i, d := range c.diagnostics {
		if n := c.repeated[repeat{d.Rule, d.Range}]; n > maxRepeats {
			c.diagnostics[i].Hint = strings.TrimPrefix(d.Hint+fmt.Sprintf("; %d items have this fault", n), "; ")
			delete(c.repeated, repeat{d.Rule, d.Range}) // said once
		}
	}
	return c.diagnostics
}
