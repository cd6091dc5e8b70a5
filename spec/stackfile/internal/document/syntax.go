package document

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	syntaxLine   = regexp.MustCompile(`^yaml: (?:unmarshal errors:\n\s*)?line (\d+): (.*)`)
	syntaxPrefix = "yaml: "

	// parserError matches the errors of yaml.v3's parser. It counts their
	// lines from 0 and those of its scanner from 1, and says neither 0 nor
	// which of the two it was.
	parserError = regexp.MustCompile(`^(did not find expected (<document start>|node content|key|'-' indicator|',' or)|found (undefined tag handle|duplicate %|incompatible YAML document))`)
)

// reportSyntax gives a syntax error of yaml.v3, which names at most a line, a
// place: the first character of that line.
func (p *parser) reportSyntax(err error) {
	line, text := 0, strings.TrimPrefix(err.Error(), syntaxPrefix)
	if m := syntaxLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = m[2]
	}
	if parserError.MatchString(text) {
		line++
	}
	line = min(max(line, 1), p.file.lines())
	column := p.file.firstColumn(line)
	if m := unknownAnchor.FindStringSubmatch(text); m != nil { // of which yaml.v3 names no line
		line, column = p.file.position(max(0, bytes.Index(p.file.content, []byte("*"+m[1]))))
	}
	if flowError.MatchString(text) && p.reportUnquoted(line) {
		return
	}
	p.report(RuleSyntax, line, column, "this is not YAML: "+text, p.syntaxHint(text, line))
}

var (
	flowError     = regexp.MustCompile(`^did not find expected (',' or|node content)`)
	quotedText    = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'[^']*'|(?:^|\s)#.*`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced`)
	unquoted      = regexp.MustCompile(`[^\s,{}\[\]]*\$\{[^}]*\}?[^,}\]\s]*`)
)

// reportUnquoted complains of the first expression from a line on that stands
// between braces or brackets without quotes. To YAML its brace opens a mapping,
// and the mistake comes to light anywhere behind it.
func (p *parser) reportUnquoted(line int) bool {
	depth := 0
	for ; line <= p.file.lines(); line++ {
		text := quotedText.ReplaceAllStringFunc(p.file.text(line), func(s string) string {
			return strings.Repeat(" ", utf8.RuneCountInString(s))
		})
		expressions := unquoted.FindAllStringIndex(text, -1)
		for i := 0; i < len(text); i++ {
			switch {
			case len(expressions) > 0 && i == expressions[0][0]:
				if found := text[i:expressions[0][1]]; depth > 0 {
					p.report(RuleSyntax, line, utf8.RuneCountInString(text[:i])+1, "this is not YAML: an expression between braces or brackets needs quotes", fmt.Sprintf("write \"%s\"", found))
					return true
				}
				i, expressions = expressions[0][1]-1, expressions[1:]
			case text[i] == '{' || text[i] == '[':
				depth++
			case text[i] == '}' || text[i] == ']':
				depth--
			}
		}
		if depth <= 0 {
			return false
		}
	}
	return false
}

// syntaxHints are what helps where yaml.v3 says what it did not find.
var syntaxHints = []struct{ text, hint string }{
	{"did not find expected ',' or", "a bracket or brace opened here is not closed, or a comma is missing"},
	{"did not find expected node content", "there is nothing between two commas, or text begins with a character that needs quotes"},
	{"did not find expected key", "a line near here is indented differently from its neighbours, or has no `key:`"},
	{"did not find expected '-' indicator", "the items of a list begin with `- `, all indented alike"},
	{"could not find expected ':'", "a key is followed by a colon and a space; text of several lines begins with `|`"},
	{"mapping values are not allowed in this context", "quote text that has a colon and a space in it; or this line is indented too far, or the one above lacks its colon"},
	{"found unexpected end of stream", "a quote is not closed"},
	{"found unknown escape character", "in double quotes a backslash begins an escape: write two, or use single quotes"},
	{"found undefined tag handle", "text that begins with an exclamation mark needs quotes"},
	{"unknown anchor", "an alias `*name` needs an anchor `&name` above it; text that begins with an asterisk needs quotes"},
	{"did not find expected alphabetic or numeric character", "text that begins with an asterisk or an ampersand needs quotes"},
}

// syntaxHint returns what to do about a syntax error; "" where nothing more is
// known.
func (p *parser) syntaxHint(text string, line int) string {
	if strings.Contains(text, "cannot start any token") {
		if strings.Contains(p.file.text(line), "\t") {
			return "YAML is indented with spaces, not with tabs"
		}
		return "text that begins with @, ` or % needs quotes"
	}
	for _, known := range syntaxHints {
		if strings.Contains(text, known.text) {
			return known.hint
		}
	}
	return ""
}
