package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/internal/npm"
	"github.com/wfpsync/wfpsync/internal/polyfills"
)

// installRuntime is the one command that installs workerd and the polyfills; nothing else ever does.
const installRuntime = "wfpsync local install-runtime"

func (a *app) installRuntimeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "install-runtime",
		Short: "Install workerd, which runs the Workers of the account on this machine, and polyfills",
		Long: `install-runtime installs the workerd that this version of wfpsync was tested
with, for this user, with the npm that is on the PATH: from its registry, and
only if package and program have the digests that wfpsync knows. No other
workerd is ever started but the one that WFPSYNC_WORKERD names.

In the same way it installs the polyfills that wrangler bundles for what the
runtime lacks of Node.js at older compatibility dates.`,
		Example: `  wfpsync local install-runtime`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.interruptible(cmd.Context(), a.installRuntime)
		},
	}
}

func (a *app) installRuntime(ctx context.Context) error {
	cache, err := runtime.Cache()
	if err != nil {
		return err
	}
	fill, err := polyfills.Cache()
	if err != nil {
		return err
	}
	program, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("workerd and the polyfills come from npm, which is not on the PATH: install Node.js, or set WFPSYNC_WORKERD to a workerd you have")
	}
	client := npm.Client{Program: program, Environment: a.npmEnvironment(), Log: a.stderr}
	file, err := runtime.Install(ctx, client, cache)
	_, fillErr := polyfills.Install(ctx, client, fill)
	if err := errors.Join(err, fillErr); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, file)
	return err
}

// npmEnvironment returns what npm gets of our environment: its ways around, and
// its own settings, which a company's registry, certificates and proxies are
// in. A .npmrc takes credentials from variables, in most cases from those that
// npm and GitHub's setup-node document; another can be set as npm_config_…. It
// does not get our own credentials.
func (a *app) npmEnvironment() []string {
	known := []string{
		"PATH", "HOME", "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
		"NPM_TOKEN", "NODE_AUTH_TOKEN", "NODE_EXTRA_CA_CERTS",
	}
	var list []string
	for _, variable := range a.environ() {
		name, _, _ := strings.Cut(variable, "=")
		upper := strings.ToUpper(name) // proxies are often written in lower case
		if slices.Contains(known, upper) || strings.HasPrefix(upper, "NPM_CONFIG_") {
			list = append(list, variable)
		}
	}
	return list
}

// workerd returns the program that runs Workers. Its absence is an error that
// says how to get it.
func (a *app) workerd() (string, error) {
	file, err := a.findWorkerd()
	if errors.Is(err, runtime.ErrNotFound) {
		return "", fmt.Errorf("%w; `%s` installs it", err, installRuntime)
	}
	return file, err
}

// workerdIfAny returns workerd, or "" for an account that does without: uploads
// are looked at and not started.
func (a *app) workerdIfAny() (string, error) {
	file, err := a.findWorkerd()
	if errors.Is(err, runtime.ErrNotFound) {
		return "", nil
	}
	return file, err
}

func (a *app) findWorkerd() (string, error) {
	places := runtime.Places{Named: a.env("WFPSYNC_WORKERD")}
	if cache, err := runtime.Cache(); err == nil {
		places.Cache = cache
	}
	file, err := runtime.Find(places)
	switch {
	case errors.Is(err, runtime.ErrAltered):
		return "", fmt.Errorf("%w; `%s` installs it again", err, installRuntime)
	case err != nil && places.Named != "":
		return "", fmt.Errorf("WFPSYNC_WORKERD: %w", err)
	}
	return file, err
}
