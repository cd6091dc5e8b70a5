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

// versionLimit bounds how long a program may take to say its version.
const versionLimit = 20 * time.Second

// oldest is the release date of the oldest workerd that the host runs on.
const oldest = "2025-12-02"

// environment is all that a workerd gets of ours: what it may know is in its configuration, and variables of a person's
// shell are often credentials.
func environment() []string { return []string{"TMPDIR=" + os.TempDir()} }

var versionDate = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)

// newestDates are what programs answered, by file.
var newestDates sync.Map

// newestDate is the compatibility date up to which a workerd is sure to know its ways: that of its release.
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
		return "", fmt.Errorf("%s does not say its version as workerd does: %w", binary, orNoDate(err))
	}
	if date < oldest {
		return "", fmt.Errorf("%s is the workerd of %s, and wfpsync needs one of %s or later", binary, date, oldest)
	}
	newestDates.Store(binary, date)
	return date, nil
}

func orNoDate(err error) error {
	if err == nil {
		return fmt.Errorf("its answer has no date")
	}
	return err
}

// known is the newest date that a workerd knows, for a Worker of a later one: the platform's workerd is newer than any
// that can be installed. A date in the future is left alone, and refused by workerd as the platform refuses it.
func known(date, newest string, now time.Time) string {
	if date > newest && date <= now.UTC().Format(time.DateOnly) {
		return newest
	}
	return date
}
