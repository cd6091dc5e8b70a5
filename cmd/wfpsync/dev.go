package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/page"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/internal/text"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

const defaultDevPort = 8787

// devOptions are the flags of dev.
type devOptions struct {
	port, pagePort int
	anyPagePort    bool // where pagePort is taken
}

func (a *app) devCommand() *cobra.Command {
	var options devOptions
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run the stack's Workers on this machine, and again whenever a file is saved",
		Long: `dev applies the stack file to the account on this machine and runs its Workers
on workerd, the runtime that Cloudflare runs them on. The dispatcher answers at
http://localhost:8787, and the user Workers behind it answer through it. dev
prints what they print, and applies files as soon as they are saved. A web page,
on a port of its own, shows the Workers, what they print and what differs from
the file, and sends requests.`,
		Example: `  wfpsync dev
  wfpsync dev --port 9000
  curl -H 'Host: customer-a.platform.example.com' http://localhost:8787/`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options.anyPagePort = !cmd.Flags().Changed("page-port") // several dev at once need no more than a --port each
			return a.interruptible(cmd.Context(), func(ctx context.Context) error { return a.dev(ctx, options) })
		},
	}
	a.addStackFlags(cmd)
	a.addLocalFlag(cmd.Flags())
	cmd.Flags().IntVar(&options.port, "port", defaultDevPort, "the port on which the Workers answer; 0 picks a free one")
	cmd.Flags().IntVar(&options.pagePort, "page-port", defaultPagePort, "the port of the web page; 0 picks a free one, as dev does if the default is taken")
	return cmd
}

// dev applies and runs until the context ends.
func (a *app) dev(ctx context.Context, o devOptions) error {
	if !a.flags.local.on() {
		a.flags.local.dir = defaultLocalDir
	}
	if _, err := a.workerd(); err != nil {
		return err
	}
	folder, file := wfpsync.SplitFile(a.flags.file)
	if err := a.checkStackFile(filepath.Join(folder, file)); err != nil {
		return err
	}
	listener, err := listenOn(o.port, "--port")
	if err != nil {
		return err
	}
	defer listener.Close()
	pageListener, err := listenForPage(o.pagePort, o.anyPagePort)
	if err != nil {
		return err
	}
	defer pageListener.Close()
	local, err := a.openLocal(wfpsync.LocalOptions{Shared: true})
	if err != nil {
		return err
	}
	defer local.Close()
	ignored, err := filepath.Abs(a.flags.local.dir)
	if err != nil {
		return err
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return err
	}
	files, err := watch(folder, ignored, a.stdout, a.stderr)
	if err != nil {
		return err
	}
	defer files.Close()

	d := &development{app: a, local: local, emulator: local.Handler().(*emulator.Emulator), file: file, port: listener.Addr().(*net.TCPAddr).Port}
	for first := true; ; first = false {
		started := a.now()
		stack, err := d.apply(ctx)
		if ctx.Err() != nil {
			break
		}
		d.complain(err)
		if first {
			defer d.servePage(pageListener)()
			run, err := d.run(ctx, listener)
			if err != nil {
				return err
			}
			defer run.Close()
			d.announce(a.now().Sub(started))
		}
		d.page.Report(d.report(d.seen, err))
		if stack != nil {
			d.show(stack)
		}
		if files.wait(ctx) != nil {
			break
		}
	}
	return nil
}

// development is a run of dev.
type development struct {
	*app
	local    *wfpsync.Local
	emulator *emulator.Emulator // of the local account
	file     string             // the stack file's name
	port     int
	account  string  // whose Workers run; empty until a stack file that is right has said so
	seen     attempt // the last one
	page     *page.Page
	pageURL  string

	looking sync.Mutex // at the file and the account: one does at a time

	mu         sync.Mutex // of what is printed
	shown      string     // the table
	complained string     // what is wrong, "" as long as nothing is

	origins atomic.Pointer[runtime.Origin] // of the code that was applied last
}

