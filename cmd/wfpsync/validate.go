package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/docs"
	"github.com/wfpsync/wfpsync/internal/report"
)

func (a *app) validateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the stack file and its code, without network or secrets",
		RunE:  a.validate,
	}
	a.addStackFlags(cmd)
	a.addFormatFlag(cmd, formatGitHub, formatSARIF)
	return cmd
}

func (a *app) validate(cmd *cobra.Command, _ []string) error {
	p, err := a.openProject()
	if err != nil {
		return err
	}
	if err := p.build(cmd.Context()); err != nil {
		return err
	}
	switch a.flags.format {
	case formatJSON:
		err = report.DiagnosticsJSON(a.stdout, p.diagnostics)
	case formatGitHub:
		err = report.DiagnosticsGitHub(a.stdout, p.diagnostics)
	case formatSARIF:
		err = report.DiagnosticsSARIF(a.stdout, tool(), p.diagnostics)
	default:
		err = a.validateText(p)
	}
	if err != nil {
		return err
	}
	if p.diagnostics.HasErrors() {
		return told(exitError)
	}
	return nil
}

// tool is how the program introduces itself.
func tool() report.Tool { return report.Tool{Version: version, Rules: docs.Rules()} }

func (a *app) validateText(p *project) error {
	if err := report.Diagnostics(a.stderr, a.style(a.stderr), p.diagnostics); err != nil {
		return err
	}
	if p.diagnostics.HasErrors() {
		return nil
	}
	_, err := fmt.Fprintf(a.stdout, "Success! %s is valid: %s.\n", a.flags.file, plural(len(p.stack.Resources), "resource"))
	return err
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
