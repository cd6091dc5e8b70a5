package list

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// object is an item of a JSON file.
type object struct {
	members map[string]any
	at      diag.Range
}

func (o *object) Map() map[string]any { return o.members }
func (o *object) At() diag.Range      { return o.at }

func (o *object) Get(field string) (any, bool) {
	value, ok := o.members[field]
	return value, ok
}

func (l *loader) readJSON(given *document.Value) {
	in := l.open(given)
	if in == nil {
		return
	}
	defer in.close()
	in.text.keep()
	decoder := json.NewDecoder(in.text)
	values := &jsonValues{decoder: decoder, keys: map[string]string{}, place: func(offset int64) (int, int) {
		return in.text.position(offset, between)
	}}
	if err := l.readArray(in, values); err != nil {
		l.reportJSON(in, values, err)
	}
}

// readArray reads a file that is an array of items.
func (l *loader) readArray(in *input, values *jsonValues) error {
	const hint = "a list's JSON file is an array: [{…}, {…}]"
	first, err := values.decoder.Token()
	if err == io.EOF {
		return &textError{1, 1, "the file is empty", hint}
	}
	if err != nil {
		return err
	}
	if first != json.Delim('[') {
		line, column := values.place(0)
		return &textError{line, column, "this is not an array", hint}
	}
	for values.decoder.More() {
		in.text.nextItem()
		line, column := values.place(values.decoder.InputOffset())
		value, err := values.next(0)
		if err != nil {
			return err
		}
		l.addJSON(value, in.at(line, column))
	}
	if _, err := values.decoder.Token(); err != nil { // the closing bracket
		return err
	}
	end := values.decoder.InputOffset()
	if _, err := values.decoder.Token(); err != io.EOF {
		line, column := values.place(end)
		return &textError{line, column, "unexpected content after the end of the array", ""}
	}
	return nil
}

// readNDJSON reads a file with an item on each line. A line that is wrong does
// not hide the next.
func (l *loader) readNDJSON(given *document.Value) {
	in := l.open(given)
	if in == nil {
		return
	}
	defer in.close()
	reader := bufio.NewReaderSize(in.text, bufferSize)
	keys := map[string]string{}
	for number := 1; ; number++ {
		in.text.nextItem()
		line, err := reader.ReadBytes('\n')
		if err != nil && err != io.EOF {
			l.reportRead(in, err)
			return
		}
		if len(bytes.TrimSpace(line)) > 0 {
			l.readLine(in, number, line, keys)
		}
		if err == io.EOF {
			return
		}
	}
}

func (l *loader) readLine(in *input, number int, line []byte, keys map[string]string) {
	values := &jsonValues{decoder: json.NewDecoder(bytes.NewReader(line)), keys: keys, place: func(offset int64) (int, int) {
		rest := bytes.TrimLeft(line[min(int(offset), len(line)):], between)
		return number, utf8.RuneCount(line[:len(line)-len(rest)]) + 1
	}}
	_, column := values.place(0)
	value, err := values.next(0)
	if err == nil {
		end := values.decoder.InputOffset()
		if _, more := values.decoder.Token(); more != io.EOF {
			_, column := values.place(end)
			err = &textError{number, column, "unexpected content after the item on this line", "an ndjson file has one item on each line"}
		}
	}
	if err != nil {
		l.reportJSON(in, values, err)
		return
	}
	l.addJSON(value, in.at(number, column))
}

func (l *loader) addJSON(value any, at diag.Range) {
	switch value := value.(type) {
	case map[string]any:
		l.add(&object{value, at})
	case []any, nil:
		l.report(RuleListFile, at, notAnItem(value != nil), itemHint)
	default:
		l.add(&object{map[string]any{valueField: value}, at})
	}
}

// between is what stands between the values of JSON.
const between = " \t\r\n,:"

// maxDepth is how deep an item may be nested; as deep as in a stack file.
const maxDepth = 64

// jsonValues reads values token by token. Decoding into a map would keep the
// last of two members with the same name, and say nothing.
type jsonValues struct {
	decoder *json.Decoder
	keys    map[string]string // each key once: the items share them
	place   func(offset int64) (line, column int)
}

func (v *jsonValues) next(depth int) (any, error) {
	if depth > maxDepth {
		return nil, v.wrong(v.decoder.InputOffset(), fmt.Sprintf("this is nested deeper than %d levels", maxDepth))
	}
	token, err := v.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return v.object(depth)
	case json.Delim('['):
		return v.array(depth)
	}
	return token, nil
}

func (v *jsonValues) object(depth int) (any, error) {
	members := map[string]any{}
	for v.decoder.More() {
		start := v.decoder.InputOffset()
		token, err := v.decoder.Token()
		if err != nil {
			return nil, err
		}
		key := v.key(token.(string)) // the decoder has no other token here
		if _, twice := members[key]; twice {
			return nil, v.wrong(start, fmt.Sprintf("the key %q is given twice", key))
		}
		if members[key], err = v.next(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := v.decoder.Token() // the closing brace
	return members, err
}

func (v *jsonValues) array(depth int) (any, error) {
	items := []any{}
	for v.decoder.More() {
		item, err := v.next(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := v.decoder.Token() // the closing bracket
	return items, err
}

func (v *jsonValues) key(key string) string {
	if known, ok := v.keys[key]; ok {
		return known
	}
	v.keys[key] = key
	return key
}

func (v *jsonValues) wrong(offset int64, message string) error {
	line, column := v.place(offset)
	return &textError{line, column, message, ""}
}

// reportJSON reports what ended the reading of a value.
func (l *loader) reportJSON(in *input, values *jsonValues, err error) {
	var (
		syntax *json.SyntaxError
		number *json.UnmarshalTypeError
	)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		err = values.wrong(values.decoder.InputOffset(), "this is not JSON: it ends in the middle of a value")
	case errors.As(err, &syntax):
		err = values.wrong(values.decoder.InputOffset(), "this is not JSON: "+syntax.Error())
	case errors.As(err, &number):
		err = values.wrong(values.decoder.InputOffset(), "this is too large for a number: "+strings.TrimPrefix(number.Value, "number "))
	}
	l.reportRead(in, err)
}
