package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/internal/account/guarded"
	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
)

// defaultLocalDir is where the local account lives unless told otherwise.
const defaultLocalDir = ".wfpsync/local"

// localFlag is --local[=DIR].
type localFlag struct{ dir string }

func (l *localFlag) on() bool { return l.dir != "" }

// addLocalFlag is the flag that names the account on this machine.
func (a *app) addLocalFlag(flags *pflag.FlagSet) {
	flags.StringVar(&a.flags.local.dir, "local", "", "use the account on this machine that lives in `DIR` (default "+defaultLocalDir+"); no credentials are needed")
	flags.Lookup("local").NoOptDefVal = defaultLocalDir
}

// The platform lets a token make 1,200 requests in five minutes, and an address
// 200 in a second, and blocks the token or the address that makes more for five
// minutes. The second is far off for uploads, but not for answers from nearby.
// Source: https://developers.cloudflare.com/fundamentals/api/reference/limits/
//
// The 1,200 are shared with the dashboard and with every other program, such as the
// one that signs customers up: a run that took all of them would get those programs
// blocked, and itself, too. So the default leaves 200.
const (
	rateWindow   = 5 * time.Minute
	defaultRate  = 1000
	mostInSecond = 150
)

// addAccountFlags are the flags of commands that talk to an account.
func (a *app) addAccountFlags(flags *pflag.FlagSet) {
	a.addLocalFlag(flags)
	flags.IntVar(&a.flags.rate, "rate", -1, fmt.Sprintf("how many requests to make in five minutes at most, 0 for no limit; Cloudflare allows 1200 for everything that uses the account's API, so the default leaves some to other programs (default %d, and no limit where the API is not Cloudflare's)", defaultRate))
	flags.StringVar(&a.flags.debugHTTP, "debug-http", "", "write every request to the account and its answer to `FILE`, with what is confidential masked")
	flags.Lookup("rate").DefValue = "0" // -1 means nothing to a reader
}

// limits are what the client keeps to.
func (a *app) limits(baseURL string) []cloudflare.Limit {
	requests := a.flags.rate
	if requests < 0 && baseURL == cloudflare.DefaultBaseURL {
		requests = defaultRate
	}
	if requests <= 0 {
		return nil
	}
	return []cloudflare.Limit{{Requests: requests, Window: rateWindow}, {Requests: mostInSecond, Window: time.Second}}
}

// connection is an account that can be talked to until it is closed.
type connection struct {
	*guarded.Account                  // reads, and writes that look first
	behind           *account.Account // for everything else
	info             spec.Account
	local            *localAPI // nil unless the account is on this machine, where there is no DNS

	// sources, unless nil, lead from the modules that are written to the files
	// they were made of.
	sources *sources
	close   func()
}

// Capture, Doubt and Restore need no guard: the first only reads, and the others look
// for themselves before they write.

// Capture implements [applier.Target].
func (c *connection) Capture(ctx context.Context, a spec.Address, prior spec.Revision) (*spec.Live, error) {
	return c.behind.Capture(ctx, a, prior)
}

// Doubt implements [applier.Target].
func (c *connection) Doubt(ctx context.Context, w spec.Write, before []spec.Revision) (spec.Revision, error) {
	return c.behind.Doubt(ctx, w, before)
}

// Restore implements [applier.Target].
func (c *connection) Restore(ctx context.Context, r spec.Restoration) (spec.Revision, error) {
	return c.behind.Restore(ctx, r)
}

// connect opens the account that the flags and the environment say. The wanted
// id is that of the stack file or the saved plan; "" leaves it open. Zones are
// those the stack names: an account on this machine has them as soon as they
// are named.
func (a *app) connect(ctx context.Context, wanted string, zones zoneWants) (*connection, error) {
	if a.flags.local.on() {
		return a.connectLocal(wanted, zones)
	}
	client, done, err := a.newClient()
	if err != nil {
		return nil, err
	}
	info, err := a.chooseAccount(ctx, client, wanted)
	if err != nil {
		done()
		return nil, err
	}
	return connected(client, info, done), nil
}

