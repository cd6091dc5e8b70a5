package complaint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/list"
)

// A warning is silenced by a comment that names its rule, at the end of the
// line that the warning points at, or alone above it:
//
//	# wfpsync:ignore WFP219, WFP220 -- why this is meant
//
// In a file of wrangler in JSON the comment begins with two slashes.
//
// An error is not: nothing can be made of a file that has one. A comment that
// silences nothing is a warning itself, or it would hide the next mistake.

const ignoreDirective = "wfpsync:ignore"

var (
	ignoreComment = regexp.MustCompile(`(?:#|//)\s*` + ignoreDirective + `(?:\s+(.*))?$`)
	ignoreReason  = regexp.MustCompile(`(?:^|\s)--(?:\s.*)?$`)
	ignoredRule   = regexp.MustCompile(`[^\s,]+`)
)

// ignorable are the rules that a warning about a stack file can have.
var ignorable = []string{spec.RuleHostname, spec.RuleCertificateDepth, spec.RulePlaceholder, spec.RuleLargeInteger, spec.RuleSharedStore, spec.RuleNearName, spec.RuleClassNotCreated, spec.RuleTagColon, spec.RuleUnreachableAssets, spec.RuleDNSComment, spec.RuleDNSOnly, spec.RuleWranglerNoEffect, spec.RuleEmptyWave, list.RuleListFile}

// ignorableInPlans are the rules of warnings that only a plan can give. Whether a
// comment silences one, loading the file does not tell.
var ignorableInPlans = []string{spec.RuleUnsearchedZones, spec.RuleUnsearchedPairs}

// withoutIgnored takes out the warnings that the file's comments silence, and
// adds one for each comment that cannot. What comments silence of a plan it returns.
func (c *Collector) withoutIgnored(found diag.List) (left diag.List, inPlans []spec.Ignored) {
	hasErrors := found.HasErrors()
	for _, comment := range c.comments() {
		rules, isDirective := ignoredRules(comment)
		if isDirective && len(rules) == 0 {
			found = append(found, c.uselessIgnore(comment.Range, "the comment names no rule to ignore",
				fmt.Sprintf("write `# %s %s -- why`", ignoreDirective, ignorable[0])))
		}
		for _, rule := range rules {
			if slices.Contains(ignorableInPlans, rule.name) {
				inPlans = append(inPlans, spec.Ignored{Rule: rule.name, File: comment.Range.File, Line: comment.About})
				continue
			}
			before := len(found)
			found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool {
				return d.Severity == diag.Warning && d.Rule == rule.name && d.Range.File == comment.Range.File && d.Range.Line == comment.About
			})
			switch {
			case len(found) < before:
			case !slices.Contains(ignorable, rule.name):
				found = append(found, c.uselessIgnore(rule.at, fmt.Sprintf("%q cannot be ignored", rule.name),
					"only these warnings can be ignored: "+strings.Join(slices.Concat(ignorable, ignorableInPlans), ", ")))
			case !hasErrors: // which keep other checks from being made
				found = append(found, c.uselessIgnore(rule.at, fmt.Sprintf("the warning %s does not occur here", rule.name),
					"remove the comment, or put it at the end of the line that the warning points at, or alone above it"))
			}
		}
	}
	return found, inPlans
}

// comments returns the comments that may silence something, of every file.
func (c *Collector) comments() []document.Comment {
	var all []document.Comment
	for _, file := range c.Files() {
		all = append(all, c.sources[file].Comments(ignoreDirective)...)
	}
	return all
}

func (c *Collector) uselessIgnore(at diag.Range, message, hint string) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Warning, Rule: spec.RuleIgnoreComment, Message: message, Hint: hint, Range: at,
		Snippet: c.line(at),
	}
}

// namedRule is a rule as a comment names it.
type namedRule struct {
	name string
	at   diag.Range
}

// ignoredRules returns the rules that a comment names; a comment that only
// mentions the directive does not count.
func ignoredRules(comment document.Comment) (rules []namedRule, isDirective bool) {
	m := ignoreComment.FindStringSubmatchIndex(comment.Text)
	if m == nil {
		return nil, false
	}
	if m[2] < 0 {
		return nil, true
	}
	named, offset := comment.Text[m[2]:m[3]], m[2]
	if reason := ignoreReason.FindStringIndex(named); reason != nil {
		named = named[:reason[0]]
	}
	for _, word := range ignoredRule.FindAllStringIndex(named, -1) {
		at := comment.Range
		at.Column += utf8.RuneCountInString(comment.Text[:offset+word[0]])
		at.EndLine, at.EndColumn = at.Line, at.Column+utf8.RuneCountInString(named[word[0]:word[1]])
		rules = append(rules, namedRule{name: named[word[0]:word[1]], at: at})
	}
	return rules, true
}
