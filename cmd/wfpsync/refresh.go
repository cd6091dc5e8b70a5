package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// How much of the account a plan reads.
const (
	refreshAuto = "auto" // what the marks do not vouch for
	refreshAll  = "all"  // everything of the stack
)

// addRefreshFlag is the flag of commands that compare a stack with the account.
func (a *app) addRefreshFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.flags.refresh, "refresh", refreshAuto, "what to read of the stack: `auto`, where no mark vouches for it, or all, also what may be left where the file names nothing any more")
}

func (a *app) checkRefresh() error {
	switch a.flags.refresh {
	case "", refreshAuto, refreshAll: // "" where the command has no such flag
		return nil
	}
	return usage(fmt.Errorf("--refresh %q is unknown; it is %s", a.flags.refresh, alternatives([]string{refreshAuto, refreshAll})))
}
