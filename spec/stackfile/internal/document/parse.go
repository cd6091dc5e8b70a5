package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/wfpsync/wfpsync/diag"
)

// The rules by which text is no stack document, whatever it says.
const (
	RuleSyntax       = "WFP001" // not YAML
	RuleEmpty        = "WFP002" // nothing in it
	RuleDuplicateKey = "WFP003"
	RuleDocuments    = "WFP004" // more than one document
	RuleNotJSON      = "WFP005" // YAML that has no JSON meaning, or too much of it
	RuleNotText      = "WFP006" // not UTF-8
)

// Limits that no sensible file meets, and that keep a hostile one cheap.
const (
	maxDepth  = 64
	maxValues = 20_000_000 // after aliases are expanded
)

// Parse reads a YAML text. The name is what positions call the file. The value
// is nil when nothing could be read; otherwise it is whole but for what the
// diagnostics complain about.
func Parse(name string, content []byte) (*Value, diag.List) {
	p := &parser{
		file:    newFile(name, withoutByteOrderMark(content), yamlLineBreak),
		anchors: map[*yaml.Node]*anchor{},
	}
	p.file.comments = func() CommentScanner { return &scanner{} }
	node := p.parse()
	if node == nil {
		return nil, p.diagnostics
	}
	value, _ := p.value(node, 0)
	if p.tooLarge {
		return nil, p.diagnostics
	}
	return value, p.diagnostics
}

type parser struct {
	file        *file
	diagnostics diag.List
	anchors     map[*yaml.Node]*anchor
	tooLarge    bool
}

// anchor is what an alias stands for. It is read once, where it is, and shared.
type anchor struct {
	value *Value
	size  int
	open  bool // being read: an alias to it now is one inside itself
}

// parse reads the text's only document, without looking into it.
func (p *parser) parse() *yaml.Node {
	if !p.checkText() {
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(p.file.content))
	document, err := decode(decoder)
	switch {
	case errors.Is(err, io.EOF) || err == nil && isEmpty(document):
		p.report(RuleEmpty, 1, 1, "the file is empty", "a stack file starts with `version: 1` and a `name:`")
		return nil
	case err != nil:
		p.reportSyntax(err)
		return nil
	}
	second, err := decode(decoder)
	switch {
	case err == nil:
		p.report(RuleDocuments, max(second.Line, 1), max(second.Column, 1), "a second YAML document starts here", "a stack file is one document: remove the `---`, or move this part to a file of its own")
	case !errors.Is(err, io.EOF):
		p.reportSyntax(err)
	}
	return document.Content[0]
}

// decode reads the next document. The recover is for the parser's own faults:
// bad input must never be a crash.
func decode(decoder *yaml.Decoder) (node *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	node = &yaml.Node{}
	err = decoder.Decode(node)
	return node, err
}

func isEmpty(document *yaml.Node) bool {
	if len(document.Content) == 0 {
		return true
	}
	root := document.Content[0]
	return root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null"
}

// checkText refuses what is no text by YAML's idea, at the character that shows
// it: the library's own message names no place.
func (p *parser) checkText() bool {
	content := p.file.content
	for i := 0; i < len(content); {
		r, n := utf8.DecodeRune(content[i:])
		switch {
		case r == utf8.RuneError && n == 1 || r == 0:
			line, column := p.file.position(i)
			p.report(RuleNotText, line, column, fmt.Sprintf("byte 0x%02X is not text", content[i]), "a stack file is UTF-8 text; is this the right file?")
			return false
		case !isYAML(r):
			line, column := p.file.position(i)
			p.report(RuleNotText, line, column, fmt.Sprintf("YAML does not allow the character %U", r), fmt.Sprintf("write it as \\u%04X between double quotes", r))
			return false
		}
		i += n
	}
	return true
}

// isYAML reports whether a character may stand in a YAML text.
// Source: YAML 1.1, section 5.1, "Character Set".
func isYAML(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0x7E || r == 0x85 ||
		r >= 0xA0 && r <= 0xFFFD && r != 0xFEFF || r >= 0x10000
}

func (p *parser) report(rule string, line, column int, message, hint string, related ...diag.Related) {
	p.diagnostics = append(p.diagnostics, diag.Diagnostic{
		Severity: diag.Error, Rule: rule, Message: message, Hint: hint,
		Range:   diag.Range{File: p.file.name, Line: line, Column: column},
		Snippet: p.file.snippet(line), Related: related,
	})
}

func (p *parser) reportAt(rule string, n *yaml.Node, message, hint string) {
	p.report(rule, n.Line, n.Column, message, hint)
}

// value reads a node. The size is how many values it is with aliases expanded.
// What is in the node is let go on the way: the nodes of a large file take more
// than the values.
func (p *parser) value(n *yaml.Node, depth int) (*Value, int) {
	if n.Anchor == "" {
		return p.content(n, depth)
	}
	a := &anchor{open: true}
	p.anchors[n] = a
	a.value, a.size = p.content(n, depth)
	a.open = false
	return a.value, a.size
}

