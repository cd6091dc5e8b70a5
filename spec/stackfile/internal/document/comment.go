package document

import (
	"bytes"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// Comment is a comment of a file. Its text begins with the sign that starts it.
type Comment struct {
	Text  string
	Range diag.Range

	// About is the line that the comment speaks of: its own, or, when it stands
	// there alone, the next one that is not a comment as well.
	About int

	// Alone says that nothing else stands on its line.
	Alone bool
}

// Comments returns the comments that hold text, in the file that the value
// stands in. yaml.v3 knows comments, too, but not where they are.
func (v *Value) Comments(holding string) []Comment {
	if v == nil || v.file == nil || !bytes.Contains(v.file.content, []byte(holding)) {
		return nil
	}
	var comments []Comment
	s := v.file.comments()
	above := 0 // comments that stand alone, and wait for what they are about
	for line := 1; line <= v.file.lines(); line++ {
		text := []rune(v.file.text(line))
		start := s.Comment(text)
		alone := start >= 0 && isBlank(text[:start])
		if !alone {
			for ; above > 0; above-- {
				comments[len(comments)-above].About = line
			}
		}
		if start < 0 || !strings.Contains(string(text[start:]), holding) {
			continue
		}
		comments = append(comments, Comment{
			Text:  string(text[start:]),
			Range: v.file.rangeAt(line, start+1, len(text)-start),
			About: line,
			Alone: alone,
		})
		if alone {
			above++
		}
	}
	return comments
}

// scanner goes through the lines of text that is YAML, and knows of each
// where its comment starts. It follows as much of the language as that takes:
// quoted and block scalars, in which a number sign is a character like another.
type scanner struct {
	quote rune // that a scalar is still open in
	depth int  // of open brackets and braces

	// block is how far the lines of an open block scalar are indented at the
	// least; 0 when none is open.
	block int
}

// Comment implements [CommentScanner].
func (s *scanner) Comment(text []rune) int {
	if s.inBlock(text) {
		return -1
	}
	token := s.quote == 0 // a token can start here
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case s.quote != 0:
			i = s.closeQuote(text, i)
			token = false
		case c == ' ' || c == '\t':
			// what could start before a space can start behind it
		case c == '#' && (i == 0 || isSpace(text[i-1])):
			return i
		case token && (c == '"' || c == '\''):
			s.quote = c
		case token && (c == '&' || c == '!'):
			for i+1 < len(text) && !isSpace(text[i+1]) { // an anchor or a tag comes before a token
				i++
			}
		case token && s.depth == 0 && (c == '|' || c == '>'):
			s.openBlock(text, i)
			token = false
		case (token || s.depth > 0) && (c == '[' || c == '{'):
			s.depth++
			token = true
		case s.depth > 0 && (c == ']' || c == '}'):
			s.depth--
			token = false
		default:
			token = s.separates(text, i, token)
		}
	}
	return -1
}

// separates reports whether a token may follow the character.
func (s *scanner) separates(text []rune, i int, token bool) bool {
	atEnd := i+1 == len(text) || isSpace(text[i+1])
	switch text[i] {
	case ',':
		return s.depth > 0
	case ':':
		return atEnd || s.depth > 0
	case '-', '?':
		return token && atEnd
	}
	return false
}

// closeQuote looks for the end of the open quoted scalar, and returns the place
// of its last character on this line.
func (s *scanner) closeQuote(text []rune, i int) int {
	for ; i < len(text); i++ {
		switch {
		case text[i] == '\\' && s.quote == '"':
			i++
		case text[i] == s.quote && s.quote == '\'' && i+1 < len(text) && text[i+1] == s.quote:
			i++
		case text[i] == s.quote:
			s.quote = 0
			return i
		}
	}
	return len(text)
}

// openBlock notes that the header of a block scalar stands at i. The scalar's
// lines are indented more than what holds it: the key before it, or the dash of
// the list.
func (s *scanner) openBlock(text []rune, i int) {
	parent, j := 0, indentation(text)
	for j < i {
		parent = j
		if (text[j] != '-' && text[j] != '?') || !isSpace(text[j+1]) {
			break
		}
		j++
		for j < i && isSpace(text[j]) {
			j++
		}
	}
	s.block = parent + 1
}

// inBlock reports whether a line belongs to an open block scalar, and closes
// the scalar if not.
func (s *scanner) inBlock(text []rune) bool {
	if s.block > 0 && !isBlank(text) && indentation(text) < s.block {
		s.block = 0
	}
	return s.block > 0
}

func indentation(text []rune) int {
	n := 0
	for n < len(text) && text[n] == ' ' {
		n++
	}
	return n
}

func isBlank(text []rune) bool {
	for _, c := range text {
		if !isSpace(c) {
			return false
		}
	}
	return true
}

func isSpace(c rune) bool { return c == ' ' || c == '\t' }
