package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// installLimit bounds an installation: workerd is a download of 47 MB.
const installLimit = 10 * time.Minute

// Install installs the pinned workerd into the cache with a person's own npm, which knows their registry, their proxy
// and their credentials, and which refuses a package whose sha512 is not that of our lockfile. What npm says goes to log.
func Install(ctx context.Context, client, cache string, log io.Writer) (string, error) {
	file, err := packageFile()
	if err != nil {
		return "", err
	}
	version, err := pinned()
	if err != nil {
		return "", err
	}
	installed := filepath.Join(cache, version)
	if isProgram(filepath.Join(installed, file)) {
		return filepath.Join(installed, file), nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	project, err := os.MkdirTemp(cache, "installing-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(project)
	if err := runNPM(ctx, client, project, log); err != nil {
		return "", err
	}
	if !isProgram(filepath.Join(project, file)) { // npm does not mind when an optional dependency is missing
		return "", fmt.Errorf("npm did not install %s %s: does your registry have it?", filepath.Dir(filepath.Dir(file)), version)
	}
	// Somebody may have installed it meanwhile: then theirs is as good.
	if err := os.Rename(project, installed); err != nil && !isProgram(filepath.Join(installed, file)) {
		return "", err
	}
	return filepath.Join(installed, file), nil
}

func runNPM(ctx context.Context, client, project string, log io.Writer) error {
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
	cmd := exec.CommandContext(limited, client, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir, cmd.Stdout, cmd.Stderr = project, log, log
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