// newClient is a client with the credentials of the environment, and what is to
// be done when it is not needed any more.
func (a *app) newClient() (*account.Client, func(), error) {
	credentials := cloudflare.Credentials{
		Token: a.env("CLOUDFLARE_API_TOKEN"),
		Key:   a.env("CLOUDFLARE_API_KEY"),
		Email: a.env("CLOUDFLARE_EMAIL"),
	}
	if credentials.Token == "" && (credentials.Key == "" || credentials.Email == "") {
		return nil, nil, errNoCredentials
	}
	debug, done, err := a.debugHTTP()
	if err != nil {
		return nil, nil, err
	}
	client, err := account.New(account.Options{
		Options: cloudflare.Options{
			BaseURL:     a.baseURL(),
			Credentials: credentials,
			UserAgent:   userAgent(),
			Limits:      a.limits(a.baseURL()),
			Transport:   a.transport,
			Debug:       debug,
		},
		Tags: account.NewTagCache(a.tagCacheDir()),
	})
	if err != nil {
		done()
		return nil, nil, err
	}
	return client, done, nil
}

var errNoCredentials = errors.New("no credentials: set CLOUDFLARE_API_TOKEN, or CLOUDFLARE_API_KEY with CLOUDFLARE_EMAIL, in the environment; or use --local for an account on this machine")

// debugHTTP is where requests and answers are noted, nil when nobody asked for
// it. Only its owner can read the file: nobody promises that the account holds
// nothing confidential in a place where it does not belong.
func (a *app) debugHTTP() (out io.Writer, done func(), err error) {
	if a.flags.debugHTTP == "" {
		return nil, func() {}, nil
	}
	if info, err := os.Lstat(a.flags.debugHTTP); err == nil && info.Mode().IsRegular() {
		if err := os.Remove(a.flags.debugHTTP); err != nil { // it may be readable to others
			return nil, nil, fmt.Errorf("--debug-http: %w", err)
		}
	}
	file, err := os.OpenFile(a.flags.debugHTTP, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("--debug-http: %w", err)
	}
	return file, func() { _ = file.Close() }, nil
}

// baseURL is where the API is; both names are in use among Cloudflare's tools.
func (a *app) baseURL() string {
	for _, name := range []string{"CLOUDFLARE_BASE_URL", "CLOUDFLARE_API_BASE_URL"} {
		if url := a.env(name); url != "" {
			return strings.TrimSuffix(url, "/")
		}
	}
	return cloudflare.DefaultBaseURL
}

// chooseAccount is the wanted account, else that of the environment, else the
// only one the credentials can see.
func (a *app) chooseAccount(ctx context.Context, client *account.Client, wanted string) (spec.Account, error) {
	fromEnv := a.env("CLOUDFLARE_ACCOUNT_ID")
	switch {
	case wanted != "":
		return spec.Account{ID: wanted}, nil
	case fromEnv != "":
		return spec.Account{ID: fromEnv}, nil
	}
	accounts, err := client.Accounts(ctx)
	if err != nil {
		return spec.Account{}, err
	}
	return a.pickAccount(accounts)
}

// pickAccount is the only account there is.
func (a *app) pickAccount(accounts []spec.Account) (spec.Account, error) {
	if len(accounts) == 1 {
		return accounts[0], nil
	}
	if len(accounts) == 0 {
		return spec.Account{}, errors.New("the credentials can see no account: set CLOUDFLARE_ACCOUNT_ID, or `account_id` in the stack file")
	}
	var list strings.Builder
	for _, one := range accounts {
		fmt.Fprintf(&list, "\n  %s  %s", one.ID, one.Name)
	}
	return spec.Account{}, fmt.Errorf("the credentials can see %d accounts: set CLOUDFLARE_ACCOUNT_ID, or `account_id` in the stack file, to one of%s", len(accounts), list.String())
}

