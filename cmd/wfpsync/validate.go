package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/docs"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

func (a *app) validateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the stack file and its code, without network or secrets",
		RunE:  a.validate,
	}
	a.addStackFlags(cmd)
	a.addFormatFlag(cmd, report.Validations.Names())
	return cmd
}

func (a *app) validate(cmd *cobra.Command, _ []string) error {
	v, err := a.checkStack(cmd.Context())
	if err != nil {
		return err
	}
	if err := show(a, report.Validations, report.Findings{List: v.diagnostics, Then: v.success(a.flags.file)}); err != nil {
		return err
	}
	if v.diagnostics.HasErrors() {
		return told(exitError)
	}
	return nil
}

// validation is what was checked, and what there is to say.
type validation struct {
	alone        string   // how much the file declares; "" if it is nothing without an environment
	environments []string // that were checked, and how much there is in each
	diagnostics  diag.List
}

// checkStack checks the stack file and its code in the environment that the
// command line names, else as it stands and in each of its environments.
func (a *app) checkStack(ctx context.Context) (validation, error) {
	base, err := a.openProject()
	if err != nil {
		return validation{}, err
	}
	names := base.stack.Environments
	v := validation{alone: ": " + plural(len(base.stack.Resources), "resource")}
	if a.flags.environment != "" || len(names) == 0 {
		err := base.build(ctx)
		v.diagnostics = base.diagnostics
		return v, err
	}
	projects := []*project{base}
	for _, name := range names {
		p, err := a.openProjectWith(func(o *stackfile.Options) { o.Environment = name })
		if err != nil {
			return v, err
		}
		projects = append(projects, p)
		v.environments = append(v.environments, fmt.Sprintf("%s (%s)", name, plural(len(p.stack.Resources), "resource")))
	}
	v.alone += ";"
	built := projects
	if base.diagnostics.HasErrors() {
		named, err := a.openProjectWith(func(o *stackfile.Options) { o.AsIf = names[0] })
		if err != nil {
			return v, err
		}
		if base.diagnostics = commonTo(base.diagnostics, named.diagnostics); !base.diagnostics.HasErrors() {
			v.alone, built = "", projects[1:] // what has no name yet is not built
		}
	}
	err = buildEach(ctx, built...)
	v.diagnostics = inEnvironments(projects, names)
	return v, err
}

// finding tells a diagnostic from others, as [diag.List.Sorted] does.
type finding struct {
	severity      diag.Severity
	at            diag.Range
	rule, message string
}

func findingOf(d diag.Diagnostic) finding { return finding{d.Severity, d.Range, d.Rule, d.Message} }

// commonTo are the diagnostics of one list that another has, too.
func commonTo(list, other diag.List) diag.List {
	known := map[finding]bool{}
	for _, d := range other {
		known[findingOf(d)] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(d diag.Diagnostic) bool { return !known[findingOf(d)] })
}

// inEnvironments says each thing once that is wrong in the file as it stands, the
// first of the projects, or in its environments, and says where it is not so in
// the file. A comment that silences something in one of them is of use.
func inEnvironments(projects []*project, names []string) diag.List {
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

// named are environments in a sentence.
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

// tool is how the program introduces itself.
func tool() report.Tool { return report.Tool{Version: version, Rules: docs.Rules()} }

// success is what a person is told of a file without errors; "" for any other.
func (v validation) success(file string) string {
	if v.diagnostics.HasErrors() {
		return ""
	}
	text := fmt.Sprintf("Success! %s is valid%s", file, v.alone)
	if len(v.environments) > 0 {
		text += fmt.Sprintf(" in %s: %s", plural(len(v.environments), "environment"), strings.Join(v.environments, ", "))
	}
	if text += "."; v.alone == "" {
		text += " It needs one of them: name it with --env."
	}
	return text
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
