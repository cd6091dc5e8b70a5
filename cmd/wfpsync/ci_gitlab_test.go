package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// gitlabJob is a job of GitLab's pipeline: its script is a list, in which lists
// are written out. What runs before it installs programs, which are here already.
type gitlabJob struct {
	Script []string
	Before []string `json:"before_script"`
}

// gitlab CODE JOB runs a job of the pipeline as GitLab's runner would, in one
// shell, and expects its exit code.
func cmdGitLab(ts *testscript.TestScript, _ bool, args []string) {
	var pipeline map[string]any
	readYAML(ts, "cmd/wfpsync/ci/gitlab.yml", &pipeline)
	encoded, err := json.Marshal(pipeline[args[1]])
	ts.Check(err)
	var run gitlabJob
	ts.Check(json.Unmarshal(encoded, &run))
	encoded, err = json.Marshal(pipeline["default"])
	ts.Check(err)
	ts.Check(json.Unmarshal(encoded, &run))
	last := run.Before[len(run.Before)-1] // of the lines before, it installs polyfills
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	environment := []string{
		"CI_API_V4_URL=" + ts.Getenv("FORGE_URL") + "/api/v4", "CI_PROJECT_ID=12", "GITLAB_NOTE_TOKEN=forge-token",
		"CI_MERGE_REQUEST_IID=" + ts.Getenv("PULL_REQUEST"), "CI_COMMIT_SHA=" + ts.Getenv("COMMIT"), "DIGEST=" + ts.Getenv("DISPATCHED_DIGEST"),
		"CLOUDFLARE_READ_TOKEN=read-token", "CLOUDFLARE_WRITE_TOKEN=write-token",
	}
	for _, name := range []string{"PATH", "HOME", "XDG_CACHE_HOME", "CLOUDFLARE_BASE_URL", "CLOUDFLARE_ACCOUNT_ID", requestLogVariable, "npm_config_fills", "npm_config_has"} {
		environment = append(environment, name+"="+ts.Getenv(name))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-e", "-o", "pipefail", "-c", strings.Join(append([]string{last}, run.Script...), "\n"))
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), environment, &stdout, &stderr
	err = cmd.Run()
	ts.Check(os.WriteFile(ts.MkAbs("stdout"), stdout.Bytes(), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("stderr"), stderr.Bytes(), 0o644))
	ts.Logf("%s%s", stdout.Bytes(), stderr.Bytes())
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("the job %s exits with %d, want %d: %v", args[1], got, want, err)
	}
}

var (
	notesPath   = regexp.MustCompile(`^/api/v4/projects/12/merge_requests/(\d+)/notes$`)
	notePath    = regexp.MustCompile(`^/api/v4/projects/12/merge_requests/\d+/notes/(\d+)$`)
	mergedPath  = regexp.MustCompile(`^/api/v4/projects/12/repository/commits/(\w+)/merge_requests$`)
	gitlabUsers = map[string]int{forgeBot: 1, "alice": 2, "mallory": 3}
)

// serveGitLab is as much of GitLab as the pipeline asks for.
func (f *forge) serveGitLab(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Header.Get("PRIVATE-TOKEN") != "forge-token" {
		http.Error(w, "bad credentials", http.StatusUnauthorized)
		return
	}
	list, one, merged := notesPath.FindStringSubmatch(r.URL.Path), notePath.FindStringSubmatch(r.URL.Path), mergedPath.FindStringSubmatch(r.URL.Path)
	switch {
	case r.URL.Path == "/api/v4/user":
		_ = json.NewEncoder(w).Encode(map[string]any{"id": gitlabUsers[forgeBot]})
	case list != nil && r.Method == http.MethodPost:
		f.comment(list[1], forgeBot, r.PostFormValue("body"))
	case list != nil && r.Method == http.MethodGet:
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		all := f.comments[list[1]]
		from, to := min((page-1)*forgePageSize, len(all)), min(page*forgePageSize, len(all))
		next := ""
		if to < len(all) {
			next = strconv.Itoa(page + 1)
		}
		w.Header().Set("X-Next-Page", next)
		notes := []map[string]any{}
		for _, c := range all[from:to] {
			notes = append(notes, map[string]any{"id": c.ID, "body": c.Body, "author": map[string]any{"id": gitlabUsers[c.User.Login]}})
		}
		_ = json.NewEncoder(w).Encode(notes)
	case one != nil && r.Method == http.MethodPut:
		f.edit(one[1], r.PostFormValue("body"))
	case merged != nil && r.Method == http.MethodGet:
		found := []map[string]any{{"iid": 99, "state": "opened"}}
		if number, ok := f.merged[merged[1]]; ok {
			n, _ := strconv.Atoi(number)
			found = append(found, map[string]any{"iid": n, "state": "merged"})
		}
		_ = json.NewEncoder(w).Encode(found)
	default:
		http.Error(w, r.Method+" "+r.URL.Path+" is not known here", http.StatusNotFound)
	}
}
