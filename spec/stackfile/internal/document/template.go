package document

import (
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// HasTemplates reports whether the value, or anything in it, is text with ${
// in it. Most of a large file has none, and is passed by at once.
func (v *Value) HasTemplates() bool { return v != nil && v.templates }

// AsTemplate returns text as one whole expression, in the same place.
func (v *Value) AsTemplate() *Value {
	copied := *v
	copied.Text, copied.templates = "${"+v.Text+"}", true
	return &copied
}

// Describe names what the value is, for messages.
func (v *Value) Describe() string {
	return [...]string{Null: "nothing", Bool: "true or false", Number: "a number", String: "text", List: "a list", Map: "a mapping"}[v.Kind]
}

// RangeWithin returns the place of a part of text: a number of characters
// from an offset on. Where escapes or folded lines keep the text from standing
// in the file as it is, it is the place of the whole.
func (v *Value) RangeWithin(offset, length int) diag.Range {
	text := []rune(v.Text)
	if v.file == nil || offset < 0 || length < 0 || offset+length > len(text) {
		return v.Range()
	}
	line, column := int(v.line), int(v.column)
	if v.literal {
		body := v.BodyRange()
		before := string(text[:offset])
		line = body.Line + strings.Count(before, "\n")
		column = body.Column + len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))
	} else {
		if source := []rune(v.file.text(line)); column <= len(source) && (source[column-1] == '"' || source[column-1] == '\'') {
			column++
		}
		column += offset
	}
	part := string(text[offset : offset+length])
	source := []rune(v.file.text(line))
	if column-1+length > len(source) || string(source[column-1:column-1+length]) != part {
		return v.Range()
	}
	return diag.Range{File: v.file.name, Line: line, Column: column, EndLine: line, EndColumn: column + max(1, length)}
}

// Failure stands for the result of an expression that has none. It is null, and
// has been complained about.
func Failure(at *Value) *Value {
	v := FromJSON(nil, at)
	v.failed = true
	return v
}

// Failed reports whether the value is a [Failure].
func (v *Value) Failed() bool { return v != nil && v.failed }
