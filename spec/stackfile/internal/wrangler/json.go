package wrangler

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tailscale/hujson"

	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// parseJSON reads JSON with comments and trailing commas.
func (p *parser) parseJSON() *document.Value {
	content := p.source.Content()
	if offset, found := deepest(content); found {
		p.tooDeep(offset)
		return nil
	}
	return p.guarded("JSON", func() *document.Value {
		// hujson wants a comment on the last line to be closed, too.
		parsed, err := hujson.Parse(append(slices.Clip(content), '\n'))
		if err != nil {
			p.reportJSON(err)
			return nil
		}
		return p.jsonValue(parsed)
	})
}

func (p *parser) jsonValue(v hujson.Value) *document.Value {
	switch value := v.Value.(type) {
	case *hujson.Object:
		return p.jsonObject(v.StartOffset, value)
	case *hujson.Array:
		items := make([]*document.Value, len(value.Elements))
		for i, element := range value.Elements {
			items[i] = p.jsonValue(element)
		}
		return p.source.List(v.StartOffset, items)
	case hujson.Literal:
		switch value.Kind() {
		case '"':
			return p.source.String(v.StartOffset, value.String())
		case 't', 'f':
			return p.source.Bool(v.StartOffset, value.Bool(), string(value))
		case '0':
			return p.number(v.StartOffset, string(value))
		}
	}
	return p.source.Null(v.StartOffset)
}

func (p *parser) jsonObject(offset int, object *hujson.Object) *document.Value {
	seen := map[string]int{} // offsets
	members := make([]document.Member, 0, len(object.Members))
	for _, m := range object.Members {
		key, at := m.Name.Value.(hujson.Literal).String(), m.Name.StartOffset
		value := p.jsonValue(m.Value)
		if first, given := seen[key]; given {
			p.duplicate(key, at, first)
			continue
		}
		seen[key] = at
		members = append(members, p.source.Member(at, key, value))
	}
	return p.source.Map(offset, members)
}

// jsonError is how hujson says where something is wrong. Its columns are bytes.
var jsonError = regexp.MustCompile(`(?s)^hujson: line (\d+), column (\d+): (.*)$`)

func (p *parser) reportJSON(err error) {
	text, offset := err.Error(), 0
	if m := jsonError.FindStringSubmatch(text); m != nil {
		line, _ := strconv.Atoi(m[1])
		column, _ := strconv.Atoi(m[2])
		text, offset = m[3], p.byteOffset(line, column)
	}
	if strings.HasSuffix(text, "unexpected EOF") || offset == len(p.source.Content()) {
		text = "it ends in the middle of a value"
	}
	p.syntax(offset, "this is not JSON: "+text, "")
}

// byteOffset returns the offset of a line and a column that count line feeds
// and bytes.
func (p *parser) byteOffset(line, column int) int {
	content, offset := p.source.Content(), 0
	for ; line > 1; line-- {
		n := bytes.IndexByte(content[offset:], '\n')
		if n < 0 {
			return len(content)
		}
		offset += n + 1
	}
	return min(offset+column-1, len(content))
}

// deepest returns where brackets are nested deeper than they may: hujson itself
// goes as deep as the stack lasts, and then takes the program with it.
func deepest(content []byte) (offset int, found bool) {
	depth := 0
	for i := 0; i < len(content); i++ {
		switch c := content[i]; {
		case c == '"':
			for i++; i < len(content) && content[i] != '"'; i++ {
				if content[i] == '\\' {
					i++
				}
			}
		case bytes.HasPrefix(content[i:], []byte("//")):
			i = after(content, i, "\n")
		case bytes.HasPrefix(content[i:], []byte("/*")):
			i = after(content, i+len("/*"), "*/")
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return i, true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return 0, false
}

// after returns the offset of the last byte of the next end.
func after(content []byte, i int, end string) int {
	n := bytes.Index(content[min(i, len(content)):], []byte(end))
	if n < 0 {
		return len(content)
	}
	return i + n + len(end) - 1
}

// jsonComments finds comments that begin with two slashes.
type jsonComments struct{ inBlock bool }

// Comment implements [document.CommentScanner].
func (s *jsonComments) Comment(line []rune) int {
	inText := false
	for i := 0; i < len(line); i++ {
		next := func(c rune) bool { return i+1 < len(line) && line[i+1] == c }
		switch c := line[i]; {
		case s.inBlock:
			if c == '*' && next('/') {
				s.inBlock = false
				i++
			}
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '/' && next('/'):
			return i
		case c == '/' && next('*'):
			s.inBlock = true
			i++
		}
	}
	return -1
}
