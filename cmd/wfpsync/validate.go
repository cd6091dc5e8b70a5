package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/docs"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/internal/text"
)

func (a *app) validateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the stack file and its code, without network or secrets",
		Long: `validate checks the stack file, bundles the code that it names, and reports
everything that it finds at once. It checks the file as it stands and in each of
its environments, or in the one that --env names. It needs no account.`,
		Example: `  wfpsync validate
  wfpsync validate --env production
  wfpsync validate --format sarif > wfpsync.sarif`,
		RunE: a.validate,
	}
	a.addStackFlags(cmd)
	a.addFormatFlag(cmd, report.Validations.Names())
	return cmd
}

func (a *app) validate(cmd *cobra.Command, _ []string) error {
	options, err := a.stackOptions()
	if err != nil {
		return err
	}
	v, err := wfpsync.Validate(cmd.Context(), a.flags.file, options)
	if err != nil {
		return err
	}
	if err := show(a, report.Validations, report.Findings{List: v.Diagnostics, Then: success(v, a.flags.file)}); err != nil {
		return err
	}
	if v.Diagnostics.HasErrors() {
		return told(exitError)
	}
	return nil
}

// tool returns how the program introduces itself.
func tool() report.Tool { return report.Tool{Version: version, Rules: docs.Rules()} }

// success returns the message for a file without errors; "" for any other.
func success(v *wfpsync.Validation, file string) string {
	if v.Diagnostics.HasErrors() {
		return ""
	}
	message := fmt.Sprintf("Success! %s is valid", file)
	if !v.NeedsEnvironment {
		message += ": " + text.Count(v.Resources, "resource")
	}
	if len(v.Environments) > 0 {
		if !v.NeedsEnvironment {
			message += ";"
		}
		list := make([]string, len(v.Environments))
		for i, e := range v.Environments {
			list[i] = fmt.Sprintf("%s (%s)", e.Name, text.Count(e.Resources, "resource"))
		}
		message += fmt.Sprintf(" in %s: %s", text.Count(len(list), "environment"), strings.Join(list, ", "))
	}
	if message += "."; v.NeedsEnvironment {
		message += " It needs one of them: name it with --env."
	}
	return message
}
