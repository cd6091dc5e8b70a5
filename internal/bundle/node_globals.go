package bundle

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/sourcemap"
)

// wrangler sets the globals of Node.js in every bundle. That adds some kilobytes to each, and needs npm. We set a global only
// if the code uses what the polyfill adds. esbuild knows which names mean the global: its `inject` replaces each of them with
// a name of ours, and we look for that name in its output.

// The modules of findUses: what is injected, and what stands for "node:process".
const (
	watchedName   = "watched"
	watchedModule = "watched-process"
)

// watchPrefix begins the names that stand for globals. esbuild adds a number where one is taken.
const watchPrefix = "wfpsync_global_"

// A use is a mention of a global that may need its polyfill.
type use struct {
	global   nodeGlobal
	property string // or one of the other globals; "" where the object is used as a value
	offset   int    // in what esbuild has written, -1 where that is not known
}

func (u use) String() string {
	switch {
	case u.property == "":
		return u.global.name
	case slices.Contains(u.global.others, u.property):
		return u.property
	}
	return u.global.name + "." + u.property
}

// watchedGlobals writes the module that exports a name of ours for each global.
func watchedGlobals(globals []nodeGlobal) string {
	var text strings.Builder
	for _, g := range globals {
		for _, name := range append([]string{g.name}, g.others...) {
			fmt.Fprintf(&text, "var %s%s = /* @__PURE__ */ Object();\nexport { %[1]s%[2]s as %[2]s };\n", watchPrefix, name)
		}
	}
	return text.String()
}

// watchedProcess writes a module with the exports of "node:process", in which each use shows.
func watchedProcess() string {
	var text strings.Builder
	fmt.Fprintf(&text, "var %sprocess = /* @__PURE__ */ Object();\nexport { %[1]sprocess as default };\n", watchPrefix)
	for _, name := range slices.Concat(processAdds, processOther) {
		fmt.Fprintf(&text, "export var %s = /* @__PURE__ */ (() => %sprocess.%[1]s)();\n", name, watchPrefix)
	}
	return text.String()
}

// findUses lists the uses that need a polyfill, the first of each.
func (f filler) findUses(built api.BuildResult, options api.BuildOptions, with bundler) ([]use, *diag.Diagnostic) {
	f.watched = filledGlobals(f.runtime)
	plain := script(built)
	f.watched = slices.DeleteFunc(f.watched, func(g nodeGlobal) bool {
		return !slices.ContainsFunc(append([]string{g.name}, g.others...), func(name string) bool { return strings.Contains(plain, name) })
	})
	if len(f.watched) == 0 {
		return nil, nil
	}
	result, stopped := with(f, watching(options))
	if stopped != nil {
		return nil, stopped
	}
	if len(result.Errors) > 0 { // it assigns to a global, or imports what "node:process" has not
		var uses []use
		for _, g := range f.watched {
			uses = append(uses, use{g, "", -1})
		}
		return uses, nil
	}
	return usesIn(script(result), f.watched), nil
}

// watching changes the options for a build that shows uses. Nothing is minified.
func watching(options api.BuildOptions) api.BuildOptions {
	options.MinifyWhitespace, options.MinifyIdentifiers, options.MinifySyntax = false, false, false
	options.Sourcemap = api.SourceMapNone
	options.Inject = []string{injectedNamespace + ":" + watchedName}
	return options
}

// script is the bundle that a build has made.
func script(result api.BuildResult) string {
	for _, file := range result.OutputFiles {
		if !strings.HasSuffix(file.Path, ".map") {
			return string(file.Contents)
		}
	}
	return ""
}

var (
	// mention is a global under our name, or as a property of the global object.
	mention = regexp.MustCompile(`\b(?:` + watchPrefix + `([A-Za-z]+)\d*|(?:globalThis|global|self)(?:\??\.|(?:\?\.)?\[")(process|console|performance|Performance[A-Za-z]*)\b(?:"\])?)`)

	// reach is a property of a global that was got by way of something else: root.process.cwd.
	reach = regexp.MustCompile(`\.(process|console|performance)\??\.([\w$]+)`)

	propertyAfter = regexp.MustCompile(`^(?:\??\.([\w$]+)|(?:\?\.)?\["([\w$]+)"\])`)
	keyBefore     = regexp.MustCompile(`"([\w$]+)" in $`)
	partsBefore   = regexp.MustCompile(`\{([^{}]*)\}\s*=\s*$`)
	testBefore    = regexp.MustCompile(`(?:\btypeof |!|[=!]==? |\bvar )$`)
	testAfter     = regexp.MustCompile(`^(?: (?:&&|[=!]==?|instanceof|\?) | (?:=|\?\?=|\|\|=) )`)
)

