// Package wrangler reads the configuration files of wrangler, and says what of
// one a Worker of a stack file takes over.
//
// A file is JSON with comments and trailing commas (wrangler.json and
// wrangler.jsonc), or TOML (wrangler.toml). Both become the same values, which
// know their places, so that a complaint about a key points to where it stands.
package wrangler

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// RuleSyntax is about text that is no configuration, whatever it says.
const RuleSyntax = "WFP009"

// MaxSize is the most bytes that a file may have; maxDepth is how deep it may be
// nested, as deep as a stack file.
const (
	MaxSize  = 1 << 20
	maxDepth = 64
)

// Extensions are how the names of files end.
var Extensions = []string{".jsonc", ".json", ".toml"}

// Parse reads a configuration in the format that the name of the file ends in.
// The value is a map, or nil when the diagnostics have an error.
func Parse(name string, content []byte) (*document.Value, diag.List) {
	p := &parser{}
	parse, comments := p.parseJSON, func() document.CommentScanner { return &jsonComments{} }
	if path.Ext(name) == ".toml" {
		parse, comments = p.parseTOML, func() document.CommentScanner { return &tomlComments{} }
	}
	p.source = document.NewSource(name, content, comments)
	if !p.checkText() {
		return nil, p.diagnostics
	}
	value := parse()
	if value != nil && value.Kind != document.Map {
		p.report(p.source.Error(RuleSyntax, 0, "wrangler's configuration is an object, and this is "+value.Describe(), ""))
	}
	if p.diagnostics.HasErrors() {
		return nil, p.diagnostics
	}
	return value, nil
}

type parser struct {
	source      *document.Source
	diagnostics diag.List
}

func (p *parser) report(d diag.Diagnostic) { p.diagnostics = append(p.diagnostics, d) }

func (p *parser) syntax(offset int, message, hint string) {
	p.report(p.source.Error(RuleSyntax, offset, message, hint))
}

// checkText refuses what is no text, at the byte that shows it.
func (p *parser) checkText() bool {
	content := p.source.Content()
	for i := 0; i < len(content); {
		r, n := utf8.DecodeRune(content[i:])
		if r == utf8.RuneError && n == 1 || r == 0 {
			p.report(p.source.Error(document.RuleNotText, i, fmt.Sprintf("byte 0x%02X is not text", content[i]), "wrangler's configuration is UTF-8 text; is this the right file?"))
			return false
		}
		i += n
	}
	return true
}

// guarded reads with a library's parser, whose faults must never be a crash.
func (p *parser) guarded(format string, read func() *document.Value) (value *document.Value) {
	defer func() {
		if r := recover(); r != nil {
			p.syntax(0, fmt.Sprintf("this is not %s: %v", format, r), "")
			value = nil
		}
	}()
	return read()
}

func (p *parser) tooDeep(offset int) {
	p.syntax(offset, fmt.Sprintf("this is nested deeper than %d levels", maxDepth), "")
}

// duplicate reports a key that is given again.
func (p *parser) duplicate(key string, offset, first int) {
	p.report(p.source.Error(document.RuleDuplicateKey, offset, fmt.Sprintf("the key %q is given twice", key), "remove one of the two", diag.Related{
		Range:   p.keyRange(first, key),
		Message: "first given here",
	}))
}

func (p *parser) keyRange(offset int, key string) diag.Range {
	m := p.source.Member(offset, key, p.source.Null(offset))
	return m.Range()
}

// number returns a number that YAML and JSON have as well.
func (p *parser) number(offset int, text string) *document.Value {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
		p.syntax(offset, "JSON has no number "+text, "quote it if it is meant as text")
	}
	return p.source.Number(offset, number, text)
}
