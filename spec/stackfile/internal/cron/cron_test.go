package cron

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

// The examples are those of the platform's documentation, and what people write.
func TestCheck(t *testing.T) {
	for _, cron := range []string{
		"* * * * *", "*/30 * * * *", "45 * * * *", "0 17 * * sun", "0 17 * * 1", "10 7 * * mon-fri", "10 7 * * 2-6",
		"0 15 1 * *", "0 18 * * 6L", "0 18 * * friL", "59 23 LW * *", "0 0 L * *", "0 0 L-3 * *", "0 0 15W * *", "0 0 * * MON#2",
		"0,15,30-45/5 0-23/2 1-31 JAN,feb-Dec TUE", "0 22 * * FRI-MON", "5/15 * * * *", "0 0 * * L",
	} {
		if fault := Check(cron); fault.Message != "" {
			t.Errorf("%q: %s", cron, fault.Message)
		}
	}
	for _, cron := range []string{
		"", "*", "* * * *", "* * * * * *", "@hourly", "60 * * * *", "-1 * * * *", "+1 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
		"* * * 0 *", "* * * 13 *", "* * * JANUARY *", "* * * * 0", "* * * * 8", "* * * * SOMEDAY", "*/0 * * * *", "*/60 * * * *", "*/x * * * *", "*/ * * * *",
		"1- * * * *", "-5 * * * *", "1,,2 * * * *", ", * * * *", "L * * * *", "* * * L *", "* * 15WW * *", "* * W * *", "* * 5L * *", "* * * * 2#6", "* * * * #1",
		"* * 2#1 * *", "* * * * 15W", "* * L/2 * *", "** * * * *", "? * * * *", "1\u00a0 * * *",
	} {
		if fault := Check(cron); fault.Message == "" || fault.Hint == "" {
			t.Errorf("%q is taken for a cron expression", cron)
		}
	}
}

// A cron expression of any text has a fault or none, and never a panic; spaces
// mean nothing.
func FuzzCheck(f *testing.F) {
	for _, cron := range []string{"* * * * *", "*/5 1-2,3 L JAN 2#1", "60 * * *", "- # L W /"} {
		f.Add(cron)
	}
	f.Fuzz(func(t *testing.T, cron string) {
		fault := Check(cron)
		if again := Check("  " + spec.NormalCron(strings.ToUpper(cron)) + " "); strings.ToUpper(cron) == cron && again != fault {
			t.Errorf("%q: %v, then %v", cron, fault, again)
		}
	})
}
