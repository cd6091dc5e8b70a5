package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync"
)

// TestRolloutsPage runs the example of docs/rollouts.md: what the page says that a
// plan and a failed apply print is what they print.
func TestRolloutsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/rollouts.md")
	if err != nil {
		t.Fatal(err)
	}
	fences := fence.FindAllStringSubmatch(string(page), -1)
	if len(fences) != 4 {
		t.Fatalf("the page has %d examples, and this test knows 4", len(fences))
	}
	stack, customers, waves, stopped := fences[0][2], fences[1][2], fences[2][2], fences[3][2]
	t.Chdir(t.TempDir())
	const tenant = `export default { fetch() { return new Response("ok") } }`
	for name, text := range map[string]string{
		wfpsync.DefaultFile: stack, "customers.csv": customers, "tenant.js": tenant,
		"router.js": `export default { fetch: (request, env) => env.CUSTOMERS.get(new URL(request.url).hostname.split(".")[0]).fetch(request) }`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(want int, args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		a := &app{
			stdin: os.Stdin, stdout: &stdout, stderr: &stderr, now: time.Now, lookupEnv: os.LookupEnv,
			isTerminal: func(*os.File) bool { return false },
		}
		if code := a.run(t.Context(), args); code != want {
			t.Fatalf("%v: exit code %d, want %d\n%s%s", args, code, want, &stdout, &stderr)
		}
		return stdout.String()
	}
	if got := run(exitOK, "plan", "--local"); !strings.Contains(got, waves) {
		t.Errorf("the plan does not say\n%s\nbut\n%s", waves, got)
	}
	if installedWorkerd() == "" {
		t.Skip("there is no workerd: `make runtime` installs it for the tests")
	}
	run(exitOK, "apply", "--local", "--auto-approve")
	const broken = `export default { fetch(request) { return new Response("ok", { status: request.url.includes("globex") ? 500 : 200 }) } }`
	if err := os.WriteFile("tenant.js", []byte(broken), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := run(exitPartial, "apply", "--local", "--auto-approve"); !strings.Contains(got, stopped) {
		t.Errorf("the apply does not say\n%s\nbut\n%s", stopped, got)
	}
}
