package wfpsync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/spec"
)

// Check is the result of one of [Doctor]'s checks.
type Check struct {
	Name    string
	Status  CheckStatus
	Message string
	Advice  string // what to do about it; "" if there is nothing to do
}

// CheckStatus is the result of a check in one word.
type CheckStatus string

const (
	CheckOK      CheckStatus = "ok"
	CheckWarning CheckStatus = "warning" // it may be intended
	CheckFailed  CheckStatus = "failed"
	CheckSkipped CheckStatus = "skipped" // another check must succeed first
)

// LocalCredentials is the check of the credentials of an account on this
// machine.
var LocalCredentials = Check{Name: "credentials", Status: CheckOK, Message: "the account on this machine needs none"}

// FailedCheck returns the check that failed with an error, with the error's own
// advice.
func FailedCheck(name string, err error) Check {
	return Check{Name: name, Status: CheckFailed, Message: err.Error(), Advice: adviceOf(err)}
}

func adviceOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// maxSkew is how far the clocks may be apart without a warning.
const maxSkew = time.Minute

// Doctor checks the credentials and their permissions, the account and the
// clock. It writes nothing, so it can tell whether a token may read, but not
// whether it may write. What a project needs must be there; without a project,
// which may be nil, Workers must.
func Doctor(ctx context.Context, p *Project, o ConnectOptions) []Check {
	x := &examination{options: o, needs: map[spec.Kind]bool{}, zones: map[spec.Kind]string{}}
	for _, c := range new(spec.Stack).Scope() { // what every stack needs
		x.needs[c.Kind] = true
	}
	if p != nil && !p.diagnostics.HasErrors() {
		x.readStack(p.stack)
	}
	x.run(ctx)
	return x.checks
}

// examination runs one check after another; each needs those before it.
type examination struct {
	options ConnectOptions
	needs   map[spec.Kind]bool   // of the stack
	zones   map[spec.Kind]string // of each kind, one that the stack names
	checks  []Check
}

func (x *examination) note(name string, status CheckStatus, advice, format string, args ...any) {
	x.checks = append(x.checks, Check{Name: name, Status: status, Message: fmt.Sprintf(format, args...), Advice: advice})
}

// noteError notes an error with its advice.
func (x *examination) noteError(name string, status CheckStatus, err error) {
	x.note(name, status, adviceOf(err), "%s", err)
}

// readStack notes what a stack needs.
func (x *examination) readStack(stack *spec.Stack) {
	x.options.AccountID = cmp.Or(stack.AccountID, x.options.AccountID)
	for _, c := range stack.Scope() {
		x.needs[c.Kind] = true
		x.zones[c.Kind] = c.Parent
	}
	for _, r := range stack.Resources {
		x.needs[r.Address().Kind] = true
	}
}

func (x *examination) run(ctx context.Context) {
	client, err := x.options.client()
	if err != nil {
		x.noteError("credentials", CheckFailed, err)
		return
	}
	if x.options.Local != nil {
		x.checks = append(x.checks, LocalCredentials)
		info, err := x.options.account(ctx, client)
		if err != nil {
			x.noteError("account", CheckFailed, err)
			return
		}
		x.lookInside(ctx, client.Account(info.ID))
		return
	}
	if !x.lookAtToken(ctx, client) {
		return
	}
	x.lookAtClock(client)
	if info, ok := x.lookAtAccount(ctx, client); ok {
		x.lookInside(ctx, client.Account(info.ID))
	}
}

// lookAtToken checks whether the credentials are valid, and so whether the API
// answers.
func (x *examination) lookAtToken(ctx context.Context, client *account.Client) bool {
	if x.options.Token == "" {
		_, err := client.Accounts(ctx)
		if err != nil {
			x.noteError("credentials", CheckFailed, err)
			return false
		}
		x.note("credentials", CheckWarning, "an API token can be limited to what wfpsync needs", "the API key is valid, and has all permissions of its owner")
		return true
	}
	status, err := client.TokenStatus(ctx, x.options.AccountID)
	switch {
	case err != nil:
		x.noteError("credentials", CheckFailed, err)
		return false
	case status != "active":
		x.note("credentials", CheckFailed, "make a new token in the dashboard, under My Profile › API Tokens, and set CLOUDFLARE_API_TOKEN to it", "the API token is %s", status)
		return false
	}
	x.note("credentials", CheckOK, "", "the API token is valid, at %s", x.options.baseURL())
	return true
}

