package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/docs"
	"github.com/wfpsync/wfpsync/internal/bundle"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// The page of the rules is executed: every wrong example gives exactly the
// message below it, and every right one gives none.

// ruleSection is a rule's part of the page.
type ruleSection struct {
	id           string
	wrong, right txtar.Archive
	message      string
	needsAccount bool
	needsRuntime bool
}

var (
	sectionHead = regexp.MustCompile(`(?m)^## (\S+)$`)
	fence       = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
)

func ruleSections(t *testing.T) []ruleSection {
	t.Helper()
	page := docs.RulesPage()
	heads := sectionHead.FindAllStringSubmatchIndex(page, -1)
	var sections []ruleSection
	for i, head := range heads {
		end := len(page)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		id, text := page[head[2]:head[3]], page[head[1]:end]
		fences := fence.FindAllStringSubmatch(text, -1)
		if len(fences) != 3 || fences[1][1] != "text" {
			t.Errorf("%s: want a wrong example, its message as ```text, and a right example", id)
			continue
		}
		sections = append(sections, ruleSection{
			id: id, wrong: example(fences[0]), message: strings.TrimSuffix(fences[1][2], "\n"), right: example(fences[2]),
			needsAccount: strings.HasPrefix(id, "WFP4"), needsRuntime: id == bundle.RuleRefused,
		})
	}
	return sections
}

// example returns a fenced block as files: one stack file, or an archive of
// several. The pictures of control characters stand for what they show.
func example(fence []string) txtar.Archive {
	text := strings.Map(func(r rune) rune {
		if r >= '\u2400' && r < '\u2420' {
			return r - '\u2400'
		}
		return r
	}, fence[2])
	if fence[1] == "txtar" {
		return *txtar.Parse([]byte(text))
	}
	return txtar.Archive{Files: []txtar.File{{Name: wfpsync.DefaultFile, Data: []byte(text)}}}
}

func TestRulesPage(t *testing.T) {
	for _, s := range ruleSections(t) {
		t.Run(s.id, func(t *testing.T) {
			if diff := cmp.Diff([]string{s.message}, findings(t, s, s.wrong)); diff != "" {
				t.Errorf("messages of the wrong example (-documented +given):\n%s", diff)
			}
			if !strings.HasSuffix(s.message, " ["+s.id+"]") {
				t.Errorf("the message is of another rule: %s", s.message)
			}
			if list := findings(t, s, s.right); len(list) > 0 {
				t.Errorf("messages of the right example:\n%s", strings.Join(list, "\n"))
			}
		})
	}
}

