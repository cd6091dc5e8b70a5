package api

import (
	"regexp"
	"strings"
)

// sqlToken is a comment, something quoted, a word, or any other character. What is not closed goes on to the end.
// Source: https://sqlite.org/lang.html, "The SQL Language: comments, keywords".
var sqlToken = regexp.MustCompile("(?s)--[^\n]*|/\\*.*?(?:\\*/|$)|'(?:[^']|'')*(?:'|$)|\"[^\"]*(?:\"|$)|`[^`]*(?:`|$)|\\[[^\\]]*(?:\\]|$)|[A-Za-z_]\\w*|.")

var isTrigger = regexp.MustCompile(`(?i)^create\s+(temp\s+|temporary\s+)?trigger\b`)

// splitSQL returns the statements of a text, without those that are empty. The body of a trigger holds statements of its
// own, up to an END that closes no CASE.
func splitSQL(text string) []string {
	var list []string
	var statement strings.Builder // without comments
	depth := 0                    // of BEGIN and CASE in a trigger
	finish := func() {
		if s := strings.TrimSpace(statement.String()); s != "" {
			list = append(list, s)
		}
		statement.Reset()
		depth = 0
	}
	for _, token := range sqlToken.FindAllString(text, -1) {
		switch upper := strings.ToUpper(token); {
		case strings.HasPrefix(token, "--"), strings.HasPrefix(token, "/*"):
			token = " "
		case token == ";" && depth == 0:
			finish()
			continue
		case upper == "BEGIN" || upper == "CASE":
			if isTrigger.MatchString(strings.TrimSpace(statement.String())) {
				depth++
			}
		case upper == "END" && depth > 0:
			depth--
		}
		statement.WriteString(token)
	}
	finish()
	return list
}
