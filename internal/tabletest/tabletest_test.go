package tabletest

import (
	"reflect"
	"slices"
	"testing"
)

// Every field that is set is removed once, and is there again afterwards.
func TestEachField(t *testing.T) {
	type inner struct {
		Name  string
		count int
	}
	type outer struct {
		Name   string
		Unset  bool
		call   func()
		Inner  inner
		Inners []inner
	}
	row := outer{Name: "a", call: func() {}, Inner: inner{count: 1}, Inners: []inner{{"x", 1}, {"y", 2}}}
	var taken []string
	eachField(reflect.ValueOf(&row).Elem(), func(field string) { taken = append(taken, field) })
	if want := []string{"Name", "call", "count", "Name", "count", "Inners", "Name", "count", "Inners", "Inners"}; !slices.Equal(taken, want) {
		t.Errorf("taken away are %v, want %v", taken, want)
	}
	if row.Name != "a" || row.call == nil || !slices.Equal(row.Inners, []inner{{"x", 1}, {"y", 2}}) {
		t.Errorf("what is left is %+v", row)
	}
}
