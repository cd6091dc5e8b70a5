package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/internal/text"
	"github.com/wfpsync/wfpsync/schema"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// importOptions are the flags of import.
type importOptions struct {
	namespace   string
	name        string
	dir         string
	from        string
	environment string
	userWorkers string
	force       bool
}

func (a *app) importCommand() *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Write a stack file, and the code it names, from what the account has",
		Long: `import reads the account and writes wfpsync.yaml and one folder for each
distinct code. Nothing in the account changes. A plan of the new file only
adopts resources, and the first apply only writes their marks.

User Workers that no stack manages count as your product's uploads. They stay
out of the file, and the plan leaves them alone, unless --user-workers says
otherwise: "template" writes what they run, if all of a namespace run the same,
and your product decides which ones there are; "own" writes each into the file.
From then on the file is right, and the next apply undoes what your product
uploads over it.

With --from, it writes the stack file from a wrangler configuration instead.`,
		Example: `  wfpsync import --dir my-platform
  wfpsync import --namespace customers --user-workers template
  wfpsync import --from wrangler.jsonc`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.interruptible(cmd.Context(), func(ctx context.Context) error { return a.importStack(ctx, o) })
		},
	}
	a.addAccountFlags(cmd.Flags())
	cmd.Flags().StringVar(&o.namespace, "namespace", "", "import only this dispatch namespace and what belongs to it")
	cmd.Flags().StringVar(&o.name, "name", "", "the name of the stack (default: the only stack in the account, else imported)")
	cmd.Flags().StringVar(&o.dir, "dir", ".", "the folder to write into")
	cmd.Flags().StringVar(&o.from, "from", "", "a wrangler.jsonc, wrangler.json or wrangler.toml in that folder, or below, to import instead of an account")
	cmd.Flags().StringVar(&o.environment, "env", "", "with --from: the environment of that configuration")
	cmd.Flags().StringVar(&o.userWorkers, "user-workers", string(stackfile.LeaveUserWorkers), "what to do with user Workers that no stack manages: none, template or own")
	cmd.Flags().BoolVar(&o.force, "force", false, "overwrite existing files")
	return cmd
}

func (a *app) importStack(ctx context.Context, o importOptions) error {
	imported, err := a.imported(ctx, o)
	if err != nil {
		return err
	}
	files := append([]stackfile.ImportedFile{
		{Path: wfpsync.DefaultFile, Content: imported.Document},
		{Path: stackfile.SchemaFile, Content: schema.Stack()},
	}, imported.Files...)
	if err := a.writeImported(o, files); err != nil {
		return err
	}
	for _, unread := range imported.Unread {
		fmt.Fprintf(a.stderr, "%s: the credentials cannot read it, so the file has none of it\n", unread)
	}
	aside := false
	for _, note := range imported.Notes {
		fmt.Fprintf(a.stderr, "%s: %s\n", note.Address, note.Message)
		aside = aside || note.Address.Kind == spec.KindDispatchNamespace
	}
	if aside && o.userWorkers == string(stackfile.LeaveUserWorkers) {
		fmt.Fprintln(a.stderr, "To have the file say what they run, import with --user-workers template; to have it own them and undo what your product uploads, with --user-workers own.")
	}
	return a.checkImported(ctx, o.dir)
}

// imported returns the stack file of an account, or of a configuration of
// wrangler.
func (a *app) imported(ctx context.Context, o importOptions) (*stackfile.Imported, error) {
	if !slices.Contains(stackfile.AllUserWorkers, stackfile.UserWorkers(o.userWorkers)) {
		return nil, usage(fmt.Errorf("--user-workers %q is unknown; it is none, template or own", o.userWorkers))
	}
	if o.from != "" {
		return a.importWrangler(o)
	}
	if o.environment != "" {
		return nil, usage(errors.New("--env is for --from"))
	}
	c, done, err := a.connect(ctx, "")
	if err != nil {
		return nil, err
	}
	defer done()
	imported, err := c.Import(ctx, wfpsync.ImportOptions{Namespace: o.namespace, Name: o.name, UserWorkers: stackfile.UserWorkers(o.userWorkers)})
	if unclear := new(wfpsync.UnclearStackError); errors.As(err, &unclear) {
		return nil, fmt.Errorf("%w: say which one with --name", unclear)
	}
	return imported, err
}

// importWrangler reads a configuration in the folder, and says what of it is not
// taken over.
func (a *app) importWrangler(o importOptions) (*stackfile.Imported, error) {
	if _, err := os.Stat(filepath.Join(o.dir, o.from)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--from %q: the folder %s has no such file; a configuration is imported into its own folder, or one above, which --dir names", o.from, o.dir)
	}
	imported, list, err := wfpsync.ImportWrangler(o.dir, filepath.ToSlash(o.from), o.environment, o.name)
	if err != nil {
		return nil, err
	}
	if err := list.Err(); err != nil {
		return nil, err
	}
	return imported, report.Diagnostics(a.stderr, a.style(a.stderr), list)
}

// writeImported writes the files, all or none.
func (a *app) writeImported(o importOptions, files []stackfile.ImportedFile) error {
	var there []string
	for _, file := range files {
		if _, err := os.Lstat(filepath.Join(o.dir, filepath.FromSlash(file.Path))); err == nil {
			there = append(there, file.Path)
		}
	}
	if len(there) > 0 && !o.force {
		const shown = 5
		list := strings.Join(there[:min(len(there), shown)], ", ")
		if len(there) > shown {
			list += fmt.Sprintf(" and %d more", len(there)-shown)
		}
		return fmt.Errorf("%s has %s already; nothing was written: choose another --dir, or overwrite with --force", o.dir, list)
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(o.dir) // the account chose the names of the files
	if err != nil {
		return err
	}
	defer root.Close()
	for _, file := range files {
		name := filepath.FromSlash(file.Path)
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(name, file.Content, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "wrote %s\n", filepath.Join(o.dir, name))
	}
	return nil
}

// checkImported validates what was written, and says what is wrong with it: the
// account may hold what no stack file may.
func (a *app) checkImported(ctx context.Context, dir string) error {
	a.flags.file = filepath.Join(dir, wfpsync.DefaultFile)
	v, err := wfpsync.Validate(ctx, a.flags.file, wfpsync.Options{LookupEnv: a.lookupEnv})
	if err != nil {
		return err
	}
	if err := report.Diagnostics(a.stderr, a.style(a.stderr), v.Diagnostics); err != nil {
		return err
	}
	if v.Diagnostics.HasErrors() {
		return told(exitError)
	}
	_, err = fmt.Fprintf(a.stdout, "\n%s. Now: %s\n", text.Count(v.Resources, "resource"), a.planOf("-f", a.flags.file))
	return err
}
