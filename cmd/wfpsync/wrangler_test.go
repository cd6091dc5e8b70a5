package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestWrangler holds the account on this machine against the client that knows
// the real one best: wrangler as it is published, which `make wrangler` installs.
func TestWrangler(t *testing.T) {
	program, err := installedWrangler()
	if err != nil {
		t.Skip(err)
	}
	compiled := t.TempDir() // a third of the time is Node.js reading wrangler
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/wrangler",
		Deadline:      deadline(t),
		UpdateScripts: os.Getenv("WFPSYNC_UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("NODE_COMPILE_CACHE", compiled)
			env.Setenv("WFPSYNC_WORKERD", installedWorkerd())
			env.Setenv(requestLogVariable, filepath.Join(env.WorkDir, ".requests"))
			// wrangler would ask for its newest version and tell how it is
			// used. What it sends anywhere but to the account has nowhere to
			// go.
			for name, value := range map[string]string{
				"CI": "1", "NO_COLOR": "1", "WRANGLER_HIDE_BANNER": "true", "WRANGLER_SEND_METRICS": "false",
				"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1,localhost",
			} {
				env.Setenv(name, value)
			}
			return nil
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"local":   cmdLocal,
			"exits":   cmdExits,
			"append":  cmdAppend,
			"capture": cmdCapture,
			// wrangler ARG… runs wrangler; ! wrangler expects it to fail.
			"wrangler": func(ts *testscript.TestScript, neg bool, args []string) {
				err := ts.Exec(program[0], append(program[1:len(program):len(program)], args...)...)
				if neg && err == nil {
					ts.Fatalf("wrangler did not fail")
				}
				if !neg {
					ts.Check(err)
				}
			},
		},
	})
}

// installedWrangler returns the beginning of a command line that runs wrangler.
// It needs a newer Node.js than many have, so one is installed beside it; where
// npm has none, that of the PATH must do.
func installedWrangler() ([]string, error) {
	modules, err := filepath.Abs("../../tools/wrangler/node_modules")
	if err != nil {
		return nil, err
	}
	script := filepath.Join(modules, "wrangler", "wrangler-dist", "cli.js")
	if !isFile(script) {
		return nil, errors.New("there is no wrangler: `make wrangler` installs it for the tests")
	}
	node := "node"
	if beside, _ := filepath.Glob(filepath.Join(modules, "node-*", "bin", "node")); len(beside) == 1 { // the pattern is right
		node = beside[0]
	}
	if node, err = exec.LookPath(node); err != nil {
		return nil, fmt.Errorf("there is no Node.js to run wrangler on: %w", err)
	}
	version, err := exec.Command(node, "-p", "process.versions.node.split('.')[0] >= 23 || process.versions.node >= '22.12'").Output()
	if err != nil || string(version) != "true\n" {
		return nil, fmt.Errorf("wrangler needs Node.js 22.12 or newer, which %s is not", node)
	}
	return []string{node, "--no-warnings", script}, nil
}

// local ARG… serves the account on this machine by `wfpsync local` for the rest
// of the script, and exports what it says is to be exported.
func cmdLocal(ts *testscript.TestScript, _ bool, args []string) {
	program, err := lookPath(ts.Getenv("PATH"), "wfpsync")
	ts.Check(err)
	cmd := exec.Command(program, append([]string{"local", "--port", "0"}, args...)...)
	cmd.Dir, cmd.Stderr = ts.MkAbs("."), os.Stderr
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "WFPSYNC_WORKERD", requestLogVariable} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			ts.Logf("local ended with %v", err)
		}
	})
	giveUp := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer giveUp.Stop()
	exports, lines := 0, bufio.NewScanner(stdout)
	for exports < 4 && lines.Scan() {
		if m := regexp.MustCompile(`^ +export (\w+)=(\S+)$`).FindStringSubmatch(lines.Text()); m != nil {
			ts.Setenv(m[1], m[2])
			exports++
		}
	}
	if exports < 4 {
		ts.Fatalf("local has not said where the account is")
	}
}

// capture VARIABLE REGEXP keeps what the group of a pattern matches in the last
// command's output.
func cmdCapture(ts *testscript.TestScript, _ bool, args []string) {
	m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if m == nil {
		ts.Fatalf("nothing matches %s", args[1])
	}
	ts.Setenv(args[0], m[1])
}
