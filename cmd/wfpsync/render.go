package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/spec"
)

func (a *app) renderCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "render",
		Short: "Print the effective stack file: includes, environment, defaults and lists in place",
		RunE: func(*cobra.Command, []string) error {
			dir, name := a.stackFile()
			root, err := os.OpenRoot(dir)
			if err != nil {
				return noFolder(dir, err)
			}
			defer root.Close()
			options, err := a.stackOptions()
			if err != nil {
				return err
			}
			text, list := spec.Render(root.FS(), name, options)
			p := &project{dir: dir, name: name}
			p.note(list)
			if err := p.diagnostics.Err(); err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		},
	}
	a.addStackFlags(cmd)
	return cmd
}
