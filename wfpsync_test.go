package wfpsync_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// platform is a stack file with a fleet from a list.
const platform = `version: 1
name: shops
defaults: { compatibility_date: 2026-10-01 }
lists:
  customers: { key: id, items: [{ id: acme }, { id: globex }] }
dispatch_namespaces: { shops: {} }
user_workers:
  shops:
    for_each: { customer: customers }
    name: ${customer.id}
    dispatch_namespace: shops
    script: "export default { fetch() { return new Response('${customer.id}') } }"
`

// folder returns a new folder with a stack file and other files.
func folder(t *testing.T, stack string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, wfpsync.DefaultFile), stack)
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func openLocal(t *testing.T) *wfpsync.Local {
	t.Helper()
	local, err := wfpsync.OpenLocal(wfpsync.LocalOptions{Dir: t.TempDir(), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := local.Close(); err != nil {
			t.Error(err)
		}
	})
	return local
}

func connect(t *testing.T, local *wfpsync.Local) *wfpsync.Account {
	t.Helper()
	account, err := wfpsync.Connect(t.Context(), wfpsync.ConnectOptions{Local: local})
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func planOf(t *testing.T, dir string, local *wfpsync.Local) *planner.Plan {
	t.Helper()
	project, err := wfpsync.Open(dir, wfpsync.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := project.Plan(t.Context(), connect(t, local), planner.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func apply(t *testing.T, dir string, local *wfpsync.Local) {
	t.Helper()
	result, err := connect(t, local).Apply(t.Context(), planOf(t, dir, local), applier.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !result.Complete() {
		t.Fatalf("%+v", result.Outcomes)
	}
}

// TestPlanTwice checks that a second plan of a project uses the account as it
// is then, and has only its own diagnostics.
func TestPlanTwice(t *testing.T) {
	local := openLocal(t)
	apply(t, folder(t, "version: 1\nname: other\ndispatch_namespaces: { shops: {} }\n", nil), local)
	template := strings.NewReplacer(
		"key: id, items: [{ id: acme }, { id: globex }]", "discover: { dispatch_namespace: shops }",
		"name: ${customer.id}", "manage: [code]",
		"${customer.id}", "hello",
		"shops: {}", "shops: { adopt: true }",
	).Replace(platform)
	project, err := wfpsync.Open(folder(t, template, nil), wfpsync.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := project.Err(); err != nil {
		t.Fatal(err)
	}
	account := connect(t, local)
	for round, want := range [][]string{{}, {"acme"}, {"acme", "globex"}} {
		err := local.Handler().(*emulator.Emulator).ForTests().Seed(wfpsync.LocalAccountID, "shops", func(yield func(api.Seed) bool) {
			for _, name := range want {
				yield(api.Seed{Name: name})
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		plan, err := project.Plan(t.Context(), account, planner.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, change := range plan.Changes {
			if change.Address.Kind == spec.KindUserWorker {
				got = append(got, change.Address.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("plan %d changes %v, want %v", round, got, want)
		}
		nothing := slices.ContainsFunc(plan.Diagnostics, func(d diag.Diagnostic) bool { return d.Rule == planner.RuleNothingDiscovered })
		if nothing != (len(want) == 0) {
			t.Errorf("plan %d has the findings %v", round, plan.Diagnostics)
		}
	}
	if len(project.Diagnostics()) > 0 {
		t.Errorf("the project keeps the findings of its plans: %v", project.Diagnostics())
	}
}

// TestMistakesStopBeforeTheAccount checks that a file or code with errors is
// not compared with the account.
func TestMistakesStopBeforeTheAccount(t *testing.T) {
	for name, stack := range map[string]string{
		"file": platform + "shops: {}\n",
		"code": strings.Replace(platform, `export default {`, `export default { =`, 1),
	} {
		local := openLocal(t)
		project, err := wfpsync.Open(folder(t, stack, nil), wfpsync.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = project.Plan(t.Context(), connect(t, local), planner.Options{})
		failure := new(diag.Failure)
		if !errors.As(err, &failure) || !strings.HasSuffix(failure.Diagnostics[0].Range.File, "/wfpsync.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWhoWasFaster checks that what another program has written since the plan
// was made is not overwritten, and that Stale reports it first.
func TestWhoWasFaster(t *testing.T) {
	local := openLocal(t)
	dir := folder(t, platform, nil)
	apply(t, dir, local)
	ours := folder(t, strings.ReplaceAll(platform, "Response(", "Response('ours '+"), nil)
	account := connect(t, local)
	plan := planOf(t, ours, local)
	if moved, _, err := account.Stale(t.Context(), plan); err != nil || len(moved) > 0 {
		t.Fatalf("moved %v, %v", moved, err)
	}
	apply(t, folder(t, strings.ReplaceAll(platform, "Response(", "Response('theirs '+"), nil), local)
	moved, now, err := account.Stale(t.Context(), plan)
	if err != nil || len(moved) != 2 || now == nil || len(now.Changes) != 2 {
		t.Fatalf("moved %v, now %v, %v", moved, now, err)
	}
	refused := 0
	result, err := account.Apply(t.Context(), plan, applier.Options{}, func(e applier.Event) {
		if failed, ok := e.(applier.Failed); ok && wfpsync.IsMoved(failed.Err) {
			refused++
		}
	})
	if err != nil || result.Failed != 2 || refused != 2 {
		t.Errorf("%d refused, %v, %+v", refused, err, result)
	}
}

// TestSecrets checks that values come from the program's environment and from
// files in the folder, never from outside.
func TestSecrets(t *testing.T) {
	dir := folder(t, platform, map[string]string{"key.txt": "of a file\n", "empty": "\n"})
	project, err := wfpsync.Open(dir, wfpsync.Options{LookupEnv: func(name string) (string, bool) { return "of " + name, name == "KEY" }})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		source spec.SecretSource
		want   string // or the error
	}{
		{spec.SecretSource{Env: "KEY"}, "of KEY"},
		{spec.SecretSource{File: "key.txt"}, "of a file"},
		{spec.SecretSource{Env: "NONE"}, "the environment variable NONE is not set"},
		{spec.SecretSource{File: "empty"}, "the file empty is empty"},
		{spec.SecretSource{File: "../" + filepath.Base(dir) + "/key.txt"}, "cannot be read"},
	} {
		secret, err := project.Secret(test.source)
		got := secret.Reveal()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%+v: %q, want %q", test.source, got, test.want)
		}
	}
}

// TestImportAndAdopt imports an account into a stack file, whose first plan
// only writes marks.
func TestImportAndAdopt(t *testing.T) {
	local := openLocal(t)
	apply(t, folder(t, platform, nil), local)
	imported, err := connect(t, local).Import(t.Context(), wfpsync.ImportOptions{Namespace: "shops"})
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, string(imported.Document), nil)
	for _, file := range imported.Files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file.Path)), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, file.Path), string(file.Content))
	}
	if plan := planOf(t, dir, local); plan.HasChanges() {
		t.Errorf("the plan of the imported file has the changes %v", plan.Changes)
	}
	other, err := wfpsync.Open(folder(t, strings.Replace(platform, "name: shops", "name: other", 1), nil), wfpsync.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := other.Adopt(t.Context(), connect(t, local), []string{"user_worker/shops/*"})
	if err != nil {
		t.Fatal(err)
	}
	if blocked := plan.Blocked(); len(blocked) != 2 || blocked[0].Blocked.By != "ownership" {
		t.Errorf("what another stack owns can be adopted: %+v", plan.Changes)
	}
	if _, err := connect(t, local).Import(t.Context(), wfpsync.ImportOptions{Namespace: "none"}); err == nil || !strings.Contains(err.Error(), `no dispatch namespace "none"`) {
		t.Errorf("%v", err)
	}
}

// TestLocalIsOnePrograms checks that a second program learns which one has the
// account open, and where its API is.
func TestLocalIsOnePrograms(t *testing.T) {
	dir := t.TempDir()
	first, err := wfpsync.OpenLocal(wfpsync.LocalOptions{Dir: dir, Command: "signup", Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, err = wfpsync.OpenLocal(wfpsync.LocalOptions{Dir: dir})
	other := new(wfpsync.InUseError)
	if !errors.As(err, &other) || other.Process != os.Getpid() || other.Command != "signup" || other.API != first.URL() {
		t.Errorf("%+v", err)
	}
}

// TestConnectNeedsToKnowWhat checks that nothing is sent without credentials.
func TestConnectNeedsToKnowWhat(t *testing.T) {
	for _, o := range []wfpsync.ConnectOptions{{}, {Key: "k"}, {Email: "e"}} {
		if _, err := wfpsync.Connect(t.Context(), o); !errors.Is(err, wfpsync.ErrNoCredentials) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// TestPaceIsOfRequests checks that changes in one request take the time of one
// request.
func TestPaceIsOfRequests(t *testing.T) {
	local := openLocal(t)
	account, err := wfpsync.Connect(t.Context(), wfpsync.ConnectOptions{Token: "t", AccountID: wfpsync.LocalAccountID, BaseURL: local.URL(), Rate: 100})
	if err != nil {
		t.Fatal(err)
	}
	plan := planOf(t, folder(t, platform, nil), local)
	if pace := account.Pace(plan)(1000); pace > time.Minute {
		t.Errorf("a plan of %d changes takes %v", len(plan.Changes), pace)
	}
}

// TestReadmeStack checks that the first stack in the README is valid.
func TestReadmeStack(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```yaml\n")
	stack, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the README has no stack")
	}
	dir := folder(t, stack, map[string]string{"customers.csv": "id,plan\nacme,pro\n"})
	if err := os.Mkdir(filepath.Join(dir, "src"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"customer.ts", "router.ts"} {
		write(t, filepath.Join(dir, "src", name), "export default { fetch() { return new Response() } }")
	}
	v, err := wfpsync.Validate(t.Context(), dir, wfpsync.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if v.Diagnostics.HasErrors() || v.Resources != 4 {
		t.Errorf("%d resources, %v", v.Resources, v.Diagnostics)
	}
}

// TestAdoptBesideATemplate checks that a Worker's mark describes its code, even
// if the stack has lists that look for user Workers.
func TestAdoptBesideATemplate(t *testing.T) {
	const worker = "workers: { router: { script: \"export default { fetch() { return new Response() } }\" } }\n"
	local := openLocal(t)
	err := local.Handler().(*emulator.Emulator).ForTests().Seed(wfpsync.LocalAccountID, "", func(yield func(api.Seed) bool) { yield(api.Seed{Name: "router"}) })
	if err != nil {
		t.Fatal(err)
	}
	digests := map[string]bool{}
	for _, lists := range []string{"", "lists: { found: { discover: { dispatch_namespace: shops } } }\nuser_workers: { found: { dispatch_namespace: shops, for_each: { t: found }, manage: [limits], limits: { cpu_ms: 50 } } }\n"} {
		project, err := wfpsync.Open(folder(t, "version: 1\nname: s\ndefaults: { compatibility_date: 2026-10-01 }\ndispatch_namespaces: { shops: {} }\n"+lists+worker, nil), wfpsync.Options{})
		if err != nil {
			t.Fatal(err)
		}
		plan, err := project.Adopt(t.Context(), connect(t, local), []string{"worker/router"})
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Changes) != 1 || len(project.Stack().Codes()) == 0 || project.Stack().Codes()[0].Digest == "" {
			t.Errorf("the code is not built: %+v", plan.Changes)
		}
		digests[plan.Changes[0].Digest] = true
	}
	if len(digests) != 1 {
		t.Errorf("the mark depends on the lists: %v", digests)
	}
}

// TestDatesOfOneTemplate builds the code of 1,000 user Workers once for each
// span of dates between which the runtime has the same of Node.js, and not once
// for each date.
func TestDatesOfOneTemplate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		date   func(i int) string
		builds int
	}{
		"two dates":             {func(i int) string { return []string{"2025-09-10", "2026-09-10"}[i%2] }, 2},
		"a thousand dates":      {func(i int) string { return time.Date(2026, 8, 4+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly) }, 1},
		"two dates of one span": {func(i int) string { return []string{"2026-09-10", "2026-09-11"}[i%2] }, 1},
	} {
		var rows strings.Builder
		for i := range 1000 {
			rows.WriteString(`{"id":"t` + strconv.Itoa(i) + `","date":"` + test.date(i) + "\"}\n")
		}
		project, err := wfpsync.Open(folder(t, `version: 1
name: shops
lists: { customers: { key: id, ndjson: ./customers.ndjson } }
dispatch_namespaces: { shops: {} }
user_workers:
  shops:
    for_each: { customer: customers }
    name: ${customer.id}
    dispatch_namespace: shops
    main: ./shop.ts
    compatibility_date: ${customer.date}
    compatibility_flags: [nodejs_compat]
`, map[string]string{
			"customers.ndjson": rows.String(),
			"shop.ts":          `import { createHash } from "crypto"; export default { fetch: () => new Response(createHash("md5").update(process.env.A).digest("hex")) };`,
		}), wfpsync.Options{})
		if err == nil {
			err = project.Build(t.Context())
		}
		if err == nil {
			err = project.Err()
		}
		if err != nil {
			t.Fatal(err)
		}
		builds, digests, workers := map[*spec.Module]bool{}, map[string]bool{}, 0
		for _, r := range project.Stack().Resources {
			if w, ok := r.(*spec.UserWorker); ok {
				builds[&w.Code.Modules[0]] = true
				digests[w.Code.Digest] = true
				workers++
			}
		}
		if workers != 1000 || len(builds) != test.builds || len(digests) != 1 {
			t.Errorf("%s: %d user Workers, %d bundles, %d digests; want %d bundles", name, workers, len(builds), len(digests), test.builds)
		}
	}
}
