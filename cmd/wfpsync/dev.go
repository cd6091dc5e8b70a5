package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/internal/emulator/page"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/internal/report"
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
on workerd, the runtime that Cloudflare runs them on: the dispatcher answers at
http://localhost:8787, and the user Workers behind it answer through it. What
they print is printed here. Saved files are applied as they are saved. A web
page, on a port of its own, shows the Workers, what they print and what differs
from the file, and sends requests.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options.anyPagePort = !cmd.Flags().Changed("page-port") // several dev at once need no more than a --port each
			return a.interruptible(cmd.Context(), func(ctx context.Context) error { return a.dev(ctx, options) })
		},
	}
	a.addStackFlags(cmd)
	a.addLocalFlag(cmd.Flags())
	cmd.Flags().IntVar(&options.port, "port", defaultDevPort, "the port on which the Workers answer; 0 picks a free one")
	cmd.Flags().IntVar(&options.pagePort, "page-port", defaultPagePort, "the port of the web page; 0 picks a free one, as is done where the default is taken")
	return cmd
}

// dev applies and runs until the context ends.
func (a *app) dev(ctx context.Context, o devOptions) error {
	if !a.flags.local.on() {
		a.flags.local.dir = defaultLocalDir
	}
	a.servesLocal = true
	if _, err := a.workerd(); err != nil {
		return err
	}
	if err := a.stackIsThere(); err != nil {
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
	local, err := a.serveLocalAPI()
	if err != nil {
		return err
	}
	defer local.close()
	ignored, err := filepath.Abs(a.flags.local.dir)
	if err != nil {
		return err
	}
	folder, _ := a.stackFile()
	if folder, err = filepath.Abs(folder); err != nil {
		return err
	}
	files, err := watch(folder, ignored, a.stdout, a.stderr)
	if err != nil {
		return err
	}
	defer files.Close()

	d := &development{app: a, local: local, port: listener.Addr().(*net.TCPAddr).Port}
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
	local   *localAPI
	port    int
	account string // whose Workers run; empty until a stack file that is right has said so
	seen    look   // the last one
	page    *page.Page
	pageURL string

	looking sync.Mutex // at the file and the account: one does at a time

	mu         sync.Mutex // of what is printed
	shown      string     // the table
	complained string     // what is wrong, "" as long as nothing is

	written writtenCode
}

// run starts the Workers of the account that the stack is for.
func (d *development) run(ctx context.Context, listener *net.TCPListener) (*runtime.Runtime, error) {
	d.account = localAccount(d.account)
	return d.local.Run(ctx, runtime.Options{Account: d.account, Listener: listener, Tell: d.tell, Origin: d.origin})
}

// apply makes the account what the stack file says. It returns the stack if that
// was done, and an [unapplied] if it was not to be, or could not.
func (d *development) apply(ctx context.Context) (*spec.Stack, error) {
	d.looking.Lock()
	defer d.looking.Unlock()
	var c *connection
	var err error
	if d.seen, c, err = d.look(ctx); err != nil {
		return nil, err
	}
	stack, plan := d.seen.stack, d.seen.plan
	d.remember(d.seen.project)
	if !plan.HasChanges() {
		return stack, plan.Diagnostics.Err()
	}
	if d.applicable(plan) != nil {
		return nil, &unapplied{plan: plan}
	}
	if many := len(plan.Changes); many > quietChanges {
		d.print(func() error {
			_, err := fmt.Fprintf(d.stderr, "Applying %s.\n", plural(many, "change"))
			return err
		})
	}
	result, err := applier.Run(ctx, c, plan, applier.Options{Secret: d.readSecret, Now: d.now}, func(applier.Event) {})
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

// A look is what was seen of the file and the account, as far as it came.
type look struct {
	*project
	plan   *planner.Plan
	result *applier.Result // of applying the plan
}

// look reads the file and compares it with the account, which the connection is to.
func (d *development) look(ctx context.Context) (seen look, c *connection, err error) {
	p, err := d.openProject()
	if err != nil {
		return look{}, nil, err
	}
	seen.project = p
	if err := p.buildUnlessDiscovering(ctx); err != nil {
		return seen, nil, err
	}
	if err := p.diagnostics.Err(); err != nil {
		return seen, nil, err
	}
	if d.account == "" {
		d.account = localAccount(p.stack.AccountID)
	}
	if id := localAccount(p.stack.AccountID); id != d.account {
		return seen, nil, fmt.Errorf("account_id is %s now, and the Workers of %s are running: start `wfpsync dev` again", id, d.account)
	}
	if c, err = d.local.connect(p.stack.AccountID, zonesOf(p.stack), nil); err != nil {
		return seen, nil, err
	}
	if p, err = d.discover(ctx, c, p); err != nil {
		return seen, nil, err
	}
	seen.project = p
	// A list that gets shorter is no accident here, and this account is for trying things.
	seen.plan, err = c.plan(ctx, p, planner.Options{Mode: planner.Apply, Tool: userAgent(), AtOnce: true, Allow: []string{planner.GuardMaxDelete, planner.GuardMaxUpdate}})
	return seen, c, err
}

// quietChanges is how many changes are made before one wonders what is going on.
const quietChanges = 100
