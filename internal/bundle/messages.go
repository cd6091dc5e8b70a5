package bundle

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// messages turns what esbuild says about a build into diagnostics.
type messages struct {
	project  *project // nil for a script in the stack file
	runtime  spec.Runtime
	settings *ownSettings // nil for a script in the stack file
}

// inline reports whether the build is of a script in the stack file.
func (m messages) inline() bool { return m.project == nil }

func (m messages) diagnose(result api.BuildResult) diag.List {
	var diags diag.List
	for _, message := range result.Errors {
		diags = append(diags, m.diagnostic(message, diag.Error))
	}
	for _, message := range result.Warnings {
		if !m.leavesProject(message.Location) { // nobody here can mend a file above the project
			diags = append(diags, m.diagnostic(message, diag.Warning))
		}
	}
	return diags
}

func (m messages) diagnostic(message api.Message, severity diag.Severity) diag.Diagnostic {
	message.Location = m.settings.written(message.Location)
	if m.leavesProject(message.Location) {
		return problem(RuleEntrypointOutside, leadsOutside(message.Location.File), outsideHint)
	}
	d := diag.Diagnostic{Severity: severity, Rule: RuleBundle, Message: inOurManner(message.Text)}
	if m.inline() {
		d.Rule = RuleInlineScript
	}
	if message.Location != nil {
		d.Range = m.place(*message.Location)
		if d.Range.Line > 0 {
			d.Snippet = snippet(message.Location.LineText)
		}
	}
	if r, ok := message.Detail.(refusal); ok {
		d.Rule, d.Hint = r.rule, r.hint
		return d
	}
	if unresolved := unresolvedImport.FindStringSubmatch(message.Text); unresolved != nil {
		m.explainUnresolved(&d, message, unresolved[1])
	}
	if unknown := unknownFileType.FindStringSubmatch(message.Text); unknown != nil {
		d.Message = fmt.Sprintf("cannot import %q: a Worker has no use for %q files", unknown[2], unknown[1])
		d.Hint = "a Worker can import scripts, .json, .wasm, .txt, .html, .sql and .bin, and what `rules` add"
	}
	m.addNotes(&d, message.Notes)
	return d
}

// unresolved is what esbuild says of an import that leads nowhere.
func unresolved(specifier string) string { return fmt.Sprintf("Could not resolve %q", specifier) }

var (
	unresolvedImport = regexp.MustCompile(`^Could not resolve "(.*?)"`)
	unknownFileType  = regexp.MustCompile(`^No loader is configured for "(.*?)" files: (.*)$`)
)

// leavesProject reports whether esbuild quotes a file that is not the project's:
// a manifest that is a link, say. Its text must not reach a log.
func (m messages) leavesProject(at *api.Location) bool {
	return at != nil && !m.inline() && at.Namespace != requiredNamespace && at.File != rawTSConfig && !m.project.contains(at.File)
}

// place converts a location. Columns are bytes in esbuild and characters here.
func (m messages) place(at api.Location) diag.Range {
	if at.File == rawTSConfig {
		return diag.Range{File: m.settings.whole.file} // the positions are those of the merged settings
	}
	column := characters(at.LineText, at.Column)
	r := diag.Range{File: at.File, Line: at.Line, Column: column + 1}
	if at.Length > 0 {
		r.EndLine, r.EndColumn = at.Line, characters(at.LineText, at.Column+at.Length)+1
	}
	if m.inline() {
		r.File = "" // see inStackFile
	}
	return r
}

// characters is the number of characters in the first n bytes of a line.
func characters(line string, n int) int { return utf8.RuneCountInString(line[:min(n, len(line))]) }

