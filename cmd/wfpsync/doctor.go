package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/spec"
)

// mostSkew is how far the clocks may be apart without being worth a word.
const mostSkew = time.Minute

func (a *app) doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the credentials, what they may do, the account and the clock",
		Long: `doctor asks Cloudflare's API about the credentials in the environment and says
what to do about what is wrong. Nothing is written. Of a permission it shows that
the token can read; whether it can write, only writing shows. With a stack file,
what that needs must be there; without one, Workers must.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.interruptible(cmd.Context(), a.doctor)
		},
	}
	a.addStackFlags(cmd)
	a.addFormatFlag(cmd, report.Checkups.Names())
	a.addAccountFlags(cmd.Flags())
	return cmd
}

func (a *app) doctor(ctx context.Context) error {
	x := &examination{app: a, needs: map[spec.Kind]bool{}, zones: map[spec.Kind]string{}}
	for _, c := range new(spec.Stack).Scope() { // what every stack needs
		x.needs[c.Kind] = true
	}
	x.run(ctx)
	err := show(a, report.Checkups, x.checks)
	if err == nil && !report.Healthy(x.checks) {
		err = told(exitError)
	}
	return err
}

// examination looks at one thing after the other; each needs those before it.
type examination struct {
	app    *app
	needs  map[spec.Kind]bool   // by the stack file
	zones  map[spec.Kind]string // of each kind, one that the stack file names
	wanted string               // the account that the stack file names
	checks []report.Check
}

func (x *examination) note(name string, status report.CheckStatus, advice, format string, args ...any) {
	x.checks = append(x.checks, report.Check{Name: name, Status: status, Message: fmt.Sprintf(format, args...), Advice: advice})
}

// noteError notes what an error says, with what to do about it.
func (x *examination) noteError(name string, status report.CheckStatus, err error) {
	advice := ""
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		advice = hinted.Hint()
	}
	x.note(name, status, advice, "%s", err)
}

func (x *examination) run(ctx context.Context) {
	x.readStack()
	if x.app.flags.local.on() {
		x.note("credentials", report.CheckOK, "", "the account on this machine needs none")
		c, err := x.app.connect(ctx, x.wanted, zoneWants{})
		if err != nil {
			x.noteError("account", report.CheckFailed, err)
			return
		}
		defer c.close()
		x.lookInside(ctx, c)
		return
	}
	client, done, err := x.app.newClient()
	if err != nil {
		x.noteError("credentials", report.CheckFailed, err)
		return
	}
	defer done()
	if !x.lookAtToken(ctx, client) {
		return
	}
	x.lookAtClock(client)
	info, ok := x.lookAtAccount(ctx, client)
	if !ok {
		return
	}
	x.lookInside(ctx, connected(client, info, func() {}))
}

// readStack notes what the stack file needs, if there is one.
func (x *examination) readStack() {
	if _, err := os.Stat(x.app.flags.file); errors.Is(err, os.ErrNotExist) {
		return
	}
	p, err := x.app.openProject()
	switch {
	case err != nil:
		x.noteError("stack file", report.CheckFailed, err)
	case p.diagnostics.HasErrors():
		x.note("stack file", report.CheckFailed, "`wfpsync validate` shows them", "it has errors")
	default:
		x.note("stack file", report.CheckOK, "", "stack %s, %s", p.stack.Name, plural(len(p.stack.Resources), "resource"))
		x.wanted = p.stack.AccountID
		for _, c := range p.stack.Scope() {
			x.needs[c.Kind] = true
			x.zones[c.Kind] = c.Parent
		}
		for _, r := range p.stack.Resources {
			x.needs[r.Address().Kind] = true
		}
	}
}

// lookAtToken asks whether the credentials are any, and so whether there is an
// API to ask.
func (x *examination) lookAtToken(ctx context.Context, client *account.Client) bool {
	if x.app.env("CLOUDFLARE_API_TOKEN") == "" {
		_, err := client.Accounts(ctx)
		if err != nil {
			x.noteError("credentials", report.CheckFailed, err)
			return false
		}
		x.note("credentials", report.CheckWarning, "an API token can be limited to what wfpsync needs", "the API key is valid, and may do everything that its owner may")
		return true
	}
	id := x.wanted
	if id == "" {
		id = x.app.env("CLOUDFLARE_ACCOUNT_ID")
	}
	status, err := client.TokenStatus(ctx, id)
	switch {
	case err != nil:
		x.noteError("credentials", report.CheckFailed, err)
		return false
	case status != "active":
		x.note("credentials", report.CheckFailed, "make a new token in the dashboard, under My Profile › API Tokens, and set CLOUDFLARE_API_TOKEN to it", "the API token is %s", status)
		return false
	}
	x.note("credentials", report.CheckOK, "", "the API token is valid, at %s", x.app.baseURL())
	return true
}

func (x *examination) lookAtClock(client *account.Client) {
	if skew := client.Skew(); skew.Abs() > mostSkew {
		x.note("clock", report.CheckWarning, "let this machine set its clock by the network; wfpsync itself goes by the server's",
			"this machine's clock is %s off", skew.Abs().Round(time.Second))
		return
	}
	x.note("clock", report.CheckOK, "", "it is right")
}

// lookAtAccount finds the account that a plan would be made of.
func (x *examination) lookAtAccount(ctx context.Context, client *account.Client) (spec.Account, bool) {
	seen, err := client.Accounts(ctx)
	chosen := x.wanted
	if chosen == "" {
		chosen = x.app.env("CLOUDFLARE_ACCOUNT_ID")
	}
	if err != nil && chosen == "" {
		x.noteError("account", report.CheckFailed, err)
		return spec.Account{}, false
	}
	if chosen == "" {
		info, err := x.app.pickAccount(seen)
		if err != nil {
			x.noteError("account", report.CheckFailed, err)
			return info, false
		}
		x.note("account", report.CheckOK, "", "%s, the only one that the credentials can see", accountWords(info))
		return info, true
	}
	i := slices.IndexFunc(seen, func(one spec.Account) bool { return one.ID == chosen })
	if i >= 0 {
		x.note("account", report.CheckOK, "", "%s", accountWords(seen[i]))
		return seen[i], true
	}
	// An account's own token may not list accounts.
	var list []string
	for _, one := range seen {
		list = append(list, accountWords(one))
	}
	if len(list) == 0 {
		list = []string{"none"}
	}
	x.note("account", report.CheckWarning, "if what follows fails, correct CLOUDFLARE_ACCOUNT_ID, or `account_id` in the stack file, or give the token access to that account",
		"%s is not among the accounts that the credentials can list: %s", chosen, strings.Join(list, ", "))
	return spec.Account{ID: chosen}, true
}

func accountWords(a spec.Account) string {
	if a.Name == "" {
		return a.ID
	}
	return fmt.Sprintf("%s (%s)", a.Name, a.ID)
}

// lookInside asks for one permission after the other.
func (x *examination) lookInside(ctx context.Context, c *connection) {
	workers := true
	for i, probe := range c.behind.Probes() {
		err := probe.Look(ctx, "")
		x.lookedAt(probe.Permission, probe.Kinds, err)
		if i == 0 {
			workers = err == nil
		}
	}
	x.lookAtEntitlement(ctx, c, workers)
	x.lookAtZones(ctx, c)
}

// lookedAt notes what came of a permission. One that the stack file does not
// need may be missing.
func (x *examination) lookedAt(permission spec.Permission, kinds []spec.Kind, err error) {
	name := "permission " + permission.String()
	switch {
	case err == nil:
		x.note(name, report.CheckOK, "", "the token has it, at least to read")
	case slices.ContainsFunc(kinds, func(k spec.Kind) bool { return x.needs[k] }):
		x.noteError(name, report.CheckFailed, err)
	default:
		x.noteError(name, report.CheckWarning, err)
	}
}

func (x *examination) lookAtEntitlement(ctx context.Context, c *connection, workers bool) {
	const name = "Workers for Platforms"
	err := c.behind.Entitled(ctx)
	switch {
	case err == nil:
		x.note(name, report.CheckOK, "", "the account has it")
	case !workers:
		x.note(name, report.CheckSkipped, "", "only a token that may read Workers can tell")
	default:
		x.noteError(name, report.CheckFailed, err)
	}
}

func (x *examination) lookAtZones(ctx context.Context, c *connection) {
	forZones, probes := account.ZonePermission(), c.behind.ZoneProbes()
	var kinds []spec.Kind
	for _, probe := range probes {
		kinds = append(kinds, probe.Kinds...)
	}
	zones, err := c.behind.Zones(ctx)
	x.lookedAt(forZones, kinds, err)
	switch {
	case err != nil:
		for _, probe := range probes {
			x.note("permission "+probe.Permission.String(), report.CheckSkipped, "", "only a token that can see zones can tell")
		}
	case len(zones) == 0:
		x.note("zones", report.CheckWarning, "routes and custom domains need a zone: add a domain to the account, or let the token see it", "the token can see none in this account")
	default:
		const shown = 3
		list := strings.Join(zones[:min(len(zones), shown)], ", ")
		if len(zones) > shown {
			list += fmt.Sprintf(" and %d more", len(zones)-shown)
		}
		x.note("zones", report.CheckOK, "", "%s", list)
		for _, probe := range probes {
			x.lookedAt(probe.Permission, probe.Kinds, probe.Look(ctx, x.zoneOf(probe.Kinds, zones)))
		}
	}
}

// zoneOf is the zone to look at for a kind: one that the stack file names, else
// the first.
func (x *examination) zoneOf(kinds []spec.Kind, zones []string) string {
	for _, kind := range kinds {
		if zone := x.zones[kind]; zone != "" {
			return zone
		}
	}
	return zones[0]
}
