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

// A tsconfig is the compiler settings of the files in some folders.
type tsconfig struct {
	file     string // where they were found, "" if nowhere
	raw      string // what esbuild is handed: everything the file extends merged in
	baseURL  *string
	paths    map[string][]string
	settings fileSettings
	diags    diag.List
}

// compilerOptions is the part of a tsconfig.json that changes a bundle. Paths
// are relative to the project folder once a file has been read.
type compilerOptions struct {
	fields   map[string]json.RawMessage
	baseURL  *string
	paths    map[string][]string
	pathsDir string // that paths count from where there is no baseUrl
}

// noTSConfig is what the files of installed packages have: those that a package
// brings are there by accident.
var noTSConfig = compilerOptions{}.tsconfig("", nil)

// tsconfig finds the settings of the files in a folder: the nearest
// tsconfig.json or jsconfig.json up to the project folder. esbuild would search
// on above it, and follow "extends" anywhere; so files are read here.
func (p *project) tsconfig(dir string) *tsconfig {
	if slices.Contains(strings.Split(dir, "/"), "node_modules") {
		return noTSConfig
	}
	p.mu.Lock()
	found, known := p.tsconfigs[dir]
	p.mu.Unlock()
	if known {
		return found
	}
	switch file := p.tsconfigIn(dir); {
	case file != "":
		r := tsconfigReader{project: p, dir: dir}
		options := r.read(file, nil)
		found = options.tsconfig(file, r.diags)
	case dir == ".":
		found = noTSConfig
	default:
		found = p.tsconfig(path.Dir(dir))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first, known := p.tsconfigs[dir]; known {
		return first // which another build has found in the meantime
	}
	p.tsconfigs[dir] = found
	return found
}

func (p *project) tsconfigIn(dir string) string {
	for _, base := range []string{"tsconfig.json", "jsconfig.json"} {
		file := path.Join(dir, base)
		if info, err := p.stat(file); err == nil && !info.IsDir() {
			return file
		}
	}
	return ""
}

func (o compilerOptions) tsconfig(file string, diags diag.List) *tsconfig {
	c := &tsconfig{file: file, baseURL: o.baseURL, settings: settingsOf(o.fields), diags: diags}
	fields := map[string]any{}
	for name, value := range o.fields {
		fields[name] = value
	}
	if o.baseURL != nil {
		fields["baseUrl"] = *o.baseURL
	}
	if o.paths != nil {
		c.paths = map[string][]string{}
		for pattern, targets := range o.paths {
			for _, target := range targets {
				c.paths[pattern] = append(c.paths[pattern], o.fromProject(target))
			}
		}
		fields["paths"] = c.paths
		if o.baseURL != nil {
			fields["paths"] = o.paths
		}
	}
	data, _ := json.Marshal(map[string]any{"compilerOptions": fields}) // strings and checked JSON
	c.raw = string(data)
	return c
}

// fromProject is a target of paths, counted from the project folder. What
// starts with neither a dot nor a slash needs a baseUrl; without one, esbuild
// says so.
func (o compilerOptions) fromProject(target string) string {
	switch {
	case path.IsAbs(target):
		return target
	case o.baseURL != nil && !path.IsAbs(*o.baseURL):
		return "./" + path.Join(*o.baseURL, target)
	case o.baseURL != nil:
		return path.Join(*o.baseURL, target)
	case strings.HasPrefix(target, "."):
		return "./" + path.Join(o.pathsDir, target)
	}
	return target
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

// own separates the paths from the other options.
func (r *tsconfigReader) own(dir string, fields map[string]json.RawMessage) compilerOptions {
	o := compilerOptions{fields: maps.Clone(fields), pathsDir: dir}
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
				if strings.HasPrefix(target, configDir) {
					targets[i] = r.project.abs(r.rebase(dir, target))
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
		o.paths, o.pathsDir = over.paths, over.pathsDir
	}
}

// locate finds the file that "extends" names: a path, or one in an installed
// package.
func (r *tsconfigReader) locate(dir, extends string) (string, bool) {
	switch {
	case extends == "." || extends == "..":
		return r.firstFile(path.Join(dir, extends, "tsconfig.json"))
	case strings.HasPrefix(extends, "./") || strings.HasPrefix(extends, "../"):
		return r.firstFile(path.Join(dir, extends), path.Join(dir, extends+".json"))
	case path.IsAbs(extends):
		name, _ := r.project.rel(extends)
		return r.firstFile(name, name+".json")
	}
	for {
		if file, found := r.installed(path.Join(dir, "node_modules"), extends); found {
			return file, true
		}
		if dir == "." || leavesByName(dir) {
			return "", false
		}
		dir = path.Dir(dir)
	}
}

// installed finds the file that "extends" names in a folder of packages, whose
// manifests may lead elsewhere.
func (r *tsconfigReader) installed(packages, extends string) (string, bool) {
	name := path.Join(packages, extends)
	folder := path.Join(packages, packageName(extends))
	var described struct {
		TSConfig string          `json:"tsconfig"`
		Exports  json.RawMessage `json:"exports"`
	}
	if content, err := r.project.read(path.Join(folder, manifest)); err == nil {
		_ = json.Unmarshal(content, &described) // what is not JSON leads nowhere
	}
	if described.TSConfig != "" {
		name = path.Join(folder, described.TSConfig)
	}
	if target := exported(described.Exports, "."+strings.TrimPrefix(extends, packageName(extends))); target != "" {
		if file, found := r.firstFile(path.Join(folder, target)); found {
			return file, true
		}
	}
	return r.firstFile(path.Join(name, "tsconfig.json"), name, name+".json")
}

// exported is what the "exports" of a package has for one of its paths, as
// require would get it; "" if nothing.
func exported(exports json.RawMessage, subpath string) string {
	whole := subpath == "" || subpath == "."
	var target string
	if json.Unmarshal(exports, &target) == nil && whole {
		return target
	}
	var ways map[string]json.RawMessage
	_ = json.Unmarshal(exports, &ways) // a list, say, which names no such file
	if direct, named := ways[subpath]; named {
		return exported(direct, "")
	}
	for pattern, way := range ways {
		before, after, starred := strings.Cut(pattern, "*")
		if starred && len(subpath) > len(before)+len(after) && strings.HasPrefix(subpath, before) && strings.HasSuffix(subpath, after) {
			return strings.ReplaceAll(exported(way, ""), "*", subpath[len(before):len(subpath)-len(after)])
		}
	}
	if whole {
		for _, condition := range []string{"require", "default"} {
			if way, named := ways[condition]; named {
				return exported(way, "")
			}
		}
	}
	return ""
}

func (r *tsconfigReader) firstFile(names ...string) (string, bool) {
	for _, name := range names {
		if info, err := r.project.stat(name); err == nil && info.Mode().IsRegular() {
			return name, true
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