func (x *examination) lookAtClock(client *account.Client) {
	if skew := client.Skew(); skew.Abs() > maxSkew {
		x.note("clock", CheckWarning, "synchronise this machine's clock with the network; wfpsync itself uses the server's",
			"this machine's clock is %s off", skew.Abs().Round(time.Second))
		return
	}
	x.note("clock", CheckOK, "", "it is right")
}

// lookAtAccount finds the account that a plan would be made for.
func (x *examination) lookAtAccount(ctx context.Context, client *account.Client) (spec.Account, bool) {
	seen, err := client.Accounts(ctx)
	chosen := x.options.AccountID
	if err != nil && chosen == "" {
		x.noteError("account", CheckFailed, err)
		return spec.Account{}, false
	}
	if chosen == "" {
		info, err := onlyAccount(seen)
		if err != nil {
			x.noteError("account", CheckFailed, err)
			return info, false
		}
		x.note("account", CheckOK, "", "%s, the only one that the credentials can see", accountWords(info))
		return info, true
	}
	i := slices.IndexFunc(seen, func(one spec.Account) bool { return one.ID == chosen })
	if i >= 0 {
		x.note("account", CheckOK, "", "%s", accountWords(seen[i]))
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
	x.note("account", CheckWarning, "if later checks fail, correct CLOUDFLARE_ACCOUNT_ID, or `account_id` in the stack file, or give the token access to that account",
		"%s is not among the accounts that the credentials can list: %s", chosen, strings.Join(list, ", "))
	return spec.Account{ID: chosen}, true
}

func accountWords(a spec.Account) string {
	if a.Name == "" {
		return a.ID
	}
	return fmt.Sprintf("%s (%s)", a.Name, a.ID)
}

// lookInside checks one permission after another.
func (x *examination) lookInside(ctx context.Context, live *account.Account) {
	workers := true
	for i, check := range live.PermissionChecks() {
		err := check.Run(ctx, "")
		x.lookedAt(check.Permission, check.Kinds, err)
		if i == 0 {
			workers = err == nil
		}
	}
	x.lookAtEntitlement(ctx, live, workers)
	x.lookAtZones(ctx, live)
}

// lookedAt notes the result of checking a permission. One that the stack file
// does not need may be missing.
func (x *examination) lookedAt(permission spec.Permission, kinds []spec.Kind, err error) {
	name := "permission " + permission.String()
	switch {
	case err == nil:
		x.note(name, CheckOK, "", "the token has it, at least for reading")
	case slices.ContainsFunc(kinds, func(k spec.Kind) bool { return x.needs[k] }):
		x.noteError(name, CheckFailed, err)
	default:
		x.noteError(name, CheckWarning, err)
	}
}

func (x *examination) lookAtEntitlement(ctx context.Context, live *account.Account, workers bool) {
	const name = "Workers for Platforms"
	err := live.Entitled(ctx)
	switch {
	case err == nil:
		x.note(name, CheckOK, "", "the account has it")
	case !workers:
		x.note(name, CheckSkipped, "", "cannot be checked without permission to read Workers")
	default:
		x.noteError(name, CheckFailed, err)
	}
}

func (x *examination) lookAtZones(ctx context.Context, live *account.Account) {
	forZones, checks := account.ZonePermission(), live.ZonePermissionChecks()
	var kinds []spec.Kind
	for _, check := range checks {
		kinds = append(kinds, check.Kinds...)
	}
	zones, err := live.Zones(ctx)
	x.lookedAt(forZones, kinds, err)
	switch {
	case err != nil:
		for _, check := range checks {
			x.note("permission "+check.Permission.String(), CheckSkipped, "", "cannot be checked without permission to read zones")
		}
	case len(zones) == 0:
		x.note("zones", CheckWarning, "routes and custom domains need a zone: add a domain to the account, or let the token see it", "the token can see no zone in this account")
	default:
		const shown = 3
		list := strings.Join(zones[:min(len(zones), shown)], ", ")
		if len(zones) > shown {
			list += fmt.Sprintf(" and %d more", len(zones)-shown)
		}
		x.note("zones", CheckOK, "", "%s", list)
		for _, check := range checks {
			x.lookedAt(check.Permission, check.Kinds, check.Run(ctx, x.zoneOf(check.Kinds, zones)))
		}
	}
}

// zoneOf returns the zone to check for a kind: one that the stack file names,
// or else the first.
func (x *examination) zoneOf(kinds []spec.Kind, zones []string) string {
	for _, kind := range kinds {
		if zone := x.zones[kind]; zone != "" {
			return zone
		}
	}
	return zones[0]
}
