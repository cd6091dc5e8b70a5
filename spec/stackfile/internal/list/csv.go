package list

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/text"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// table is what the rows of a CSV file share.
type table struct {
	file    string
	columns []string
	index   map[string]int
}

// row is an item of a CSV file. Its fields are parts of one string.
type row struct {
	table  *table
	fields []string
	line   int
}

func (r *row) At() diag.Range { return diag.Range{File: r.table.file, Line: r.line, Column: 1} }

func (r *row) Get(field string) (any, bool) {
	i, ok := r.table.index[field]
	if !ok {
		return nil, false
	}
	return r.fields[i], true
}

func (r *row) Map() map[string]any {
	m := make(map[string]any, len(r.fields))
	for i, column := range r.table.columns {
		m[column] = r.fields[i]
	}
	return m
}

func (l *loader) readCSV(given *document.Value) {
	settings, ok := l.csvSettings(given)
	if !ok {
		return
	}
	in := l.open(settings.path)
	if in == nil {
		return
	}
	defer in.close()
	reader := csv.NewReader(in.text)
	reader.Comma = settings.delimiter
	t := &table{file: in.name}
	if settings.columns != nil {
		t.columns = settings.columns.Strings()
		ok = l.checkColumns(t, func(_ int, message, hint string) { l.reportValue(RuleListFile, settings.columns, message, hint) })
	} else {
		ok = l.readHeader(in, reader, t)
	}
	if ok {
		reader.FieldsPerRecord = len(t.columns)
		l.readRows(in, reader, t)
	}
}

func (l *loader) readHeader(in *input, reader *csv.Reader, t *table) bool {
	header, err := reader.Read()
	switch {
	case err == io.EOF:
		l.report(RuleListFile, in.at(1, 1), "the file is empty", "its first row names the columns")
		return false
	case err != nil:
		l.reportCSV(in, err, nil, t)
		return false
	}
	t.columns = header
	delimiter := otherDelimiter(header)
	return l.checkColumns(t, func(i int, message, hint string) {
		if delimiter != "" {
			hint = fmt.Sprintf("if %q separates the values, write `csv: { path: …, delimiter: %q }`", delimiter, delimiter)
		}
		// The reader counts bytes. The names before this one are of ASCII, or
		// have been reported themselves.
		line, column := reader.FieldPos(i)
		l.report(RuleListFile, in.at(line, column), message, hint)
	})
}

// otherDelimiter returns what separates the values of a header that was read as
// one name; "" if nothing in it looks so.
func otherDelimiter(header []string) string {
	if len(header) != 1 {
		return ""
	}
	if i := strings.IndexAny(header[0], ";\t|,"); i >= 0 {
		return header[0][i : i+1]
	}
	return ""
}

var (
	columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	notInName  = regexp.MustCompile(`[^A-Za-z0-9_]+`)
)

// checkColumns holds the columns' names to what an expression can say.
func (l *loader) checkColumns(t *table, report func(i int, message, hint string)) bool {
	t.index = make(map[string]int, len(t.columns))
	ok := true
	for i, name := range t.columns {
		_, twice := t.index[name]
		t.index[name] = i
		switch {
		case !columnName.MatchString(name):
			hint := "a column's name has letters, digits and underscores, so that expressions can say it"
			if better := strings.Trim(notInName.ReplaceAllString(name, "_"), "_"); columnName.MatchString(better) {
				hint += "; for example " + better
			}
			report(i, fmt.Sprintf("the column name %q cannot be used in an expression", name), hint)
			ok = false
		case twice:
			report(i, fmt.Sprintf("the column %q is given twice", name), "rename one of the two")
			ok = false
		}
	}
	if _, found := t.index[l.list.Key]; ok && !found && l.list.Key != "" {
		l.reportValue(RuleListKey, l.declaration.Get(keySetting), fmt.Sprintf("%q is not a column of %s", l.list.Key, t.file), "its columns are "+strings.Join(t.columns, ", "))
		ok = false
	}
	return ok
}

func (l *loader) readRows(in *input, reader *csv.Reader, t *table) {
	for {
		in.text.nextItem()
		fields, err := reader.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			l.reportCSV(in, err, fields, t)
			if !errors.Is(err, csv.ErrFieldCount) {
				return // where the next row begins is not known
			}
			continue
		}
		line, _ := reader.FieldPos(0)
		l.add(&row{table: t, fields: fields, line: line})
	}
}

func (l *loader) reportCSV(in *input, err error, fields []string, t *table) {
	var failed *csv.ParseError
	if !errors.As(err, &failed) {
		l.reportRead(in, err)
		return
	}
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		l.report(RuleListFile, in.at(failed.StartLine, 1), fmt.Sprintf("this row has %s, but the table has %s", text.Count(len(fields), "value"), text.Count(len(t.columns), "column")), "quote a value that has the delimiter in it; an empty value still needs its delimiter")
	case errors.Is(err, csv.ErrQuote) && failed.Line != failed.StartLine:
		l.report(RuleListFile, in.at(failed.StartLine, 1), "a quote that opens in this row does not close", "a quote in a quoted value is doubled")
	default:
		l.report(RuleListFile, in.at(failed.Line, failed.Column), "unexpected quote", "put the whole value in quotes, and double the quotes in it")
	}
}

// csvSettings are what a declaration says about a CSV file.
type csvSettings struct {
	path      *document.Value
	delimiter rune
	columns   *document.Value // nil when the file has a header
}

func (l *loader) csvSettings(given *document.Value) (csvSettings, bool) {
	s := csvSettings{path: given, delimiter: ','}
	if given.Kind != document.Map {
		return s, true
	}
	if s.path = given.Get("path"); s.path == nil {
		l.reportValue(RuleListSource, given, "this has no path", "name the file: `path: customers.csv`")
		return s, false
	}
	ok := true
	for i := range given.Members {
		switch m := &given.Members[i]; m.Key {
		case "path":
		case "delimiter":
			var size int
			s.delimiter, size = utf8.DecodeRuneInString(m.Value.String())
			if size == 0 || size != len(m.Value.Text) || !isDelimiter(s.delimiter) {
				l.reportValue(RuleListSource, m.Value, "a delimiter is one character other than a quote or a line break", `such as ";", or "\t" for a tab`)
				ok = false
			}
		case "columns":
			s.columns = m.Value
			if n := len(m.Value.Strings()); n == 0 || n != len(m.Value.Items) {
				l.reportValue(RuleListSource, m.Value, "`columns` is a list of names", "such as [id, plan]")
				ok = false
			}
		default:
			l.report(RuleListSource, m.Range(), fmt.Sprintf("a csv source has no %q", m.Key), "it has path, delimiter, columns")
			ok = false
		}
	}
	return s, ok
}

func isDelimiter(r rune) bool {
	return r != '"' && r != '\r' && r != '\n' && r != utf8.RuneError
}