// run starts the Workers of the account that the stack is for.
func (d *development) run(ctx context.Context, listener *net.TCPListener) (*runtime.Runtime, error) {
	d.account = localAccount(d.account)
	return d.emulator.Run(ctx, runtime.Options{Account: d.account, Listener: listener, Tell: d.tell, Origin: d.origin})
}

// origin returns where a place of a module that runs was written; "" if that is not known.
func (d *development) origin(worker, module string, line, column int) string {
	if origin := d.origins.Load(); origin != nil {
		return (*origin)(worker, module, line, column)
	}
	return ""
}

// localAccount returns the id of the wanted account on this machine.
func localAccount(wanted string) string { return cmp.Or(wanted, wfpsync.LocalAccountID) }

// apply makes the account what the stack file says. It returns the stack if that
// was done, and an [unapplied] if it was not to be, or could not.
func (d *development) apply(ctx context.Context) (*spec.Stack, error) {
	d.looking.Lock()
	defer d.looking.Unlock()
	var c *wfpsync.Account
	var err error
	if d.seen, c, err = d.try(ctx); err != nil {
		return nil, err
	}
	stack, plan := d.seen.project.Stack(), d.seen.plan
	origins := runtime.Origin(d.seen.project.Origins())
	d.origins.Store(&origins)
	if !plan.HasChanges() {
		return stack, plan.Diagnostics.Err()
	}
	if d.applicable(plan) != nil {
		return nil, &unapplied{plan: plan}
	}
	if many := len(plan.Changes); many > quietChanges {
		d.print(func() error {
			_, err := fmt.Fprintf(d.stderr, "Applying %s.\n", text.Count(many, "change"))
			return err
		})
	}
	result, err := c.Apply(ctx, plan, applier.Options{Secret: d.seen.project.Secret, Now: d.now}, nil)
	if err != nil {
		return nil, err
	}
	d.seen.result = result
	if !result.Complete() {
		return nil, &unapplied{plan, result}
	}
	d.print(func() error {
		return errors.Join(
			report.ResultText(d.stderr, d.style(d.stderr), plan, result),
			report.Diagnostics(d.stderr, d.style(d.stderr), plan.Diagnostics), // warnings
		)
	})
	return stack, nil
}

// attempt is one round of reading the file and planning, and of applying the
// plan. What comes after an error is nil.
type attempt struct {
	project *wfpsync.Project
	plan    *planner.Plan
	result  *applier.Result // of applying the plan
}

// try reads the file, and compares it with the account that it connects to.
func (d *development) try(ctx context.Context) (seen attempt, c *wfpsync.Account, err error) {
	p, err := d.openProject()
	if err != nil {
		return attempt{}, nil, err
	}
	seen.project = p
	if err := p.Build(ctx); err != nil {
		return seen, nil, err
	}
	if err := p.Err(); err != nil {
		return seen, nil, err
	}
	wanted := localAccount(p.Stack().AccountID)
	d.account = cmp.Or(d.account, wanted)
	if wanted != d.account {
		return seen, nil, fmt.Errorf("account_id is %s now, and the Workers of %s are running: start `wfpsync dev` again", wanted, d.account)
	}
	if c, err = wfpsync.Connect(ctx, wfpsync.ConnectOptions{Local: d.local, AccountID: wanted, UserAgent: userAgent()}); err != nil {
		return seen, nil, err
	}
	// A list that gets shorter is no accident here, and this account is for trying things.
	seen.plan, err = p.Plan(ctx, c, planner.Options{IgnoreRollouts: true, Allow: []string{planner.GuardMaxDelete, planner.GuardMaxUpdate}})
	return seen, c, err
}

// checkStackFile fails if the stack file is missing: a run that waited for it
// to be put right would wait in the wrong place.
func (a *app) checkStackFile(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	p, err := a.openProject()
	if err != nil {
		return err
	}
	return p.Err()
}

// quietChanges is how many changes are made before one wonders what is going on.
const quietChanges = 100
