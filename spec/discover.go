package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// Discovery is which user Workers of the account a list looks for.
type Discovery struct {
	// Namespace is the dispatch namespace that they are in.
	Namespace string

	// Tags are those that they carry (true) and do not carry (false).
	Tags map[string]bool

	// Name is a pattern of their names, in which * is any characters; "" for
	// every name.
	Name string
}

// Template is an entry of `user_workers` that goes through discovered user
// Workers: somebody else's product owns which there are, and the file what of
// them it manages.
type Template struct {
	Key       string
	Discovery Discovery
	Found     int // how many there are
	At        diag.Range
}

// Wanted is what is looked for, in words.
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
