package bundle

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/diag"
)

// scriptExtensions are the files that can be an entrypoint, in the order in
// which a suggestion prefers them.
var scriptExtensions = []string{".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"}

// checkEntrypoint says what is wrong with a main before esbuild sees it, in
// words about the stack file instead of about imports.
func checkEntrypoint(p *project, name string) (diag.Diagnostic, bool) {
	quoted := fmt.Sprintf("entrypoint %q", name)
	if leavesByName(path.Clean(name)) || !p.contains(name) {
		return problem(RuleEntrypointOutside, quoted+" lies outside the project folder", outsideHint), false
	}
	info, err := p.stat(name)
	switch {
	case err != nil:
		return problem(RuleEntrypointMissing, quoted+" does not exist", missingHint(p, name)), false
	case info.IsDir():
		return problem(RuleBundle, quoted+" is a folder", folderHint(p, name)), false
	case !info.Mode().IsRegular():
		return problem(RuleBundle, quoted+" is not a regular file", ""), false
	case !slices.Contains(scriptExtensions, path.Ext(name)):
		return problem(RuleBundle, quoted+" is neither TypeScript nor JavaScript",
			"an entrypoint ends in "+strings.Join(scriptExtensions, ", ")), false
	}
	content, err := p.read(name)
	switch {
	case err != nil:
		return problem(RuleBundle, fmt.Sprintf("%s cannot be read: %v", quoted, err), ""), false
	case !isText(content):
		return problem(RuleBundle, quoted+" is not a text file in UTF-8", ""), false
	case len(bytes.TrimSpace(content)) == 0:
		return problem(RuleNoHandler, quoted+" is empty", handlerHint), false
	}
	return diag.Diagnostic{}, true
}

func isText(content []byte) bool { return utf8.Valid(content) && bytes.IndexByte(content, 0) < 0 }

const outsideHint = "a bundle takes only files under the project folder; move the file there"

// missingHint suggests the path whose first missing part is closest to what
// was written.
func missingHint(p *project, name string) string {
	dir, rest := ".", path.Clean(name)
	for {
		part, tail, more := strings.Cut(rest, "/")
		if info, err := p.stat(path.Join(dir, part)); err == nil && info.IsDir() && more {
			dir, rest = path.Join(dir, part), tail
			continue
		}
		near := nearest(part, p.alternatives(dir, more))
		if near == "" {
			return ""
		}
		suggestion := path.Join(dir, near, tail)
		if info, err := p.stat(suggestion); err != nil || info.IsDir() {
			return ""
		}
		return fmt.Sprintf("did you mean %q?", "./"+suggestion)
	}
}

// alternatives are the names in a folder that a path could go on with: folders,
// or scripts where it ends.
func (p *project) alternatives(dir string, folders bool) []string {
	var names []string
	for _, e := range p.list(dir) {
		if e.IsDir() == folders && (folders || slices.Contains(scriptExtensions, path.Ext(e.Name()))) {
			names = append(names, e.Name())
		}
	}
	return names
}

func folderHint(p *project, name string) string {
	for _, extension := range scriptExtensions {
		file := path.Join(name, "index"+extension)
		if info, err := p.stat(file); err == nil && info.Mode().IsRegular() {
			return fmt.Sprintf("did you mean %q?", "./"+file)
		}
	}
	return "name the file in it that has the default export"
}
