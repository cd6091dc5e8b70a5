package bundle

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// builtInRules are the last of each type.
// Source: workers-sdk, packages/wrangler/src/deployment-bundle/rules.ts. The
// "?module" is how other tools ask for compiled WebAssembly, which is what a
// Worker gets anyway.
var builtInRules = []spec.ModuleRule{
	{Type: spec.TextModule, Globs: []string{"**/*.txt", "**/*.html", "**/*.sql"}},
	{Type: spec.BinaryModule, Globs: []string{"**/*.bin"}},
	{Type: spec.WebAssembly, Globs: []string{"**/*.wasm", "**/*.wasm?module"}},
}

// moduleRules say which files become modules beside the main one. Of the rules
// of one type those count that come before, and with, the first that does not
// fall through.
type moduleRules []moduleRule

type moduleRule struct {
	kind    spec.ModuleType
	glob    string
	pattern *regexp.Regexp
	dropped bool // a rule of the same type, before it, does not fall through
}

// compileRules adds the built-in rules to those of a code. Imports name files in
// many ways, ./a/b.txt or package/b.txt, so a star in them stands for slashes as
// well; in the paths of files it does not.
func compileRules(rules []spec.ModuleRule, ofImports bool) moduleRules {
	var compiled moduleRules
	complete := map[spec.ModuleType]bool{}
	for _, rule := range append(rules[:len(rules):len(rules)], builtInRules...) {
		for _, glob := range rule.Globs {
			compiled = append(compiled, moduleRule{rule.Type, glob, compileGlob(glob, ofImports), complete[rule.Type]})
		}
		complete[rule.Type] = complete[rule.Type] || !rule.Fallthrough
	}
	return compiled
}

// compileGlob makes a regular expression of a pattern in which only the star is
// special, as in wrangler's.
func compileGlob(glob string, starsCrossSlashes bool) *regexp.Regexp {
	star := `[^/]*`
	if starsCrossSlashes {
		star = `.*`
	}
	pattern := regexp.QuoteMeta(glob)
	pattern = strings.NewReplacer(`\*\*/`, `(?:.*/)?`, `\*\*`, `.*`, `\*`, star).Replace(pattern)
	return regexp.MustCompile(`^` + pattern + `$`)
}

// match is the first rule that a name matches.
func (r moduleRules) match(name string) (moduleRule, bool) {
	var dropped moduleRule
	for _, rule := range r {
		switch {
		case !rule.pattern.MatchString(name):
		case !rule.dropped:
			return rule, true
		case dropped.pattern == nil:
			dropped = rule
		}
	}
	return dropped, dropped.pattern != nil
}

// isScript reports whether the rule is about JavaScript, which a bundle takes in.
func (r moduleRule) isScript() bool { return r.kind == spec.ESModule || r.kind == spec.CommonJS }

const fallthroughHint = "write fallthrough: true beside the first rule of that type"

// droppedMessage says why a file that a rule matches is no module after all.
func (r moduleRule) droppedMessage(name string) string {
	return fmt.Sprintf("%q matches the rule for %q, which an earlier rule of its type keeps from counting", name, r.glob)
}