// usesIn lists the first use of each property and of each object in a script.
func usesIn(text string, globals []nodeGlobal) []use {
	var found []use
	add := func(name, property string, offset int) {
		for _, g := range globals {
			u := use{g, property, offset}
			switch {
			case g.name != name && !slices.Contains(g.others, name):
				continue
			case g.name != name:
				u.property = name // whatever it has, it is not there without the polyfill
			case property == "" && !marked(text, g.marks), property != "" && !slices.Contains(g.adds, property):
				continue
			}
			if !slices.ContainsFunc(found, func(other use) bool { return other.String() == u.String() }) {
				found = append(found, u)
			}
		}
	}
	for _, at := range mention.FindAllStringSubmatchIndex(text, -1) {
		name := group(text, at, 1) + group(text, at, 2)
		before, after := text[max(0, at[0]-2000):at[0]], text[at[1]:min(len(text), at[1]+200)]
		property := propertyAfter.FindStringSubmatch(after)
		switch {
		case strings.HasSuffix(before, "typeof "):
			if property != nil {
				add(name, property[1]+property[2], at[0])
			}
		case property != nil:
			add(name, property[1]+property[2], at[0])
		case keyBefore.MatchString(before):
			add(name, keyBefore.FindStringSubmatch(before)[1], at[0])
		case testBefore.MatchString(before), testAfter.MatchString(after), strings.HasSuffix(before, "if (") && strings.HasPrefix(after, ")"):
		case partsBefore.MatchString(before) && !strings.Contains(partsBefore.FindStringSubmatch(before)[1], "..."):
			for part := range strings.SplitSeq(partsBefore.FindStringSubmatch(before)[1], ",") {
				part, _, _ = strings.Cut(part, ":")
				part, _, _ = strings.Cut(part, "=")
				if part = strings.TrimSpace(part); part != "" {
					add(name, part, at[0])
				}
			}
		default:
			add(name, "", at[0])
		}
	}
	for _, at := range reach.FindAllStringSubmatchIndex(text, -1) {
		add(group(text, at, 1), group(text, at, 2), at[2])
	}
	return found
}

func group(text string, at []int, n int) string {
	if at[2*n] < 0 {
		return ""
	}
	return text[at[2*n]:at[2*n+1]]
}

// marked reports whether a script names one of the properties, or contains one of the texts in brackets.
func marked(text string, marks []string) bool {
	for _, mark := range marks {
		if strings.HasPrefix(mark, "[") && strings.Contains(text, mark) {
			return true
		}
	}
	pattern := `(?:\.|["'` + "`" + `]|[{,]\s*)(?:` + strings.Join(slices.DeleteFunc(slices.Clone(marks), func(m string) bool { return m[0] == '[' }), "|") + `)\b`
	return regexp.MustCompile(pattern).MatchString(text)
}

// A place is where a use was written; imported is one by way of an import of "node:process".
type place struct {
	at       *api.Location
	imported bool
}

// places finds where the uses were written, by a source map.
func (f filler) places(p *project, uses []use, options api.BuildOptions, with bundler) ([]place, *diag.Diagnostic) {
	found := make([]place, len(uses))
	if !slices.ContainsFunc(uses, func(u use) bool { return u.offset >= 0 }) {
		return found, nil
	}
	f.watched = filledGlobals(f.runtime)
	options = watching(options)
	options.Sourcemap, options.SourcesContent = api.SourceMapExternal, api.SourcesContentExclude
	result, stopped := with(f, options)
	if stopped != nil {
		return nil, stopped
	}
	var table sourcemap.Map
	for _, file := range result.OutputFiles {
		if strings.HasSuffix(file.Path, ".map") {
			table, _ = sourcemap.Parse(file.Contents) // esbuild's own
		}
	}
	text := script(result)
	for i, u := range uses {
		if u.offset < 0 {
			continue
		}
		before := text[:u.offset]
		start := strings.LastIndexByte(before, '\n') + 1
		from, known := table.Find(strings.Count(before, "\n")+1, utf8.RuneCountInString(before[start:])+1)
		switch {
		case !known:
		case strings.HasPrefix(from.Source, injectedNamespace+":"):
			found[i].imported = true
		default:
			found[i].at = location(p, from, u)
		}
	}
	return found, nil
}

// location is a place as esbuild would have it, nil if the file is not one of the project.
func location(p *project, from sourcemap.Place, u use) *api.Location {
	content, err := p.read(from.Source)
	lines := strings.Split(string(content), "\n")
	if err != nil || from.Line > len(lines) {
		return nil
	}
	line := lines[from.Line-1]
	column := 0 // in bytes
	for i := range line {
		if utf8.RuneCountInString(line[:i]) == from.Column-1 {
			column = i
		}
	}
	at := &api.Location{File: from.Source, Line: from.Line, Column: column, LineText: line}
	if strings.HasPrefix(line[column:], u.String()) {
		at.Length = len(u.String())
	}
	return at
}
