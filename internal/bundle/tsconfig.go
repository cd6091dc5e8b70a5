package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/diag"
)

// rawTSConfig is the file name that esbuild gives settings it was handed.
const rawTSConfig = "<tsconfig.json>"

// tsconfig is the compiler settings of a build.
type tsconfig struct {
	file string // where they were found, "" if nowhere
	raw  string // what esbuild is handed: everything the file extends merged in
}

// compilerOptions is the part of a tsconfig.json that changes a bundle. Paths
// are relative to the project folder once a file has been read.
type compilerOptions struct {
	fields  map[string]json.RawMessage
	baseURL *string
	paths   map[string][]string
}

// tsconfig finds the settings for an entrypoint in the given folder: the
// nearest tsconfig.json or jsconfig.json up to the project folder. esbuild
// would search on above it, and follow "extends" anywhere; so files are read
// here, and esbuild gets the result. One bundle has one set of settings, where
// esbuild by itself would look for a file beside each source.
func (p *project) tsconfig(dir string) (tsconfig, diag.List) {
	for ; ; dir = path.Dir(dir) {
		for _, base := range []string{"tsconfig.json", "jsconfig.json"} {
			file := path.Join(dir, base)
			if _, err := p.stat(file); err != nil {
				continue
			}
			r := tsconfigReader{project: p, dir: dir}
			options := r.read(file, nil)
			return tsconfig{file, options.encode()}, r.diags
		}
		if dir == "." {
			return tsconfig{raw: "{}"}, nil
		}
	}
}

func (o compilerOptions) encode() string {
	fields := map[string]any{}
	for name, value := range o.fields {
		fields[name] = value
	}
	if o.baseURL != nil {
		fields["baseUrl"] = *o.baseURL
	}
	if o.paths != nil {
		fields["paths"] = o.paths
	}
	data, _ := json.Marshal(map[string]any{"compilerOptions": fields}) // strings and checked JSON
	return string(data)
}

// tsconfigReader reads one tsconfig.json and what it extends.
type tsconfigReader struct {
	project *project
	dir     string // of the file that was found, ${configDir} in those it extends
	reads   int
	diags   diag.List
}

// mostReads is a limit that no honest file comes near: a few files that extend
// each other twice over would otherwise be read for ever.
const mostReads = 100

// read is the settings of a file over those of the files it extends. chain is
// the files on the way here.
func (r *tsconfigReader) read(file string, chain []string) compilerOptions {
	r.reads++
	content, err := r.project.read(file)
	if err != nil {
		r.report(diag.Error, diag.Range{File: file}, "", fmt.Sprintf("cannot read %q: %v", file, err))
		return compilerOptions{}
	}
	var parsed struct {
		Extends         any                        `json:"extends"`
		CompilerOptions map[string]json.RawMessage `json:"compilerOptions"`
	}
	if err := json.Unmarshal(plainJSON(content), &parsed); err != nil {
		var offset int64
		if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
			offset = max(0, syntax.Offset-1)
		}
		at, line := position(file, content, int(offset))
		r.report(diag.Error, at, line, fmt.Sprintf("%q is not valid: %v", file, err))
		return compilerOptions{}
	}

	merged := compilerOptions{fields: map[string]json.RawMessage{}}
	for _, extends := range texts(parsed.Extends) {
		base, found := r.locate(path.Dir(file), extends)
		switch {
		case !found:
			at, line := position(file, content, max(0, strings.Index(string(content), extends)-1))
			r.report(diag.Warning, at, line, fmt.Sprintf("cannot find %q in the project folder; it is not read", extends))
		case !slices.Contains(chain, base) && r.reads < mostReads:
			merged.overlay(r.read(base, append(slices.Clone(chain), file)))
		}
	}
	merged.overlay(r.own(path.Dir(file), parsed.CompilerOptions))
	return merged
}

func (r *tsconfigReader) report(severity diag.Severity, at diag.Range, line, message string) {
	r.diags = append(r.diags, diag.Diagnostic{Severity: severity, Rule: RuleBundle, Message: message, Range: at, Snippet: line})
}