// findings returns the messages that the program gives for an example, without
// what stands below them. Where the example has a file deployed.yaml, that is
// what was deployed before. The files environment and deployed.environment have
// the environment variables, NAME=VALUE a line, and a file arguments adds some
// to the command.
func findings(t *testing.T, s ruleSection, files txtar.Archive) []string {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, f := range files.Files {
		if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if isFile("deployed.yaml") {
		if code, output := runHere(t, "deployed.environment", "apply", "--local", "--auto-approve", "-f", "deployed.yaml"); code != exitOK {
			t.Fatalf("deployed.yaml: exit code %d\n%s", code, output)
		}
	}
	uploaded, err := filepath.Glob("uploaded/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range uploaded {
		uploadElsewhere(t, file)
	}
	command := []string{"validate"}
	if s.needsAccount {
		command = []string{"plan", "--local"}
	}
	if s.needsRuntime {
		if installedWorkerd() == "" {
			t.Skip("there is no workerd: `make runtime` installs it")
		}
		t.Setenv("WFPSYNC_WORKERD", installedWorkerd())
		command = []string{"plan", "--local", "--check"}
	}
	if arguments, err := os.ReadFile("arguments"); err == nil {
		command = append(command, strings.Fields(string(arguments))...)
	}
	if s.id == bundle.RulePolyfill { // which may be installed on this machine
		t.Setenv("HOME", t.TempDir())
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
	}
	code, output := runHere(t, "environment", command...)
	var list []string
	hasErrors := false
	for line := range strings.Lines(output) {
		if line = strings.TrimSuffix(line, "\n"); messageLine.MatchString(line) {
			list = append(list, line)
			hasErrors = hasErrors || !strings.Contains(strings.ToLower(line), "warning: ")
		}
	}
	if want := map[bool]int{true: exitError, false: exitOK}[hasErrors]; code != want {
		t.Errorf("exit code %d, want %d\n%s", code, want, output)
	}
	if len(list) == 0 && output != "" {
		t.Errorf("output without a message:\n%s", output)
	}
	return list
}

// uploadElsewhere uploads a user Worker as another program would: what the file
// uploaded/NAMESPACE/NAME stands for, which may say in a comment what tags it
// has.
func uploadElsewhere(t *testing.T, file string) {
	t.Helper()
	namespace, name := filepath.Base(filepath.Dir(file)), filepath.Base(file)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	var tags []string
	if said, ok := strings.CutPrefix(first, "// tags: "); ok {
		tags = strings.Fields(said)
	}
	metadata, err := json.Marshal(map[string]any{"tags": tags})
	if err != nil {
		t.Fatal(err)
	}
	account, err := emulator.Open(emulator.Options{Dir: defaultLocalDir, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	one := func(yield func(api.Seed) bool) { yield(api.Seed{Name: name, Metadata: metadata}) }
	if err := errors.Join(account.ForTests().Seed(emulator.LocalAccountID, namespace, one), account.Close()); err != nil {
		t.Fatal(err)
	}
}

var messageLine = regexp.MustCompile(` \[WFP\d{3}\]$`)

// runHere runs a command line in the working directory, and returns its exit
// code and what it says on stderr. A file, if it is there, has its environment.
func runHere(t *testing.T, environment string, args ...string) (int, string) {
	t.Helper()
	variables := map[string]string{}
	lines, _ := os.ReadFile(environment) // most examples have none
	for line := range strings.Lines(string(lines)) {
		if name, value, set := strings.Cut(strings.TrimSpace(line), "="); set {
			variables[name] = value
		}
	}
	var stdout, stderr bytes.Buffer
	a := &app{
		stdin: os.Stdin, stdout: &stdout, stderr: &stderr, now: time.Now,
		lookupEnv: func(name string) (string, bool) {
			value, set := variables[name]
			return value, set
		},
		isTerminal: func(*os.File) bool { return false },
	}
	return a.run(t.Context(), args), stderr.String()
}

// TestEveryRuleIsOnThePage compares the page with the constants of the code.
func TestEveryRuleIsOnThePage(t *testing.T) {
	declared := declaredRules(t)
	var documented []string
	for _, m := range sectionHead.FindAllStringSubmatch(docs.RulesPage(), -1) {
		documented = append(documented, m[1])
	}
	want := slices.Sorted(maps.Keys(declared))
	if diff := cmp.Diff(want, documented); diff != "" {
		t.Errorf("rules (-in the code +in docs/rules.md):\n%s", diff)
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(docs.Rules()))); diff != "" {
		t.Errorf("rules with a sentence in bold (-in the code +in docs/rules.md):\n%s", diff)
	}
}

// declaredRules returns the constants of the code that hold a rule's
// identifier.
func declaredRules(t *testing.T) map[string]string {
	t.Helper()
	rules := map[string]string{}
	note := func(name string, value ast.Expr) {
		literal, ok := value.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return
		}
		id, err := strconv.Unquote(literal.Value)
		if err != nil || !regexp.MustCompile(`^WFP\d{3}$`).MatchString(id) {
			return
		}
		if other, taken := rules[id]; taken {
			t.Errorf("%s is both %s and %s", id, other, name)
		}
		rules[id] = name
	}
	err := filepath.WalkDir("../..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, value := range spec.Values {
					note(spec.Names[i].Name, value)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}
