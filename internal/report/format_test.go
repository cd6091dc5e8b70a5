package report

import (
	"slices"
	"testing"
)

// Everything can be read by a person, and --format chooses between formats that
// differ.
func TestEverythingHasText(t *testing.T) {
	for document, names := range map[string][]string{
		"plan": Plans.Names(), "plan in a file": PlanFiles.Names(), "drift": Drifts.Names(), "checkup": Checkups.Names(),
		"version": Versions.Names(), "validation": Validations.Names(), "failure": Failures.Names(), "run": Runs.Names(),
	} {
		if names[0] != Text {
			t.Errorf("%s: the first format is %s", document, names[0])
		}
		if len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
			t.Errorf("%s: a format is there twice: %v", document, names)
		}
	}
}

// A command that fails says so in the format that it was to write, also as
// annotations; a person reads what has no place for failures.
func TestFailuresAreToldInEachFormatForPrograms(t *testing.T) {
	for _, names := range [][]string{Plans.Names(), Drifts.Names(), Checkups.Names(), Versions.Names(), Validations.Names(), Runs.Names()} {
		for _, name := range names {
			if !slices.Contains(Failures.Names(), name) && name != "markdown" && name != "html" {
				t.Errorf("a failure has no format %s", name)
			}
		}
	}
}
