package document

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/diag"
)

// file is a source text and where its lines begin.
type file struct {
	name    string
	content []byte
	starts  []int // byte offsets of lines

	// comments finds the comments of the text, line by line.
	comments func() CommentScanner
}

// CommentScanner goes through the lines of text, in their order.
type CommentScanner interface {
	// Comment is where the comment on the next line starts; -1 when there is
	// none.
	Comment(line []rune) int
}

// newFile returns text; breaks is the length of the line break that one
// begins with.
func newFile(name string, content []byte, breaks func([]byte) int) *file {
	f := &file{name: name, content: content, starts: []int{0}}
	for i := 0; i < len(content); {
		n := breaks(content[i:])
		if n == 0 {
			i++
			continue
		}
		i += n
		f.starts = append(f.starts, i)
	}
	return f
}

// lineBreak returns the length of the line break that text begins with, as
// every format has them, 0 when there is none.
func lineBreak(b []byte) int {
	switch {
	case b[0] == '\n':
		return 1
	case b[0] == '\r' && len(b) > 1 && b[1] == '\n':
		return 2
	case b[0] == '\r':
		return 1
	}
	return 0
}

// yamlLineBreak returns [lineBreak] by YAML 1.1's idea of one, which is what
// yaml.v3 counts lines by.
func yamlLineBreak(b []byte) int {
	switch b[0] {
	case 0xC2:
		if len(b) > 1 && b[1] == 0x85 { // U+0085 next line
			return 2
		}
	case 0xE2:
		if len(b) > 2 && b[1] == 0x80 && (b[2] == 0xA8 || b[2] == 0xA9) { // U+2028, U+2029
			return 3
		}
	}
	return lineBreak(b)
}

func (f *file) lines() int { return len(f.starts) }

// text returns a line without its break; lines count from 1.
func (f *file) text(line int) string { return string(f.bytes(line)) }

// bytes returns [file.text], which is not copied.
func (f *file) bytes(line int) []byte {
	if line < 1 || line > len(f.starts) {
		return nil
	}
	end := len(f.content)
	if line < len(f.starts) {
		end = f.starts[line]
	}
	return bytes.TrimRight(f.content[f.starts[line-1]:end], "\r\n\u0085\u2028\u2029")
}

// maxSnippet is the longest line that is worth showing to a person.
const maxSnippet = 4096

// snippet returns a line to be shown beside a message; "" when it is too long
// to read.
func (f *file) snippet(line int) string {
	if text := f.text(line); len(text) <= maxSnippet {
		return text
	}
	return ""
}

// rangeAt returns the range of a token whose value has a number of characters.
// A quoted token is followed to its closing quote, and none beyond its line.
func (f *file) rangeAt(line, column, length int) diag.Range {
	r := diag.Range{File: f.name, Line: line, Column: column}
	text := f.bytes(line)
	if isASCII(text) { // nearly every line, and each entry of a fleet asks
		length = tokenLength(text, column, length)
	} else {
		length = tokenLength([]rune(string(text)), column, length)
	}
	if length > 0 {
		r.EndLine, r.EndColumn = line, column+length
	}
	return r
}

func isASCII(text []byte) bool {
	return !slices.ContainsFunc(text, func(b byte) bool { return b >= utf8.RuneSelf })
}

// tokenLength returns the number of characters of a token on its line; 0 when
// there is none at the column.
func tokenLength[T byte | rune](line []T, column, length int) int {
	if column < 1 || column > len(line) {
		return 0
	}
	rest := line[column-1:]
	if quote := rest[0]; quote == '"' || quote == '\'' {
		return quotedLength(rest, quote)
	}
	return min(length, len(rest))
}

// quotedLength returns the number of characters of a quoted token, quotes
// included.
func quotedLength[T byte | rune](token []T, quote T) int {
	for i := 1; i < len(token); i++ {
		switch {
		case token[i] == '\\' && quote == '"':
			i++
		case token[i] == quote && quote == '\'' && i+1 < len(token) && token[i+1] == quote:
			i++
		case token[i] == quote:
			return i + 1
		}
	}
	return len(token)
}

// position returns the line and column of a byte offset.
func (f *file) position(offset int) (line, column int) {
	line, found := slices.BinarySearch(f.starts, offset)
	if found {
		line++
	}
	return line, utf8.RuneCount(f.content[f.starts[line-1]:offset]) + 1
}

// firstColumn returns the column of a line's first character that is not a
// space.
func (f *file) firstColumn(line int) int {
	text := f.text(line)
	return len(text) - len(strings.TrimLeft(text, " \t")) + 1
}

var byteOrderMark = []byte("\xEF\xBB\xBF")

func withoutByteOrderMark(content []byte) []byte { return bytes.TrimPrefix(content, byteOrderMark) }
