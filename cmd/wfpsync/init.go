package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/schema"
)

// starter is what `wfpsync init` writes.
//
//go:embed starter
var starter embed.FS

// starterSchema is the file that the first line of the stack file names, for
// editors: the schema of this version of wfpsync, from no network.
const starterSchema = "wfpsync.schema.json"

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Write a stack file and Workers to start from",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(errors.New("wfpsync init takes one folder"))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return a.writeStarter(dir)
		},
	}
}

// writeStarter writes the files, all or none: nothing that is there is touched.
func (a *app) writeStarter(dir string) error {
	files, err := starterFiles()
	if err != nil {
		return err
	}
	contents := map[string][]byte{starterSchema: schema.Stack()}
	for _, name := range files {
		if contents[name], err = starter.ReadFile("starter/" + name); err != nil {
			return err
		}
	}
	files = append(files, starterSchema)
	var there []string
	for _, name := range files {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			there = append(there, name)
		}
	}
	if len(there) > 0 {
		return fmt.Errorf("%s has %s already; nothing was written", dir, strings.Join(there, ", "))
	}
	for _, name := range files {
		target := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, contents[name], 0o644); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "wrote %s\n", target)
	}
	_, err = fmt.Fprint(a.stdout, "\nNow: wfpsync validate, wfpsync plan --local, wfpsync apply --local\n")
	return err
}

// starterFiles are the names of the files, in order.
func starterFiles() ([]string, error) {
	var files []string
	err := fs.WalkDir(starter, "starter", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, strings.TrimPrefix(path, "starter/"))
		}
		return err
	})
	return files, err
}
