// Package docs is the part of the documentation that the program itself refers
// to. Its pages are written for people; the examples on them are executed by
// the tests of cmd/wfpsync.
package docs

import (
	_ "embed"
	"regexp"
	"strings"
)

//go:embed rules.md
var rulesPage string

// rule matches the head of a rule's section: its identifier, and in bold what
// the rule is about.
var rule = regexp.MustCompile(`(?m)^## (WFP\d{3})\n\n\*\*([^*]+)\*\*`)

// Rules is what each rule is about, by its identifier, in a sentence.
func Rules() map[string]string {
	rules := map[string]string{}
	for _, m := range rule.FindAllStringSubmatch(rulesPage, -1) {
		rules[m[1]] = strings.Join(strings.Fields(m[2]), " ")
	}
	return rules
}

// RulesPage is the page of the rules in Markdown.
func RulesPage() string { return rulesPage }
