package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wfpsync/wfpsync/schema"
)

// example NAME copies an example into the working directory.
func cmdExample(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.CopyFS(ts.MkAbs("."), os.DirFS(filepath.Join(ts.Getenv("EXAMPLES"), args[0]))))
}

// replace FILE OLD NEW edits a file; OLD must be in it. \n stands for a line break.
func cmdReplace(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	data, err := os.ReadFile(name)
	ts.Check(err)
	unescape := strings.NewReplacer(`\n`, "\n")
	before, after := unescape.Replace(args[1]), unescape.Replace(args[2])
	if !strings.Contains(string(data), before) {
		ts.Fatalf("%s has no %q", args[0], before)
	}
	ts.Check(os.WriteFile(name, []byte(strings.ReplaceAll(string(data), before, after)), 0o644))
}

// append FILE TEXT adds text at the end of a file. \n stands for a line break.
func cmdAppend(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	data, err := os.ReadFile(name)
	ts.Check(err)
	ts.Check(os.WriteFile(name, append(data, strings.ReplaceAll(args[1], `\n`, "\n")...), 0o644))
}

// tenants N [BROKEN] writes a stack file with N user Workers, each with code
// and a variable of its own.
func cmdTenants(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var b bytes.Buffer
	b.WriteString("version: 1\nname: fleet\ndefaults: { compatibility_date: 2026-10-01 }\ndispatch_namespaces: { fleet: {} }\nuser_workers:\n")
	for i := range n {
		fmt.Fprintf(&b, "  tenant-%05d:\n    dispatch_namespace: fleet\n    script: export default { fetch() { return new Response('tenant %d') } }\n    vars: { ID: '%d' }\n", i, i, i)
	}
	ts.Check(os.WriteFile(ts.MkAbs("wfpsync.yaml"), b.Bytes(), 0o644))
}

// digest FILE VARIABLE puts a plan's digest into a variable.
func cmdDigest(ts *testscript.TestScript, _ bool, args []string) {
	var plan struct{ Digest string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &plan))
	ts.Setenv(args[1], plan.Digest)
}

// valid FILE checks a plan, and valid events FILE the events of an apply, each
// against its schema.
func cmdValid(ts *testscript.TestScript, _ bool, args []string) {
	documents, validate := []string{ts.ReadFile(args[len(args)-1])}, schema.ValidatePlan
	if args[0] == "events" {
		documents, validate = strings.Split(strings.TrimSpace(documents[0]), "\n"), schema.ValidateEvent
	}
	for _, document := range documents {
		var value any
		ts.Check(json.Unmarshal([]byte(document), &value))
		for _, violation := range validate(value) {
			ts.Fatalf("%s: %s: %s in\n%s", args[0], violation.Pointer, violation.Message, document)
		}
	}
}
