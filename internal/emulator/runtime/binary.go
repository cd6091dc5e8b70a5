package runtime

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"time"
)

// versionLimit limits how long a program may take to print its version.
const versionLimit = 20 * time.Second

// oldest is the release date of the oldest workerd that can run the host.
const oldest = "2025-12-02"

// environment returns the environment of workerd. Its configuration is in a
// file, and the user's variables are often credentials.
func environment() []string { return []string{"TMPDIR=" + os.TempDir()} }

var versionDate = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)

// newestDates are the dates of programs, by file.
var newestDates sync.Map

// newestDate returns the newest compatibility date that a workerd is sure to
// know: that of its release.
func newestDate(ctx context.Context, binary string) (string, error) {
	if known, ok := newestDates.Load(binary); ok {
		return known.(string), nil
	}
	ctx, cancel := context.WithTimeout(ctx, versionLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "--version")
	cmd.Env = environment()
	said, err := cmd.Output()
	date := versionDate.FindString(string(said))
	if err != nil || date == "" {
		return "", fmt.Errorf("%s does not print its version as workerd does: %w", binary, orNoDate(err))
	}
	if date < oldest {
		return "", fmt.Errorf("%s is the workerd of %s, and wfpsync needs one of %s or later", binary, date, oldest)
	}
	newestDates.Store(binary, date)
	return date, nil
}

func orNoDate(err error) error {
	if err == nil {
		return fmt.Errorf("its version has no date")
	}
	return err
}

// known returns the newest date that a workerd knows if a Worker has a later
// one, because the platform's workerd is newer than any that can be installed.
// A date in the future stays, and workerd refuses it as the platform does.
func known(date, newest string, now time.Time) string {
	if date > newest && date <= now.UTC().Format(time.DateOnly) {
		return newest
	}
	return date
}
