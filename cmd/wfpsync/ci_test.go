package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"gopkg.in/yaml.v3"
)

// The workflow that `init` writes, and the action that it uses, run here step by
// step, with their own shell, against a forge on this machine.

// TestWorkflowsAreWorkflows lets actionlint read what users copy.
func TestWorkflowsAreWorkflows(t *testing.T) {
	cmd := exec.Command("go", "tool", "-modfile=tools/go.mod", "actionlint", "cmd/wfpsync/ci/github.yml")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

type (
	workflow struct{ Jobs map[string]job }

	job struct {
		If    string
		Env   map[string]string
		Steps []step
	}

	step struct {
		Name, Uses, Run, If string
		Env, With           map[string]string
	}

	action struct {
		Inputs map[string]struct{ Default string }
		Runs   struct{ Steps []step }
	}
)

// readYAML reads a file from the root of the repository.
func readYAML(ts *testscript.TestScript, name string, into any) {
	data, err := os.ReadFile(filepath.Join(ts.Getenv("EXAMPLES"), "..", name))
	ts.Check(err)
	ts.Check(yaml.Unmarshal(data, into))
}

// ci CODE JOB runs a job of the workflow as GitHub would, and expects its exit
// code; "skipped" in its place expects that the job does not run. What the event
// is comes from variables of the script.
func cmdCI(ts *testscript.TestScript, _ bool, args []string) {
	var flow workflow
	readYAML(ts, "cmd/wfpsync/ci/github.yml", &flow)
	run, found := flow.Jobs[args[1]]
	if !found {
		ts.Fatalf("the workflow has no job %q", args[1])
	}
	values := map[string]string{
		"github.event.pull_request.number": ts.Getenv("PULL_REQUEST"), "inputs.digest": ts.Getenv("DISPATCHED_DIGEST"),
		"secrets.CLOUDFLARE_API_TOKEN": "write-token", "secrets.CLOUDFLARE_READ_TOKEN": "read-token",
		"vars.CLOUDFLARE_ACCOUNT_ID": ts.Getenv("CLOUDFLARE_ACCOUNT_ID"), "github.token": "forge-token",
		"github.action_path": filepath.Join(ts.Getenv("EXAMPLES"), ".."),
	}
	event, fork := ts.Getenv("EVENT"), ts.Getenv("FORK") != ""
	runs, known := map[string]bool{
		"github.event_name == 'pull_request'": event == "pull_request",
		"github.event_name == 'schedule'":     event == "schedule",
		"github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository":    event == "pull_request" && !fork,
		"github.ref == 'refs/heads/main' && (github.event_name == 'push' || github.event_name == 'workflow_dispatch')": event == "push" || event == "workflow_dispatch",
	}[run.If]
	if !known {
		ts.Fatalf("teach the test the condition %q", run.If)
	}
	if !runs || args[0] == "skipped" {
		if runs != (args[0] != "skipped") {
			ts.Fatalf("the job %s runs: %v", args[1], runs)
		}
		return
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	for _, s := range run.Steps {
		if strings.HasPrefix(s.Uses, "wfpsync/wfpsync@") {
			if got := runAction(ts, run, s, values); got != want {
				ts.Fatalf("the job %s exits with %d, want %d", args[1], got, want)
			}
			return
		}
	}
	ts.Fatalf("the job %s does not use the action", args[1])
}

var workflowExpression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)

// substituted returns text with the values of expressions in their place.
func substituted(ts *testscript.TestScript, text string, values map[string]string) string {
	return workflowExpression.ReplaceAllStringFunc(text, func(expression string) string {
		name := workflowExpression.FindStringSubmatch(expression)[1]
		value, known := values[name]
		if !known {
			ts.Fatalf("teach the test the expression %q", name)
		}
		return value
	})
}

// runAction runs the last step of the action; those before install the program,
// which is here already.
func runAction(ts *testscript.TestScript, run job, used step, values map[string]string) int {
	var composite action
	readYAML(ts, "action.yml", &composite)
	inputs := map[string]string{}
	for name, input := range composite.Inputs {
		inputs["inputs."+name] = substituted(ts, input.Default, values)
	}
	for name, value := range used.With {
		if _, declared := composite.Inputs[name]; !declared {
			ts.Fatalf("the action has no input %q", name)
		}
		inputs["inputs."+name] = substituted(ts, value, values)
	}
	for name, value := range values {
		if !strings.HasPrefix(name, "inputs.") && !strings.HasPrefix(name, "secrets.") {
			inputs[name] = value
		}
	}
	last := composite.Runs.Steps[len(composite.Runs.Steps)-1]
	if workflowExpression.MatchString(last.Run) {
		ts.Fatalf("an expression is pasted into a script, which is how scripts get injected")
	}
	temp := ts.MkAbs("runner")
	ts.Check(os.MkdirAll(temp, 0o755))
	environment := []string{
		"RUNNER_TEMP=" + temp, "GITHUB_REPOSITORY=acme/platform", "GITHUB_SHA=" + ts.Getenv("COMMIT"),
		"GITHUB_STEP_SUMMARY=" + ts.MkAbs("summary.md"), "GITHUB_OUTPUT=" + ts.MkAbs("outputs"),
	}
	for _, name := range []string{"PATH", "HOME", "XDG_CACHE_HOME", "CLOUDFLARE_BASE_URL", requestLogVariable, "FORGE_URL", "npm_config_fills", "npm_config_has"} {
		environment = append(environment, name+"="+ts.Getenv(name))
	}
	for name, value := range run.Env {
		environment = append(environment, name+"="+substituted(ts, value, values))
	}
	for name, value := range last.Env {
		environment = append(environment, name+"="+substituted(ts, value, inputs))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-e", "-c", last.Run)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), environment, &stdout, &stderr
	err := cmd.Run()
	ts.Check(os.WriteFile(ts.MkAbs("stdout"), stdout.Bytes(), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("stderr"), stderr.Bytes(), 0o644))
	ts.Logf("%s%s", stdout.Bytes(), stderr.Bytes())
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		ts.Fatalf("%v", err)
	}
	return cmd.ProcessState.ExitCode()
}

// forge is as much of GitHub as the action asks for.
type forge struct {
	mu       sync.Mutex
	comments map[string][]forgeComment // by pull request
	merged   map[string]string         // pull request, by commit
	next     int
}

type forgeComment struct {
	ID   int       `json:"id"`
	Body string    `json:"body"`
	User forgeUser `json:"user"`
}

type forgeUser struct {
	Login string `json:"login"`
}

const (
	forgeBot      = "github-actions[bot]"
	forgePageSize = 2 // so that there are pages
)

var (
	listPath    = regexp.MustCompile(`^/repos/acme/platform/issues/(\d+)/comments$`)
	commentPath = regexp.MustCompile(`^/repos/acme/platform/issues/comments/(\d+)$`)
	pullsPath   = regexp.MustCompile(`^/repos/acme/platform/commits/(\w+)/pulls$`)
)

func (f *forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer forge-token" {
		http.Error(w, "bad credentials", http.StatusUnauthorized)
		return
	}
	body, _ := io.ReadAll(r.Body)
	list, one, pulls := listPath.FindStringSubmatch(r.URL.Path), commentPath.FindStringSubmatch(r.URL.Path), pullsPath.FindStringSubmatch(r.URL.Path)
	switch {
	case list != nil && r.Method == http.MethodPost:
		f.comment(list[1], forgeBot, string(body))
	case list != nil && r.Method == http.MethodGet:
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		all := f.comments[list[1]]
		from, to := min(page*forgePageSize, len(all)), min((page+1)*forgePageSize, len(all))
		if to < len(all) {
			w.Header().Set("X-Next-Page", strconv.Itoa(page+1))
		}
		_ = json.NewEncoder(w).Encode(append([]forgeComment{}, all[from:to]...))
	case one != nil && r.Method == http.MethodPatch:
		f.edit(one[1], string(body))
	case pulls != nil && r.Method == http.MethodGet:
		found := []map[string]any{{"number": 99, "merged_at": nil, "merge_commit_sha": pulls[1]}} // one that is still open
		if number, ok := f.merged[pulls[1]]; ok {
			n, _ := strconv.Atoi(number)
			found = append(found, map[string]any{"number": n, "merged_at": "2026-11-21T12:00:00Z", "merge_commit_sha": pulls[1]})
		}
		_ = json.NewEncoder(w).Encode(found)
	default:
		http.Error(w, r.Method+" "+r.URL.Path+" is not known here", http.StatusNotFound)
	}
}

