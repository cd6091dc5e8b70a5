package bundle

import (
	"regexp"
	"strings"
)

// ignorePatterns are the lines of a file .assetsignore: patterns of .gitignore,
// of which the last that matches decides, in any case of letters, as wrangler
// reads them. What is in a folder that is left out cannot be taken in again.
// Source: gitignore(5); workers-sdk, packages/workers-shared/utils/helpers.ts.
type ignorePatterns struct {
	given    bool // there is such a file, if only an empty one
	patterns []ignorePattern
}

type ignorePattern struct {
	expression *regexp.Regexp
	again      bool // what matches is taken in again
	folders    bool // matches folders only
}

func parseIgnorePatterns(text string) ignorePatterns {
	p := ignorePatterns{given: true}
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		if pattern, ok := parseIgnorePattern(strings.TrimRight(line, "\r\n")); ok {
			p.patterns = append(p.patterns, pattern)
		}
	}
	return p
}

func parseIgnorePattern(line string) (ignorePattern, bool) {
	if strings.HasPrefix(line, "#") {
		return ignorePattern{}, false
	}
	for strings.HasSuffix(line, " ") && !strings.HasSuffix(line, `\ `) {
		line = strings.TrimSuffix(line, " ")
	}
	var p ignorePattern
	line, p.again = strings.CutPrefix(line, "!")
	line, p.folders = strings.CutSuffix(line, "/")
	if line == "" {
		return ignorePattern{}, false
	}
	// A slash that is not at the end ties a pattern to the directory.
	prefix := `(?:.*/)?`
	if strings.Contains(line, "/") {
		prefix = ""
	}
	expression, err := regexp.Compile(`(?is)^` + prefix + ignoreExpression(strings.TrimPrefix(line, "/")) + `$`)
	p.expression = expression
	return p, err == nil // a pattern that is none matches nothing, as with git
}

// ignoreExpression makes a regular expression of a pattern.
func ignoreExpression(glob string) string {
	var b strings.Builder
	for i := 0; i < len(glob); i++ {
		rest := glob[i:]
		beginsName := i == 0 || glob[i-1] == '/'
		switch {
		case beginsName && strings.HasPrefix(rest, "**/"):
			b.WriteString(`(?:.*/)?`)
			i += 2
		case beginsName && rest == "**":
			b.WriteString(`.+`)
			i++
		case rest[0] == '*':
			b.WriteString(`[^/]*`)
		case rest[0] == '?':
			b.WriteString(`[^/]`)
		case rest[0] == '[' && strings.IndexByte(rest[1:], ']') > 0:
			end := 1 + strings.IndexByte(rest[1:], ']')
			class := rest[1:end]
			if strings.HasPrefix(class, "!") {
				class = "^" + class[1:]
			}
			b.WriteString("[" + strings.ReplaceAll(class, `[`, `\[`) + "]")
			i += end
		case rest[0] == '\\' && len(rest) > 1:
			b.WriteString(regexp.QuoteMeta(rest[1:2]))
			i++
		default:
			b.WriteString(regexp.QuoteMeta(rest[:1]))
		}
	}
	return b.String()
}

// match reports whether a file or folder is left out. The folders above it are
// known not to be.
func (p ignorePatterns) match(name string, isFolder bool) bool {
	ignored := false
	for _, pattern := range p.patterns {
		if (isFolder || !pattern.folders) && pattern.expression.MatchString(name) {
			ignored = !pattern.again
		}
	}
	return ignored
}
