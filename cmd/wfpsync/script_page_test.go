package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// pageFile is a block of a page that has a name: a file, or what is printed.
var pageFile = regexp.MustCompile("(?ms)^```\\w+ (\\S+)\n(.*?)^```$")

// page NAME writes the files that a page of the documentation shows, each under
// the name that its block has.
func cmdPage(ts *testscript.TestScript, _ bool, args []string) {
	page, err := os.ReadFile(filepath.Join(filepath.Dir(ts.Getenv("EXAMPLES")), "docs", args[0]))
	ts.Check(err)
	blocks := pageFile.FindAllStringSubmatch(string(page), -1)
	if len(blocks) == 0 {
		ts.Fatalf("%s shows no files", args[0])
	}
	for _, block := range blocks {
		name := ts.MkAbs(block[1])
		ts.Check(os.MkdirAll(filepath.Dir(name), 0o755))
		ts.Check(os.WriteFile(name, []byte(block[2]), 0o644))
	}
}

// shows FILE expects that the last command printed what is in a file.
func cmdShows(ts *testscript.TestScript, _ bool, args []string) {
	if printed := ts.ReadFile("stdout"); !strings.Contains(printed, ts.ReadFile(args[0])) {
		ts.Fatalf("what is in %s was not printed", args[0])
	}
}