// connectLocal opens the account on this machine until the connection is closed.
func (a *app) connectLocal(wanted string, zones zoneWants) (*connection, error) {
	local, err := a.serveLocalAPI()
	if err != nil {
		return nil, err
	}
	debug, done, err := a.debugHTTP()
	if err != nil {
		local.close()
		return nil, err
	}
	shut := func() {
		done()
		local.close()
	}
	c, err := local.connect(wanted, zones, debug)
	if err != nil {
		shut()
		return nil, err
	}
	c.close = shut
	return c, nil
}

// localAPI is the account on this machine, served to ourselves on a loopback
// port: the same client talks to it as to the real one.
type localAPI struct {
	*emulator.Emulator
	server  *http.Server
	url     string
	release func()
}

func (a *app) serveLocalAPI() (*localAPI, error) {
	local, err := a.openLocal(emulator.Options{Options: api.Options{ListShape: a.listShape}})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		local.Close()
		return nil, err
	}
	server := &http.Server{Handler: local, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	url := "http://" + listener.Addr().String() + emulator.BasePath
	public := ""
	if a.servesLocal {
		public = url
	}
	return &localAPI{Emulator: local, server: server, url: url, release: a.hold(public)}, nil
}

func (l *localAPI) close() {
	_ = l.server.Close()
	l.release()
	_ = l.Emulator.Close()
}

// connect gives the wanted account the zones it needs, and a client to it that
// writes what it says to debug, unless that is nil.
// Closing the connection is left to whoever closes the API.
func (l *localAPI) connect(wanted string, zones zoneWants, debug io.Writer) (*connection, error) {
	id := localAccount(wanted)
	if err := zones.ensure(l.Emulator, id); err != nil {
		return nil, err
	}
	client, err := account.New(account.Options{Options: cloudflare.Options{
		BaseURL:     l.url,
		Credentials: cloudflare.Credentials{Token: "of-this-machine"}, // a word that no message has, where it would be masked
		UserAgent:   userAgent(),
		Debug:       debug,
	}})
	if err != nil {
		return nil, err
	}
	info := spec.Account{ID: id, Name: emulator.LocalAccountName}
	c := connected(client, info, func() {})
	c.local, c.Alone = l, true
	return c, nil
}

func connected(client *account.Client, info spec.Account, shut func()) *connection {
	live := client.Account(info.ID)
	return &connection{Account: guarded.New(live), behind: live, info: info, close: shut}
}

// localAccount is the id of the wanted account on this machine.
func localAccount(wanted string) string {
	if wanted == "" {
		return emulator.LocalAccountID
	}
	return wanted
}

// openLocal opens the store of the local account. With a workerd on this machine
// it starts every upload, as the platform does.
func (a *app) openLocal(options emulator.Options) (*emulator.Emulator, error) {
	dir, err := filepath.Abs(a.flags.local.dir)
	if err != nil {
		return nil, err
	}
	workerd, err := a.workerdIfAny()
	if err != nil {
		return nil, err
	}
	options.Dir, options.Observe, options.Workerd = dir, a.observe, workerd
	local, err := emulator.Open(options)
	if errors.Is(err, emulator.ErrInUse) {
		return nil, a.inUse()
	}
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("the local account in %s cannot be written: %w", a.flags.local.dir, err)
	}
	return local, err
}

// zonesOf are the zones that a stack names, and the hosts that are in others.
func zonesOf(stack *spec.Stack) zoneWants {
	wants := zoneWants{hosts: stack.HostsWithoutZone()}
	for _, zone := range stack.Zones() {
		if strings.Contains(zone, ".") {
			wants.names = append(wants.names, zone)
		}
	}
	return wants
}

// zoneWants are what a stack needs zones for.
type zoneWants struct{ names, hosts []string }

// ensure gives an account on this machine the zones. Which one a host is in is
// for the account to tell; one that has none for it gets the host's domain.
func (w zoneWants) ensure(local *emulator.Emulator, account string) error {
	for _, name := range w.names {
		if err := local.EnsureZone(account, name); err != nil {
			return err
		}
	}
	for _, host := range w.hosts {
		if err := local.EnsureZoneOf(account, host); err != nil {
			return err
		}
	}
	return nil
}
