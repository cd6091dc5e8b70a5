package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// Discovery says which user Workers of the account a list looks for.
type Discovery struct {
	// Namespace is their dispatch namespace.
	Namespace string

	// Tags are the tags that they must have (true) or must not have (false).
	Tags map[string]bool

	// Name is a pattern of their names, in which * matches any characters; ""
	// for every name.
	Name string
}

// Template is an entry of `user_workers` that iterates over discovered user
// Workers: another program owns the list of them, and the file manages some of
// their fields.
type Template struct {
	Key       string
	Discovery Discovery
	Found     int // how many were found
	At        diag.Range
}

// Criteria describes in words what is looked for.
func (t Template) Criteria() string {
	var parts []string
	if t.Discovery.Name != "" {
		parts = append(parts, fmt.Sprintf("a name like %q", t.Discovery.Name))
	}
	for _, tag := range slices.Sorted(maps.Keys(t.Discovery.Tags)) {
		has := map[bool]string{true: "the tag", false: "no tag"}[t.Discovery.Tags[tag]]
		parts = append(parts, fmt.Sprintf("%s %q", has, tag))
	}
	return strings.Join(parts, " and ")
}