func (f *forge) comment(pull, author, body string) {
	f.next++
	f.comments[pull] = append(f.comments[pull], forgeComment{f.next, body, forgeUser{author}})
}

func (f *forge) edit(id, body string) {
	for _, comments := range f.comments {
		for i := range comments {
			if strconv.Itoa(comments[i].ID) == id {
				comments[i].Body = body
			}
		}
	}
}

// forge start serves one; forge start gitlab, one that speaks as GitLab. forge
// comment PULL AUTHOR FILE comments as AUTHOR. forge merge PULL COMMIT merges a
// pull request as a commit. forge comments N PULL REGEXP expects N comments
// that match.
func cmdForge(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	if args[0] == "start" {
		w.forge = &forge{comments: map[string][]forgeComment{}, merged: map[string]string{}}
		var handler http.Handler = w.forge
		if len(args) > 1 && args[1] == "gitlab" {
			handler = http.HandlerFunc(w.forge.serveGitLab)
		}
		server := httptest.NewServer(handler)
		ts.Defer(server.Close)
		ts.Setenv("FORGE_URL", server.URL)
		return
	}
	f := w.forge
	f.mu.Lock()
	defer f.mu.Unlock()
	switch args[0] {
	case "comment":
		f.comment(args[1], args[2], ts.ReadFile(args[3]))
	case "merge":
		f.merged[args[2]] = args[1]
	case "comments":
		pattern, got := regexp.MustCompile(args[3]), 0
		for _, c := range f.comments[args[2]] {
			if pattern.MatchString(c.Body) {
				got++
			}
		}
		if strconv.Itoa(got) != args[1] {
			ts.Fatalf("%d comments match %q, want %s:\n%v", got, args[3], args[1], f.comments[args[2]])
		}
	default:
		ts.Fatalf("unknown word %q", args[0])
	}
}

