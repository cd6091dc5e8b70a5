package diag_test

import (
	"testing"

	"github.com/wfpsync/wfpsync/diag"
)

func TestNearest(t *testing.T) {
	candidates := []string{"main", "name", "script", "compatibility_date"}
	for given, want := range map[string]string{
		"mian":               "main",
		"nmae":               "name",
		"skript":             "script",
		"compatability_date": "compatibility_date",
		"id":                 "",
		"x":                  "",
		"something":          "",
		"":                   "",
	} {
		if got := diag.Nearest(given, candidates); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestSorted(t *testing.T) {
	at := func(file string, line int) diag.Range { return diag.Range{File: file, Line: line, Column: 1} }
	list := diag.List{
		{Severity: diag.Error, Message: "c", Range: at("b", 1)},
		{Severity: diag.Warning, Message: "b", Range: at("a", 2)},
		{Severity: diag.Error, Message: "a", Range: at("a", 1)},
		{Severity: diag.Error, Message: "a", Range: at("a", 1)},
	}
	var got string
	for _, d := range list.Sorted() {
		got += d.Message
	}
	if got != "abc" {
		t.Errorf("sorted: %s", got)
	}
	if !list.HasErrors() || list.Err() == nil || (diag.List{list[1]}).Err() != nil {
		t.Error("only errors are errors")
	}
}
