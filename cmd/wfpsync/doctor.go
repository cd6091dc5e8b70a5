package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/internal/text"
)

func (a *app) doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the credentials, what they may do, the account and the clock",
		Long: `doctor asks Cloudflare's API about the credentials in the environment and says
what to do about what is wrong. Nothing is written. For each permission it shows
whether the token can read; only a write can show whether it can write. With a
stack file, the token needs the permissions for what the file has; without one,
those for Workers.`,
		Example: `  wfpsync doctor
  wfpsync doctor --format json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.interruptible(cmd.Context(), a.doctor)
		},
	}
	a.addStackFlags(cmd)
	a.addFormatFlag(cmd, report.Checkups.Names())
	a.addAccountFlags(cmd.Flags())
	return cmd
}

func (a *app) doctor(ctx context.Context) error {
	checks, project := a.checkFile()
	options, done, err := a.connectOptions()
	switch {
	case err != nil && a.flags.local.on():
		checks = append(checks, wfpsync.LocalCredentials, wfpsync.FailedCheck("account", err))
	case err != nil:
		checks = append(checks, wfpsync.FailedCheck("credentials", err))
	default:
		defer done()
		checks = append(checks, wfpsync.Doctor(ctx, project, options)...)
	}
	list := make([]report.Check, len(checks))
	for i, c := range checks {
		list[i] = report.Check{Name: c.Name, Status: report.CheckStatus(c.Status), Message: c.Message, Advice: c.Advice}
	}
	if err := show(a, report.Checkups, list); err != nil {
		return err
	}
	if !report.Healthy(list) {
		return told(exitError)
	}
	return nil
}

// checkFile looks at the stack file, if there is one. What it needs is not known where it has errors.
func (a *app) checkFile() ([]wfpsync.Check, *wfpsync.Project) {
	if _, err := os.Stat(a.flags.file); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	const name = "stack file"
	p, err := a.openProject()
	switch {
	case err != nil:
		return []wfpsync.Check{wfpsync.FailedCheck(name, err)}, nil
	case p.Diagnostics().HasErrors():
		return []wfpsync.Check{{Name: name, Status: wfpsync.CheckFailed, Message: "it has errors", Advice: "`wfpsync validate` shows them"}}, nil
	}
	return []wfpsync.Check{{Name: name, Status: wfpsync.CheckOK, Message: fmt.Sprintf("stack %s, %s", p.Stack().Name, text.Count(len(p.Stack().Resources), "resource"))}}, p
}
