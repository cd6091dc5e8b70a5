package main

import (
	"cmp"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

func (a *app) renderCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "render",
		Short: "Print the effective stack file: includes, environment, defaults and lists in place",
		RunE:  a.render,
	}
	a.addStackFlags(cmd)
	return cmd
}

func (a *app) render(*cobra.Command, []string) error {
	var failed error
	p, err := a.readStackFile(func(root fs.FS, name string, options stackfile.Options) (list diag.List) {
		list, failed = stackfile.Render(a.stdout, root, name, options)
		return list
	})
	if err != nil {
		return err
	}
	return cmp.Or(p.diagnostics.Err(), failed)
}
