package list

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxItem is the largest item, in bytes. It bounds what an unclosed quote or
// bracket makes a parser keep.
const maxItem = 16 << 20

// maxWhole is the largest file that is read at once, in bytes.
const maxWhole = 256 << 20

// textError is a place where a file stops being text to read.
type textError struct {
	line, column  int
	message, hint string
}

func (e *textError) Error() string { return e.message }

// textReader hands on a file while it is UTF-8 text in items of bounded size.
// It drops a byte order mark.
type textReader struct {
	source  *bufio.Reader
	started bool
	limit   int
	left    int // bytes until the current item is too large
	carry   []byte
	err     error

	line, column int    // of what comes next, from 1
	kept         []byte // what was handed on and has not been passed by position
	keeps        bool
	passed       int64 // the offset of kept
	keptLine     int   // the place of kept
	keptColumn   int
}

const bufferSize = 64 << 10

func newTextReader(source io.Reader) *textReader {
	return &textReader{source: bufio.NewReaderSize(source, bufferSize), limit: maxItem, left: maxItem, line: 1, column: 1, keptLine: 1, keptColumn: 1}
}

// nextItem says that a new item begins.
func (r *textReader) nextItem() { r.left = r.limit }

// whole says that the file is one item.
func (r *textReader) whole() { r.limit, r.left = maxWhole, maxWhole }

func (r *textReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if !r.started {
		r.started = true
		if start, _ := r.source.Peek(3); string(start) == "\xEF\xBB\xBF" {
			_, _ = r.source.Discard(3) // they are in the buffer
		}
	}
	n, err := r.source.Read(p)
	if r.left -= n; r.left < 0 {
		r.err = &textError{r.line, 1, fmt.Sprintf("an item is larger than %d MB, or does not end", r.limit>>20), "is a quote or a bracket open?"}
		return 0, r.err
	}
	if wrong := r.check(p[:n], err == io.EOF); wrong != nil {
		r.err = wrong
		return 0, r.err
	}
	if r.keeps {
		r.kept = append(r.kept, p[:n]...)
	}
	r.err = err
	return n, err
}

// check looks for what is no text. A character that ends in the next chunk is
// carried over to it.
func (r *textReader) check(chunk []byte, end bool) error {
	text := chunk
	if len(r.carry) > 0 {
		text = append(r.carry, chunk...)
		r.carry = nil
	}
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		for i := 0; i < len(text); {
			c, n := utf8.DecodeRune(text[i:])
			if c == utf8.RuneError && n == 1 && !end && !utf8.FullRune(text[i:]) {
				r.carry = bytes.Clone(text[i:])
				text = text[:i]
				break
			}
			if c == 0 || c == utf8.RuneError && n == 1 {
				r.pass(text[:i])
				return &textError{r.line, r.column, fmt.Sprintf("byte 0x%02X is not text", text[i]), "a list's file is UTF-8 text; is this the right file?"}
			}
			i += n
		}
	}
	r.pass(text)
	return nil
}

// pass moves the place over text.
func (r *textReader) pass(text []byte) { r.line, r.column = advance(r.line, r.column, text) }

func advance(line, column int, text []byte) (int, int) {
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		line += bytes.Count(text, []byte("\n"))
		column = 1
		text = text[last+1:]
	}
	return line, column + utf8.RuneCount(text)
}

// keep makes the reader able to tell positions.
func (r *textReader) keep() { r.keeps = true }

// position returns the place of the first character from an offset on that is
// not one of those in skip. Offsets are asked for in rising order.
func (r *textReader) position(offset int64, skip string) (line, column int) {
	n := int(min(max(offset-r.passed, 0), int64(len(r.kept))))
	for n < len(r.kept) && bytes.IndexByte([]byte(skip), r.kept[n]) >= 0 {
		n++
	}
	r.keptLine, r.keptColumn = advance(r.keptLine, r.keptColumn, r.kept[:n])
	r.passed += int64(n)
	r.kept = append(r.kept[:0], r.kept[n:]...)
	return r.keptLine, r.keptColumn
}
