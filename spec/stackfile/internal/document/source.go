package document

import "github.com/wfpsync/wfpsync/diag"

// Source is text in another format than YAML, which another package turns
// into values. Offsets are those of bytes of [Source.Content].
type Source struct{ file *file }

// NewSource returns text. The name is what positions call the file.
func NewSource(name string, content []byte, comments func() CommentScanner) *Source {
	f := newFile(name, withoutByteOrderMark(content), lineBreak)
	f.comments = comments
	return &Source{f}
}

// Content returns the text, without a byte order mark.
func (s *Source) Content() []byte { return s.file.content }

func (s *Source) value(kind Kind, offset int) *Value {
	line, column := s.file.position(offset)
	return &Value{Kind: kind, file: s.file, line: int32(line), column: int32(column)}
}

// Null returns nothing at an offset.
func (s *Source) Null(offset int) *Value { return s.value(Null, offset) }

// Bool returns true or false at an offset.
func (s *Source) Bool(offset int, b bool, text string) *Value {
	v := s.value(Bool, offset)
	v.Bool, v.Text = b, text
	return v
}

// Number returns a number at an offset; the text is how YAML writes it.
func (s *Source) Number(offset int, number float64, text string) *Value {
	v := s.value(Number, offset)
	v.Number, v.Text = number, text
	return v
}

// String returns text at an offset. Text in it that looks like an expression is
// not one.
func (s *Source) String(offset int, text string) *Value {
	v := s.value(String, offset)
	v.Text = text
	return v
}

// List returns a list at an offset.
func (s *Source) List(offset int, items []*Value) *Value {
	v := s.value(List, offset)
	v.Items = items
	return v
}

// Map returns a map at an offset. No two of its members have one key.
func (s *Source) Map(offset int, members []Member) *Value {
	v := s.value(Map, offset)
	v.setMembers(members)
	return v
}

// Member returns a key at an offset, and its value.
func (s *Source) Member(offset int, key string, value *Value) Member {
	line, column := s.file.position(offset)
	return Member{Key: key, Value: value, file: s.file, line: int32(line), column: int32(column)}
}

// Error returns an error at an offset.
func (s *Source) Error(rule string, offset int, message, hint string, related ...diag.Related) diag.Diagnostic {
	line, column := s.file.position(offset)
	return diag.Diagnostic{
		Severity: diag.Error, Rule: rule, Message: message, Hint: hint, Related: related,
		Range: diag.Range{File: s.file.name, Line: line, Column: column}, Snippet: s.file.snippet(line),
	}
}
