package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/planner"
)

// planMaking are the flags of commands that make plans.
type planMaking struct {
	allow        []string
	targets      []string
	wave         int
	writeSecrets bool
}

func (m *planMaking) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&m.allow, "allow", nil, "acknowledge a guard by its `NAME`, such as "+planner.GuardNamespaceDelete)
	cmd.Flags().StringArrayVar(&m.targets, "target", nil, "plan only for the `ADDRESS`, in which * is any characters, and what it needs; can be repeated")
}

// addSecretsFlag is the flag of commands that write secrets.
func (m *planMaking) addSecretsFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&m.writeSecrets, "write-secrets", false, "write every secret, also where the account seems to have it")
}

// addWaveFlag is the flag of commands that roll out.
func (m *planMaking) addWaveFlag(cmd *cobra.Command) {
	cmd.Flags().IntVar(&m.wave, "wave", 0, "plan only the wave `NUMBER` of each rollout, from 1, and what it needs")
}

// options are what a plan is made by.
func (m *planMaking) options(mode planner.Mode) planner.Options {
	return planner.Options{Mode: mode, Tool: userAgent(), Allow: m.allow, Targets: m.targets, Wave: m.wave, WriteSecrets: m.writeSecrets}
}

// checkAllow refuses to acknowledge what is no guard.
func (m *planMaking) checkAllow() error {
	if err := planner.CheckGuards(m.allow); err != nil {
		return usage(fmt.Errorf("--allow: %w", err))
	}
	return nil
}

// checkWave refuses a wave that is none, such as that of an empty variable.
func (m *planMaking) checkWave(cmd *cobra.Command) error {
	if cmd.Flags().Changed("wave") && m.wave < 1 {
		return usage(fmt.Errorf("--wave %d: waves count from 1", m.wave))
	}
	return nil
}
