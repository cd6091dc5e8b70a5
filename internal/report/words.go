package report

import (
	"strings"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// actionWords are how an action is spoken of, in Terraform's words: the tools
// that read them out of pull requests know no others.
type actionWords struct {
	order  int // among actions
	color  string
	marker string

	todo    string // how many there are to…
	planned string // the resource will be…
	failed  string // the resource could not be…
	doing   string
	done    string

	// filter names them all, where planned is not the action's alone.
	filter string
}

var actions = map[planner.Action]actionWords{
	planner.Adopt:        {0, yellow, "~", "adopt", "adopted", "adopted", "Adopting", "Adoption", ""},
	planner.Create:       {1, green, "+", "add", "created", "created", "Creating", "Creation", ""},
	planner.Update:       {2, yellow, "~", "change", "updated in-place", "updated", "Modifying", "Modifications", ""},
	planner.WriteSecrets: {2, yellow, "~", "write secrets", "updated in-place", "given its secrets", "Writing secrets", "Secrets", "secrets written"},
	planner.Replace:      {3, red, "-/+", "replace", "replaced", "replaced", "Replacing", "Replacement", ""},
	planner.Delete:       {3, red, "-", "destroy", "destroyed", "destroyed", "Destroying", "Destruction", ""},
}

// wordsOf returns the words for an action. One of a later version is spoken of
// by its name.
func wordsOf(action planner.Action) actionWords {
	if words, known := actions[action]; known {
		return words
	}
	name := safe(string(action))
	return actionWords{4, yellow, "~", name, "changed (" + name + ")", "changed (" + name + ")", "Changing (" + name + ")", "Change (" + name + ")", ""}
}

// will returns what comes before planned. Terraform says of a replacement that
// it must be, because the file leaves no other way.
func will(action planner.Action) string {
	if action == planner.Replace {
		return "must be"
	}
	return "will be"
}

// takesAway reports whether an action deletes something.
func takesAway(action planner.Action) bool {
	return action == planner.Delete || action == planner.Replace
}

// filterName returns what a page calls the choice of the action.
func (w actionWords) filterName() string {
	if w.filter != "" {
		return capital(w.filter)
	}
	return capital(w.planned)
}

// countKind returns a number of resources of a kind.
func countKind(n int, kind spec.Kind) string {
	info := kind.Info()
	return count(n, info.Singular, info.Plural)
}

// capital returns a word as a sentence begins with it.
func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// accountName returns an account as a person knows it.
func accountName(a spec.Account) string {
	switch {
	case a.Name == "":
		return safe(a.ID)
	case a.ID == "":
		return safe(a.Name)
	}
	return safe(a.Name) + " (" + safe(a.ID) + ")"
}