// explainUnresolved says why an import leads nowhere and what would help.
func (m messages) explainUnresolved(d *diag.Diagnostic, message api.Message, specifier string) {
	d.Message = fmt.Sprintf("cannot find %q", specifier)
	relative := strings.HasPrefix(specifier, "./") || strings.HasPrefix(specifier, "../")
	switch {
	case m.dependsOn(message.Location, specifier):
		d.Hint = fmt.Sprintf("package.json names %q, so install it: npm install", packageName(specifier))
	case isRuntimeName(specifier):
		d.Rule = RuleRuntimeModule
		d.Message, d.Hint = lacksModule(m.runtime, specifier)
		if importer := packageOf(message.Location); importer != "" {
			d.Message += fmt.Sprintf(", and the package %q imports it", importer)
		}
	case m.inline() || message.Location == nil:
	case path.IsAbs(specifier), relative && leavesByName(path.Join(path.Dir(message.Location.File), specifier)):
		d.Rule = RuleEntrypointOutside
		d.Message = fmt.Sprintf("%q lies outside the project folder", specifier)
		d.Hint = outsideHint
	case relative:
		d.Hint = importHint(m.project, path.Dir(message.Location.File), specifier)
	case strings.HasPrefix(specifier, "#"), strings.HasPrefix(specifier, "@/"), strings.HasPrefix(specifier, "~"):
		d.Hint = `names like this come from "paths" in tsconfig.json or "imports" in package.json`
	case message.Location.Suggestion != "":
		d.Hint = "did you mean " + message.Location.Suggestion + "?"
	default:
		d.Hint = fmt.Sprintf("no package called %q is installed", packageName(specifier))
	}
}

// dependsOn reports whether the package that an import names is one that its
// file's package.json asks for.
func (m messages) dependsOn(at *api.Location, specifier string) bool {
	return at != nil && !m.inline() && m.project.dependsOn(path.Dir(at.File), packageName(specifier))
}

// packageOf is the npm package that a place lies in, "" if none.
func packageOf(at *api.Location) string {
	if at == nil {
		return ""
	}
	i := strings.LastIndex(at.File, "node_modules/")
	if i < 0 {
		return ""
	}
	return packageName(at.File[i+len("node_modules/"):])
}

// importHint suggests a file beside the one that a relative import names.
func importHint(p *project, importerDir, specifier string) string {
	target := path.Join(importerDir, specifier)
	var files []string
	for _, e := range p.list(path.Dir(target)) {
		if !e.IsDir() {
			files = append(files, e.Name())
		}
	}
	near := nearest(path.Base(target), files)
	if near == "" {
		return ""
	}
	if path.Ext(specifier) == "" {
		near = stem(near)
	}
	prefix, _ := path.Split(specifier)
	return fmt.Sprintf("did you mean %q?", prefix+near)
}

// packageName is the part of an import that npm installs.
func packageName(specifier string) string {
	parts := strings.SplitN(specifier, "/", 3)
	if strings.HasPrefix(specifier, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// aboutEsbuild matches notes that explain options of esbuild, which nobody can
// set here.
var aboutEsbuild = regexp.MustCompile(`You can mark the path|api\.Platform|is being interpreted as a package path|configured output format|surround this "require"`)

// addNotes keeps esbuild's remarks: those with a place as related places, the
// others as the hint.
func (m messages) addNotes(d *diag.Diagnostic, notes []api.Note) {
	for _, note := range notes {
		switch {
		case aboutEsbuild.MatchString(note.Text) || m.leavesProject(note.Location):
		case note.Location != nil && m.inline(): // would need a position in the stack file
		case note.Location != nil:
			d.Related = append(d.Related, diag.Related{Range: m.place(*m.settings.written(note.Location)), Message: inOurManner(note.Text)})
		case d.Hint == "":
			d.Hint = inOurManner(note.Text)
		}
	}
}

// inOurManner writes a sentence the way diagnostics are written: without a
// capital, unless the first word is a name, and without a final period or colon.
func inOurManner(sentence string) string {
	sentence = strings.TrimRight(sentence, ".:")
	word, _, _ := strings.Cut(sentence, " ")
	first, size := utf8.DecodeRuneInString(word)
	if strings.IndexFunc(word[size:], unicode.IsUpper) >= 0 {
		return sentence
	}
	return string(unicode.ToLower(first)) + sentence[size:]
}

// longestSnippet keeps a minified package out of a report.
const longestSnippet = 500

func snippet(line string) string {
	line = strings.TrimSuffix(line, "\r")
	if len(line) > longestSnippet {
		return ""
	}
	return line
}
