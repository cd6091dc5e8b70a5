package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/internal/report"
)

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "wfpsync",
		Short: "Workers for Platforms, from a file",
		Long: `wfpsync keeps a Cloudflare Workers for Platforms account in the shape a stack
file describes: dispatch namespaces, the dispatcher, the user Workers behind it
and what they bind to. It keeps no state file: the account is the state.

  wfpsync plan              what would change
  wfpsync apply             show the plan, ask, and apply it
  wfpsync plan --local      the same against an account on this machine
  wfpsync dev               run the Workers on this machine`,
		SilenceErrors:              true,
		SuggestionsMinimumDistance: 2,
		SilenceUsage:               true,
		Args:                       unknownCommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			a.command = cmd.CommandPath()
			return a.checkFormat(cmd, args)
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.PersistentFlags().BoolVar(&a.flags.noColor, "no-color", false, "never write colours")
	root.AddCommand(
		a.validateCommand(),
		a.planCommand(),
		a.applyCommand(),
		a.destroyCommand(),
		a.driftCommand(),
		a.importCommand(),
		a.doctorCommand(),
		a.adoptCommand(),
		a.renderCommand(),
		a.showCommand(),
		a.initCommand(),
		a.schemaCommand(),
		a.devCommand(),
		a.localCommand(),
		a.versionCommand(),
	)
	for _, cmd := range root.Commands() {
		if cmd.Args == nil {
			cmd.Args = noArguments
		}
	}
	return root
}

// addStackFlags are the flags of commands that read a stack file.
func (a *app) addStackFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&a.flags.file, "file", "f", wfpsync.DefaultFile, "the stack file, or the folder it is in")
	cmd.Flags().StringVar(&a.flags.environment, "env", "", "the environment of the stack file to use")
	cmd.Flags().StringArrayVar(&a.flags.variables, "var", nil, "give a variable of the stack file a value, as `NAME=VALUE`")
	cmd.Flags().StringArrayVar(&a.flags.variableFiles, "var-file", nil, "read values of variables from a YAML or JSON `FILE`")
}

// addFormatFlag is the flag of commands that print a document in one of its formats.
func (a *app) addFormatFlag(cmd *cobra.Command, formats []string) {
	cmd.Flags().StringVar(&a.flags.format, "format", report.Text, "what to print: "+alternatives(formats))
	cmd.Flags().Lookup("format").Annotations = map[string][]string{formatsAnnotation: formats}
}

func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	message := fmt.Sprintf("unknown command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		message += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usage(errors.New(message))
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		message := fmt.Sprintf("wfpsync %s takes no argument %q", cmd.Name(), args[0])
		if local := cmd.Flags().Lookup("local"); local != nil && local.Changed && local.Value.String() == local.NoOptDefVal {
			message += fmt.Sprintf("; the folder of a local account is written with an equals sign: --local=%s", args[0])
		}
		return usage(errors.New(message))
	}
	return nil
}
