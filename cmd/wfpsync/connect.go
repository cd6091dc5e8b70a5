package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
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

// addAccountFlags are the flags of commands that talk to an account.
func (a *app) addAccountFlags(flags *pflag.FlagSet) {
	a.addLocalFlag(flags)
	flags.IntVar(&a.flags.rate, "rate", -1, fmt.Sprintf("the most requests to make in five minutes, 0 for no limit; Cloudflare allows 1200 for everything that uses the account's API, so the default leaves some to other programs (default %d, and no limit if the API is not Cloudflare's)", wfpsync.DefaultRate))
	flags.StringVar(&a.flags.debugHTTP, "debug-http", "", "write every request to the account and its answer to `FILE`, with confidential values masked")
	flags.Lookup("rate").DefValue = "0" // -1 means nothing to a reader
}

// connect opens the account that the flags and the environment say, until the function that it returns is called. The
// wanted id is that of the stack file or the saved plan; "" leaves it open.
func (a *app) connect(ctx context.Context, wanted string) (*wfpsync.Account, func(), error) {
	options, done, err := a.connectOptions()
	if err != nil {
		return nil, nil, err
	}
	options.AccountID = cmp.Or(wanted, options.AccountID)
	c, err := wfpsync.Connect(ctx, options)
	if err != nil {
		done()
		return nil, nil, err
	}
	return c, done, nil
}

// connectOptions returns the account that the flags and the environment say,
// until what they return is called.
func (a *app) connectOptions() (o wfpsync.ConnectOptions, done func(), err error) {
	o.UserAgent = userAgent()
	if a.flags.local.on() {
		local, err := a.openLocal(wfpsync.LocalOptions{})
		if err != nil {
			return o, nil, err
		}
		if o.Debug, done, err = a.debugHTTP(); err != nil {
			_ = local.Close() // the first error says more
			return o, nil, err
		}
		o.Local = local
		closeFile := done
		return o, func() { closeFile(); _ = local.Close() }, nil
	}
	o.Token, o.Key, o.Email = a.env("CLOUDFLARE_API_TOKEN"), a.env("CLOUDFLARE_API_KEY"), a.env("CLOUDFLARE_EMAIL")
	if o.Token == "" && (o.Key == "" || o.Email == "") {
		return o, nil, errNoCredentials
	}
	o.AccountID, o.BaseURL = a.env("CLOUDFLARE_ACCOUNT_ID"), cmp.Or(a.env("CLOUDFLARE_BASE_URL"), a.env("CLOUDFLARE_API_BASE_URL")) // other tools use either
	o.Transport, o.TagCacheDir = a.transport, a.tagCacheDir()
	switch {
	case a.flags.rate > 0:
		o.Rate = a.flags.rate
	case a.flags.rate == 0:
		o.Rate = wfpsync.NoRate
	}
	o.Debug, done, err = a.debugHTTP()
	return o, done, err
}

var errNoCredentials = errors.New("no credentials: set CLOUDFLARE_API_TOKEN, or CLOUDFLARE_API_KEY with CLOUDFLARE_EMAIL, in the environment; or use --local for an account on this machine")

// openLocal opens the account on this machine. With a workerd there, it starts every upload, as the platform does.
func (a *app) openLocal(o wfpsync.LocalOptions) (*wfpsync.Local, error) {
	workerd, err := a.workerdIfAny()
	if err != nil {
		return nil, err
	}
	o.Dir, o.Workerd, o.Command, o.Middleware, o.NoSync = a.flags.local.dir, workerd, a.command, a.middleware, a.noSync
	local, err := wfpsync.OpenLocal(o)
	if other := new(wfpsync.InUseError); errors.As(err, &other) {
		return nil, inUse(other, o.Shared)
	}
	return local, err
}

// inUse says what to do about a local account that another program has open. A command that serves the account itself
// cannot use the API of the other one instead.
func inUse(other *wfpsync.InUseError, share bool) error {
	switch {
	case other.Process == 0:
		return fmt.Errorf("%w: wait for it, or name another folder with --local=DIR", other)
	case other.API == "":
		return fmt.Errorf("%w: wait for it", other)
	case share:
		return fmt.Errorf("%w: stop that one, or give this one an account of its own with --local=DIR", other)
	}
	return fmt.Errorf("%w: stop it, or use the account through it, with CLOUDFLARE_BASE_URL=%s and CLOUDFLARE_API_TOKEN=local in the environment and without --local", other, other.API)
}

// debugHTTP returns where requests and answers are noted, nil without the flag.
// Only its owner can read the file: the account may hold something confidential
// in a place where it does not belong.
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

// cacheVariable names the folder for what only makes a run faster; set and empty,
// it says that nothing is to be kept on disk.
const cacheVariable = "WFPSYNC_CACHE_DIR"

// tagCacheDir returns the folder that remembers the tags of user Workers, where
// lists do not show them; "" if there is none.
func (a *app) tagCacheDir() string {
	if dir, set := a.lookupEnv(cacheVariable); set {
		if dir == "" {
			return ""
		}
		return filepath.Join(dir, "tags")
	}
	dir, err := os.UserCacheDir() // which knows XDG_CACHE_HOME, and where other systems have it
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "wfpsync", "tags")
}

// openProject reads and checks the stack file.
func (a *app) openProject() (*wfpsync.Project, error) {
	options, err := a.stackOptions()
	if err != nil {
		return nil, err
	}
	return wfpsync.Open(a.flags.file, options)
}

// stackOptions returns what the command line and the environment say about the
// stack file. Of two values for a variable the later counts, and --var counts
// more than --var-file.
func (a *app) stackOptions() (wfpsync.Options, error) {
	options := wfpsync.Options{Environment: a.flags.environment, Variables: map[string]any{}, LookupEnv: a.lookupEnv}
	for _, name := range a.flags.variableFiles {
		content, err := os.ReadFile(name)
		if err != nil {
			return options, fmt.Errorf("--var-file: %w", err)
		}
		values, list := stackfile.ParseVariables(name, content)
		if err := list.Err(); err != nil {
			return options, err
		}
		maps.Copy(options.Variables, values)
	}
	for _, assignment := range a.flags.variables {
		name, value, ok := strings.Cut(assignment, "=")
		if !ok || name == "" {
			return options, usage(fmt.Errorf("--var %q is not of the form NAME=VALUE", assignment))
		}
		options.Variables[name] = value
	}
	return options, nil
}

// secretsKeyVariable holds the key of the fingerprints of secrets.
const secretsKeyVariable = "WFPSYNC_SECRETS_KEY"

// secretsKey returns the key of the fingerprints of secrets, nil if there is
// none.
func (a *app) secretsKey() (*spec.SecretsKey, error) {
	text := a.env(secretsKeyVariable)
	if text == "" {
		return nil, nil
	}
	key, err := spec.NewSecretsKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", secretsKeyVariable, err)
	}
	return key, nil
}
