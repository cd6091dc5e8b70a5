package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// installLimit bounds an installation: workerd is a download of 47 MB.
const installLimit = 10 * time.Minute

// An NPM is a person's own npm, which knows their registry, their proxy and their credentials.
type NPM struct {
	Client      string   // its file
	Environment []string // what it is started with
	Log         io.Writer
}

// Install installs the pinned workerd into the cache, and again where something else is in its place. npm refuses a package whose
// sha512 is not that of our lockfile.
func Install(ctx context.Context, client NPM, cache string) (string, error) {
	p, err := pinned()
	if err != nil {
		return "", err
	}
	return p.install(ctx, client, cache)
}

func (p pin) install(ctx context.Context, client NPM, cache string) (string, error) {
	if file, err := p.find(cache); err == nil {
		return file, nil
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", err
	}
	project, err := os.MkdirTemp(cache, "installing-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(project)
	if err := client.install(ctx, project); err != nil {
		return "", err
	}
	switch err := p.check(project); {
	case errors.Is(err, fs.ErrNotExist): // npm does not mind when an optional dependency is missing
		return "", fmt.Errorf("npm did not install %s %s: does your registry have it?", p.name, p.version)
	case err != nil:
		return "", fmt.Errorf("npm installed something else: %w", err)
	}
	// Another install-runtime may have been faster: then its program is as good.
	installed := filepath.Join(cache, p.version)
	if p.check(installed) != nil {
		if err := os.RemoveAll(installed); err != nil {
			return "", err
		}
		if err := os.Rename(project, installed); err != nil && p.check(installed) != nil {
			return "", err
		}
	}
	return filepath.Join(installed, p.file()), nil
}

// install installs what our two files pin.
func (n NPM) install(ctx context.Context, project string) error {
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := npm.ReadFile("npm/" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(project, name), text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	limited, cancel := context.WithTimeout(ctx, installLimit)
	defer cancel()
	cmd := exec.CommandContext(limited, n.Client, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = project, n.Environment, n.Log, n.Log
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	switch {
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		return fmt.Errorf("npm was not done after %v", installLimit)
	case err != nil:
		return fmt.Errorf("npm could not install workerd: %w", err)
	}
	return nil
}
