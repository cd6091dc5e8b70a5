// Package npm installs what one of our lockfiles pins, with the user's own npm,
// into a folder of its own. npm refuses a package whose sha512 is not that of
// the lockfile, and runs no package's scripts.
package npm

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

// limit bounds an installation: workerd is a download of 47 MB.
const limit = 10 * time.Minute

// A Client is the user's own npm. It knows their registry, their proxy and
// their credentials.
type Client struct {
	Program     string   // its file
	Environment []string // what it is started with
	Log         io.Writer
}

// A Project is what a lockfile pins.
type Project struct {
	Name    string                    // of what it is for, for messages
	Package string                    // whose version counts
	Version string                    // of that, and the name of its folder in a cache
	Files   fs.FS                     // package.json and package-lock.json
	Check   func(folder string) error // reports whether a folder holds just what is pinned
}

// Install installs the project into a cache, and again where something else is
// in its place. It returns the folder.
func (p Project) Install(ctx context.Context, client Client, cache string) (string, error) {
	installed := filepath.Join(cache, p.Version)
	if p.Check(installed) == nil {
		return installed, nil
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp(cache, "installing-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	if err := p.run(ctx, client, folder); err != nil {
		return "", err
	}
	switch err := p.Check(folder); {
	case errors.Is(err, fs.ErrNotExist): // npm does not mind when an optional dependency is missing
		return "", fmt.Errorf("npm did not install %s %s: does your registry have it?", p.Package, p.Version)
	case err != nil:
		return "", fmt.Errorf("npm installed something else: %w", err)
	}
	// Another install-runtime may have been faster: then what it has installed
	// is as good.
	if p.Check(installed) != nil {
		if err := os.RemoveAll(installed); err != nil {
			return "", err
		}
		if err := os.Rename(folder, installed); err != nil && p.Check(installed) != nil {
			return "", err
		}
	}
	return installed, nil
}

// run lets npm install the two files' packages into a folder.
func (p Project) run(ctx context.Context, client Client, folder string) error {
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := fs.ReadFile(p.Files, name)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(limited, client.Program, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = folder, client.Environment, client.Log, client.Log
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	switch {
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		return fmt.Errorf("npm was not done after %v", limit)
	case err != nil:
		return fmt.Errorf("npm could not install %s: %w", p.Name, err)
	}
	return nil
}