// fakeGH is as much of GitHub's program as the action uses: gh api [--paginate]
// [-X METHOD] PATH [-F body=@FILE].
func fakeGH() {
	if err := fakeAPI(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gh:", err)
		os.Exit(1)
	}
}

func fakeAPI(args []string) error {
	if len(args) == 0 || args[0] != "api" {
		return fmt.Errorf("only api is known here, not %v", args)
	}
	method, path, paginate := http.MethodGet, "", false
	var body []byte
	for i := 1; i < len(args); i++ {
		switch args[i] {
		case "--paginate":
			paginate = true
		case "-X":
			i++
			method = args[i]
		case "-F":
			i++
			name, isBody := strings.CutPrefix(args[i], "body=@")
			if !isBody {
				return fmt.Errorf("-F %s is not known here", args[i])
			}
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			body = content
		default:
			path = args[i]
		}
	}
	for page := "0"; page != ""; {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		request, err := http.NewRequest(method, os.Getenv("FORGE_URL")+"/"+path+separator+"page="+page, bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+os.Getenv("GH_TOKEN"))
		client := &http.Client{Timeout: 30 * time.Second}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			return err
		}
		if response.StatusCode >= http.StatusBadRequest {
			return fmt.Errorf("%s: %s", response.Status, answer)
		}
		_, _ = os.Stdout.Write(answer)
		if page = response.Header.Get("X-Next-Page"); !paginate {
			page = ""
		}
	}
	return nil
}

// The action's inputs are all that its script reads, and every one of them is read.
func TestActionInputsAreUsed(t *testing.T) {
	var composite action
	data, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &composite); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("../../ci/github/run.sh")
	if err != nil {
		t.Fatal(err)
	}
	last := composite.Runs.Steps[len(composite.Runs.Steps)-1]
	var used []string
	for name, value := range last.Env {
		used = append(used, value)
		if name != "GH_TOKEN" && name != "SCRIPTS" && !strings.Contains(string(script), "$"+name) && !strings.Contains(string(script), "${"+name) {
			t.Errorf("the script does not read %s", name)
		}
	}
	for name := range composite.Inputs {
		if !slices.Contains(used, "${{ inputs."+name+" }}") {
			t.Errorf("the input %q does nothing", name)
		}
	}
}
