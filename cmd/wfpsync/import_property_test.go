package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/wfpsync/wfpsync"
)

// TestImportThenPlanIsEmpty holds for random stacks: what is ours is imported
// as it is, and what has lost its marks is adopted by writing these and nothing
// else.
func TestImportThenPlanIsEmpty(t *testing.T) {
	if testing.Short() {
		t.Skip("many runs of the whole program")
	}
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPlayground(t)
		defer p.close()
		p.write(stackFile(t, "stack"))
		p.must(exitOK, "apply", "--auto-approve")

		ours := filepath.Join(p.dir, "ours")
		p.run(exitOK, "import", "--dir", ours, "--name", "property")
		p.stackYML += "\n--- imported ---\n" + p.read(ours)
		p.run(exitOK, "plan", "-f", ours, "--detailed-exitcode")
		p.run(exitOK, "plan", "-f", ours, "--detailed-exitcode", "--refresh", "all")

		etags := p.removeMarks()
		adopted := filepath.Join(p.dir, "adopted")
		p.run(exitOK, "import", "--dir", adopted, "--name", "another", "--user-workers", "own")
		p.stackYML += "\n--- imported without marks ---\n" + p.read(adopted)
		var plan struct {
			Summary struct{ Adopt, Add, Change, Destroy int }
			Changes []struct {
				MarkOnly bool `json:"mark_only"`
			}
		}
		text := p.run(exitOK, "plan", "-f", adopted, "--format", "json")
		if err := json.Unmarshal([]byte(text), &plan); err != nil {
			t.Fatal(err)
		}
		if s := plan.Summary; s.Add+s.Change+s.Destroy > 0 || s.Adopt != len(etags) {
			t.Fatalf("more than %d adoptions: %+v\n%s\n%s", len(etags), s, p.stackYML, text)
		}
		for _, c := range plan.Changes {
			if !c.MarkOnly {
				t.Fatalf("more than marks is to be written\n%s\n%s", p.stackYML, text)
			}
		}
		p.run(exitOK, "apply", "-f", adopted, "--auto-approve")
		p.run(exitOK, "plan", "-f", adopted, "--detailed-exitcode")
		p.run(exitOK, "plan", "-f", adopted, "--detailed-exitcode", "--refresh", "all")
		if now := p.scripts(); fmt.Sprint(now) != fmt.Sprint(etags) {
			t.Fatalf("code was uploaded\n%v\n%v", etags, now)
		}
	})
}

func (p *playground) read(dir string) string {
	content, err := os.ReadFile(filepath.Join(dir, wfpsync.DefaultFile))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(content)
}

// scripts returns the etags of all scripts, by path.
func (p *playground) scripts() map[string]string {
	etags := map[string]string{}
	for _, path := range p.scriptPaths() {
		var scripts struct {
			Result []struct{ ID, ETag string }
		}
		p.get(path, &scripts)
		for _, s := range scripts.Result {
			etags[path+"/"+s.ID] = s.ETag
		}
	}
	return etags
}

// removeMarks takes the tags off all scripts, and returns what scripts there are.
func (p *playground) removeMarks() map[string]string {
	etags := p.scripts()
	for path := range etags {
		method, target, body := http.MethodPut, path+"/tags", `[]`
		if strings.HasPrefix(path, "/workers/scripts/") {
			method, target, body = http.MethodPatch, path+"/script-settings", `{"tags":[]}`
		}
		if status, answer := request(p.account, method, target, body); status != http.StatusOK {
			p.t.Fatalf("%s %s: %s", method, target, answer)
		}
	}
	return p.scripts()
}