// own separates the paths from the other options and makes them relative to the
// project folder.
func (r *tsconfigReader) own(dir string, fields map[string]json.RawMessage) compilerOptions {
	o := compilerOptions{fields: maps.Clone(fields)}
	var baseURL string
	if json.Unmarshal(fields["baseUrl"], &baseURL) == nil {
		baseURL = r.rebase(dir, baseURL)
		o.baseURL = &baseURL
		delete(o.fields, "baseUrl")
	}
	if json.Unmarshal(fields["paths"], &o.paths) == nil {
		delete(o.fields, "paths")
		for _, targets := range o.paths {
			for i, target := range targets {
				// What does not start with a dot counts from baseUrl.
				if strings.HasPrefix(target, ".") && baseURL == "" || strings.HasPrefix(target, configDir) {
					targets[i] = r.rebase(dir, target)
				}
			}
		}
	}
	return o
}

// configDir stands, in a file that others extend, for the folder of the file
// that extends it.
const configDir = "${configDir}"

func (r *tsconfigReader) rebase(dir, name string) string {
	if rest, ok := strings.CutPrefix(name, configDir); ok {
		return "./" + path.Join(r.dir, rest)
	}
	if path.IsAbs(name) {
		return name
	}
	return "./" + path.Join(dir, name)
}

func (o *compilerOptions) overlay(over compilerOptions) {
	maps.Copy(o.fields, over.fields)
	if over.baseURL != nil {
		o.baseURL = over.baseURL
	}
	if over.paths != nil {
		o.paths = over.paths
	}
}

// locate finds the file that "extends" names: a path, or one in an installed
// package.
func (r *tsconfigReader) locate(dir, extends string) (string, bool) {
	if strings.HasPrefix(extends, ".") {
		return r.firstFile(path.Join(dir, extends))
	}
	for {
		if file, found := r.firstFile(path.Join(dir, "node_modules", extends)); found {
			return file, true
		}
		if dir == "." || leavesByName(dir) {
			return "", false
		}
		dir = path.Dir(dir)
	}
}

func (r *tsconfigReader) firstFile(name string) (string, bool) {
	for _, candidate := range []string{name, name + ".json", path.Join(name, "tsconfig.json")} {
		if info, err := r.project.stat(candidate); err == nil && info.Mode().IsRegular() {
			return candidate, true
		}
	}
	return "", false
}

// texts is a string, or a list of them, as a list.
func texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

// plainJSON blanks out the comments and trailing commas that a tsconfig.json
// may have. Every byte stays in its place, so offsets mean the same.
func plainJSON(content []byte) []byte {
	plain := slices.Clone(content)
	comma := -1 // a comma that nothing but blanks has followed yet
	blank := func(from, to int) int {
		for i := from; i < to; i++ {
			if plain[i] != '\n' {
				plain[i] = ' '
			}
		}
		return to
	}
	if bytes.HasPrefix(plain, []byte("\ufeff")) {
		blank(0, len("\ufeff"))
	}
	for i := 0; i < len(plain); {
		rest := string(plain[i:min(i+2, len(plain))])
		switch {
		case rest == "//":
			i = blank(i, i+lengthUntil(plain[i:], "\n", 0))
		case rest == "/*":
			i = blank(i, i+lengthUntil(plain[i:], "*/", 2))
		case plain[i] == '"':
			comma = -1
			i += stringLength(plain[i:])
		case plain[i] == ',':
			comma = i
			i++
		case plain[i] == '}' || plain[i] == ']':
			if comma >= 0 {
				plain[comma] = ' '
			}
			comma = -1
			i++
		default:
			if !strings.ContainsRune(" \t\r\n", rune(plain[i])) {
				comma = -1
			}
			i++
		}
	}
	return plain
}

// lengthUntil is the number of bytes up to the end mark, which is counted as
// far as keep says; all of them if there is none.
func lengthUntil(text []byte, end string, keep int) int {
	if i := bytes.Index(text, []byte(end)); i >= 0 {
		return i + keep
	}
	return len(text)
}

// stringLength is the number of bytes of the JSON string that text starts with.
func stringLength(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// position is the place of a byte in a file, and the line it is on.
func position(file string, content []byte, offset int) (diag.Range, string) {
	offset = min(offset, len(content))
	before := string(content[:offset])
	start := strings.LastIndexByte(before, '\n') + 1
	line, _, _ := strings.Cut(string(content[start:]), "\n")
	return diag.Range{
		File:   file,
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[start:]) + 1,
	}, snippet(line)
}
