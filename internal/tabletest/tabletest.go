// Package tabletest checks whether the test of a table notices that something
// is missing.
package tabletest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// A Table is a table with the check that a test makes of it.
type Table[R any] struct {
	Rows []R
	File string // that lists the rows

	// Name returns what a row describes, and RowFile the file that has it.
	Name    func(R) string
	RowFile func(R) string

	// Ask returns a sentence for everything that is wrong with a table.
	Ask func(rows []R) []string
}

// Check demands that nothing is wrong with the table. Then it removes each row,
// and each field of a row that is set, and demands a sentence that names the
// row, the field and the file.
func (table Table[R]) Check(t *testing.T) {
	t.Helper()
	if wrong := table.Ask(table.Rows); len(wrong) > 0 {
		t.Fatalf("%s:\n%s", table.File, strings.Join(wrong, "\n"))
	}
	for i, row := range table.Rows {
		demand(t, "the row is deleted", table.Ask(slices.Delete(slices.Clone(table.Rows), i, i+1)), table.Name(row), table.File)
		rows := slices.Clone(table.Rows)
		eachField(reflect.ValueOf(&rows[i]).Elem(), func(field string) {
			demand(t, field+" is taken away", table.Ask(rows), table.Name(row), field, table.RowFile(row))
		})
	}
}

// eachField calls do for each field that is set, with the field removed during
// the call. It removes fields of nested structs one by one, and slices of
// structs also as a whole.
func eachField(row reflect.Value, do func(field string)) {
	for i := range row.NumField() {
		name := row.Type().Field(i).Name
		field := reflect.NewAt(row.Field(i).Type(), unsafe.Pointer(row.Field(i).UnsafeAddr())).Elem() // unexported ones, too
		if field.IsZero() {
			continue
		}
		if field.Kind() == reflect.Struct {
			eachField(field, do)
			continue
		}
		if field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct {
			for j := range field.Len() {
				eachField(field.Index(j), do)
				without(field, reflect.AppendSlice(field.Slice3(0, j, j), field.Slice(j+1, field.Len())), func() { do(name) })
			}
		}
		without(field, reflect.Zero(field.Type()), func() { do(name) })
	}
}

// without calls do while a field has another value.
func without(field, other reflect.Value, do func()) {
	was := reflect.New(field.Type()).Elem()
	was.Set(field)
	field.Set(other)
	do()
	field.Set(was)
}

// demand looks for a sentence that has all words.
func demand(t *testing.T, what string, sentences []string, words ...string) {
	t.Helper()
	for _, sentence := range sentences {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(sentence, word) }) {
			return
		}
	}
	t.Errorf("%s: when %s, no sentence names %s; there are %d:\n  %s", words[0], what, strings.Join(words, ", "), len(sentences), strings.Join(sentences, "\n  "))
}
