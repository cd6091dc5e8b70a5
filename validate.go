package wfpsync

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// Validation is what a stack file declares, and what is wrong with it.
type Validation struct {
	// Resources is how many the file declares without an environment.
	// NeedsEnvironment says that it is only valid with one.
	Resources        int
	NeedsEnvironment bool

	// Environments are those that were also checked.
	Environments []ValidEnvironment

	Diagnostics diag.List
}

// ValidEnvironment is an environment that was checked, and its number of
// resources.
type ValidEnvironment struct {
	Name      string
	Resources int
}

// Validate checks a stack file and its code without an account: in the
// environment that the options name, or else without one and in each of its
// environments.
func Validate(ctx context.Context, file string, o Options) (*Validation, error) {
	base, err := Open(file, o)
	if err != nil {
		return nil, err
	}
	names := base.stack.Environments
	v := &Validation{Resources: len(base.stack.Resources)}
	if o.Environment != "" || len(names) == 0 {
		err := buildEach(ctx, base)
		v.Diagnostics = base.diagnostics
		return v, err
	}
	projects := []*Project{base}
	for _, name := range names {
		p, err := open(file, o, func(o *stackfile.Options) { o.Environment = name })
		if err != nil {
			return v, err
		}
		projects = append(projects, p)
		v.Environments = append(v.Environments, ValidEnvironment{name, len(p.stack.Resources)})
	}
	built := projects
	if base.diagnostics.HasErrors() {
		named, err := open(file, o, func(o *stackfile.Options) { o.AsIf = names[0] })
		if err != nil {
			return v, err
		}
		if base.diagnostics = commonTo(base.diagnostics, named.diagnostics); !base.diagnostics.HasErrors() {
			v.NeedsEnvironment, built = true, projects[1:] // without an environment there is nothing to build
		}
	}
	err = buildEach(ctx, built...)
	v.Diagnostics = inEnvironments(projects, names)
	return v, err
}

// finding identifies a diagnostic, as [diag.List.Sorted] does.
type finding struct {
	severity      diag.Severity
	at            diag.Range
	rule, message string
}

func findingOf(d diag.Diagnostic) finding { return finding{d.Severity, d.Range, d.Rule, d.Message} }

// commonTo returns the diagnostics of one list that are also in the other.
func commonTo(list, other diag.List) diag.List {
	known := map[finding]bool{}
	for _, d := range other {
		known[findingOf(d)] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(d diag.Diagnostic) bool { return !known[findingOf(d)] })
}

// inEnvironments returns each diagnostic of the projects once; the first
// project is the file without an environment. A message names its environments
// if it is not about all of them. A comment that silences a warning in any of
// them is in use.
func inEnvironments(projects []*Project, names []string) diag.List {
	var all diag.List
	where := map[finding][]string{}
	inFile := map[finding]bool{}
	for i, p := range projects {
		for _, d := range p.diagnostics {
			f := findingOf(d)
			if i == 0 {
				inFile[f] = true
			} else {
				where[f] = append(where[f], names[i-1])
			}
			all = append(all, d)
		}
	}
	var said diag.List
	for _, d := range all.Sorted() {
		f := findingOf(d)
		switch found := where[f]; {
		case d.Rule == spec.RuleIgnoreComment && len(found) < len(names):
			continue
		case inFile[f] && len(found) == 0:
			d.Message = "without an environment: " + d.Message
		case inFile[f] || len(found) == len(names) && len(names) > 1:
		default:
			d.Message = "in " + named(found) + ": " + d.Message
		}
		said = append(said, d)
	}
	return said
}

// named returns environments in words.
func named(environments []string) string {
	what := "the environment "
	if len(environments) > 1 {
		what = "the environments "
	}
	quoted := make([]string, len(environments))
	for i, name := range environments {
		quoted[i] = strconv.Quote(name)
	}
	return what + strings.Join(quoted, ", ")
}