func (p *parser) content(n *yaml.Node, depth int) (*Value, int) {
	v := &Value{file: p.file, line: int32(n.Line), column: int32(n.Column)}
	if depth > maxDepth {
		p.reportAt(RuleNotJSON, n, fmt.Sprintf("this is nested deeper than %d levels", maxDepth), "")
		return v, 1
	}
	size := 1
	switch n.Kind {
	case yaml.AliasNode:
		return p.alias(n, depth)
	case yaml.ScalarNode:
		p.scalar(v, n)
	case yaml.SequenceNode:
		v.Kind = List
		for i, item := range n.Content {
			value, s := p.value(item, depth+1)
			n.Content[i] = nil
			v.Items = append(v.Items, value)
			v.templates = v.templates || value.templates
			size += s
		}
	case yaml.MappingNode:
		size += p.mapping(v, n, depth)
	}
	if size > maxValues && !p.tooLarge {
		p.tooLarge = true
		p.reportAt(RuleNotJSON, n, fmt.Sprintf("this is more than %d values once its aliases are expanded", maxValues), "")
	}
	return v, size
}

// alias stands for what its anchor holds. The value is shared, not copied, and
// keeps the anchor's place, which is where a person can change it.
func (p *parser) alias(n *yaml.Node, depth int) (*Value, int) {
	a := p.anchors[n.Alias]
	if a == nil { // that of a key
		return p.value(n.Alias, depth)
	}
	if a.open {
		p.reportAt(RuleNotJSON, n, fmt.Sprintf("the alias *%s is inside the value that it refers to", n.Value), "")
		return &Value{file: p.file, line: int32(n.Line), column: int32(n.Column)}, 1
	}
	return a.value, a.size
}

// scalar reads a plain value. Dates stay the text they are written as.
func (p *parser) scalar(v *Value, n *yaml.Node) {
	v.Text = n.Value
	v.templates = strings.Contains(n.Value, "${")
	v.literal = n.Style&yaml.LiteralStyle != 0
	switch tag := n.ShortTag(); tag {
	case "!!str", "!!timestamp":
		v.Kind = String
	case "!!null":
		v.Kind = Null
	case "!!bool":
		v.Kind = Bool
		_ = n.Decode(&v.Bool) // the tag says it is one
	case "!!int", "!!float":
		v.Kind = Number
		if err := n.Decode(&v.Number); err != nil || math.IsNaN(v.Number) || math.IsInf(v.Number, 0) {
			p.reportAt(RuleNotJSON, n, "JSON has no number "+n.Value, "quote it if it is meant as text")
			v.Number = 0
		}
	default:
		p.reportAt(RuleNotJSON, n, fmt.Sprintf("unknown YAML tag %s", tag), "remove it, or quote the text that begins with the exclamation mark")
		v.Kind, v.Text = String, tag
	}
}

// mapping reads a map's members and returns their size.
func (p *parser) mapping(v *Value, n *yaml.Node, depth int) int {
	v.Kind = Map
	size := 0
	seen := newKeys(len(n.Content) / 2)
	members := make([]Member, 0, len(n.Content)/2)
	var merged []*Value
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, node := n.Content[i], n.Content[i+1]
		value, s := p.value(node, depth+1)
		n.Content[i+1] = nil
		size += s + 1
		if key.ShortTag() == "!!merge" {
			merged = append(merged, p.mergeSources(value, node)...)
			continue
		}
		if !p.checkKey(key, seen.get(key.Value)) {
			continue
		}
		seen.add(key)
		members = append(members, Member{Key: key.Value, Value: value, file: p.file, line: int32(key.Line), column: int32(key.Column)})
	}
	for _, source := range merged {
		for _, m := range source.Members {
			if seen.get(m.Key) == nil {
				seen.add(&yaml.Node{Value: m.Key})
				members = append(members, m)
			}
		}
	}
	v.setMembers(members)
	return size
}

// keys are those of a mapping that have been read. Most mappings are so small
// that a map would cost more than looking at each.
type keys struct {
	list  []*yaml.Node
	index map[string]*yaml.Node // nil for a few
}

func newKeys(n int) *keys {
	k := &keys{}
	if n >= largeMap {
		k.index = make(map[string]*yaml.Node, n)
	}
	return k
}

// get returns the key of that text; nil when it is new.
func (k *keys) get(text string) *yaml.Node {
	if k.index != nil {
		return k.index[text]
	}
	if i := slices.IndexFunc(k.list, func(n *yaml.Node) bool { return n.Value == text }); i >= 0 {
		return k.list[i]
	}
	return nil
}

func (k *keys) add(n *yaml.Node) {
	if k.index != nil {
		k.index[n.Value] = n
	} else {
		k.list = append(k.list, n)
	}
}

func (p *parser) checkKey(key, earlier *yaml.Node) bool {
	switch {
	case key.Kind != yaml.ScalarNode:
		p.reportAt(RuleNotJSON, key, "a key must be text", "")
	case key.ShortTag() != "!!str" && key.ShortTag() != "!!timestamp":
		p.reportAt(RuleNotJSON, key, fmt.Sprintf("the key %s is not text", key.Value), fmt.Sprintf("quote it: %q", key.Value))
	case earlier != nil:
		p.report(RuleDuplicateKey, key.Line, key.Column, fmt.Sprintf("the key %q is given twice", key.Value), "remove one of the two", diag.Related{
			Range:   p.file.rangeAt(earlier.Line, earlier.Column, len([]rune(earlier.Value))),
			Message: "first given here",
		})
	default:
		return true
	}
	return false
}

// mergeSources returns the maps that `<<:` brings in.
func (p *parser) mergeSources(value *Value, n *yaml.Node) []*Value {
	sources := []*Value{value}
	if value.Kind == List {
		sources = value.Items
	}
	for _, s := range sources {
		if s.Kind != Map {
			p.reportAt(RuleNotJSON, n, "`<<` takes a mapping, or a list of mappings", "")
			return nil
		}
	}
	return sources
}
