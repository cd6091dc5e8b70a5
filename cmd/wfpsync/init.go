package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/schema"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// starter is what `wfpsync init` writes.
//
//go:embed starter
var starter embed.FS

// pipelines are what runs wfpsync in CI.
//
//go:embed ci
var pipelines embed.FS

// pipelineFiles are where each of them belongs, by the name of its forge.
var pipelineFiles = map[string]string{
	"github": ".github/workflows/wfpsync.yml",
	"gitlab": ".gitlab-ci.yml",
	"none":   "",
}

func (a *app) initCommand() *cobra.Command {
	var ci string
	cmd := &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Write a stack file, Workers and a CI pipeline to start from",
		Long: `init writes a stack with a dispatcher and two user Workers, their code, the
schema for editors, and a pipeline for CI. It overwrites nothing. The stack can
be planned at once, with --local without an account.`,
		Example: `  wfpsync init
  wfpsync init my-platform --ci gitlab`,
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
			pipeline, known := pipelineFiles[ci]
			if !known {
				return usage(fmt.Errorf("--ci %q is unknown; it is %s", ci, alternatives(slices.Sorted(maps.Keys(pipelineFiles)))))
			}
			files, err := starterFiles()
			if err != nil {
				return err
			}
			if pipeline != "" {
				if files[pipeline], err = pipelines.ReadFile("ci/" + ci + ".yml"); err != nil {
					return err
				}
			}
			return a.writeStarter(dir, files)
		},
	}
	cmd.Flags().StringVar(&ci, "ci", "github", "the `FORGE` whose pipeline to write: github, gitlab or none")
	return cmd
}

// writeStarter writes the files, all or none: existing files are not touched.
func (a *app) writeStarter(dir string, files map[string][]byte) error {
	names := slices.Sorted(maps.Keys(files))
	var there []string
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			there = append(there, name)
		}
	}
	if len(there) > 0 {
		return fmt.Errorf("%s has %s already; nothing was written", dir, strings.Join(there, ", "))
	}
	for _, name := range names {
		target := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, files[name], 0o644); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "wrote %s\n", target)
	}
	place := ""
	if dir != "." {
		place = " in " + dir
	}
	_, err := fmt.Fprintf(a.stdout, "\nNow%s: wfpsync validate, wfpsync plan --local, wfpsync dev\n", place)
	return err
}

// starterFiles returns the contents of the files, by their names.
func starterFiles() (map[string][]byte, error) {
	files := map[string][]byte{stackfile.SchemaFile: schema.Stack()}
	err := fs.WalkDir(starter, "starter", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[strings.TrimPrefix(path, "starter/")], err = starter.ReadFile(path)
		return err
	})
	return files, err
}
