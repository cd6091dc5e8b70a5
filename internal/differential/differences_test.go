package differential_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// A difference is what the list of differences says of a project in some columns.
type difference struct {
	kind    string
	result  result
	project string
	columns []int
	line    int
}

// differencesFile lists every result but "same" that is known, below the kind
// that it is of; docs/bundling.md says why.
const differencesFile = npm + "/differences.txt"

// readDifferences reads the list. A kind is a line that begins with "# ". The
// lines after it are
//
//	RESULT PROJECT COLUMN…
//
// where two columns with ".." between them stand for those between as well.
func readDifferences(t testing.TB) []difference {
	t.Helper()
	content, err := os.ReadFile(differencesFile)
	if err != nil {
		t.Fatal(err)
	}
	var list []difference
	kind := ""
	for n, line := range strings.Split(string(content), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] == "#" {
			kind = strings.Join(words[1:], " ")
			continue
		}
		if kind == "" || len(words) < 3 || !slices.Contains(results, result(words[0])) {
			t.Fatalf("%s:%d: %q is not RESULT PROJECT COLUMN… of a kind", differencesFile, n+1, line)
		}
		d := difference{kind: kind, result: result(words[0]), project: words[1], line: n + 1}
		for _, word := range words[2:] {
			from, to, isRange := strings.Cut(word, "..")
			if !isRange {
				to = from
			}
			first, last := columnNamed(from), columnNamed(to)
			if first < 0 || last < first {
				t.Fatalf("%s:%d: there are no columns %q", differencesFile, n+1, word)
			}
			for c := first; c <= last; c++ {
				d.columns = append(d.columns, c)
			}
		}
		list = append(list, d)
	}
	return list
}

// columnNames writes columns as the list of differences has them. Those that
// follow each other are a range.
func columnNames(list []int) string {
	var words []string
	for i := 0; i < len(list); {
		last := i
		for last+1 < len(list) && list[last+1] == list[last]+1 {
			last++
		}
		word := columns[list[i]].name
		if last > i {
			word += ".." + columns[list[last]].name
		}
		words = append(words, word)
		i = last + 1
	}
	return strings.Join(words, " ")
}

// TestDifferencesHaveReasons holds the list against the page that gives the
// reason of each kind.
func TestDifferencesHaveReasons(t *testing.T) {
	page, err := os.ReadFile("../../docs/bundling.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, p := range readProjects(t) {
		known[p.name] = true
	}
	kinds := map[string]bool{}
	for _, d := range readDifferences(t) {
		kinds[d.kind] = true
		if !known[d.project] {
			t.Errorf("%s:%d: there is no project %q", differencesFile, d.line, d.project)
		}
	}
	for kind := range kinds {
		if !strings.Contains(string(page), "\n| "+kind+" | ") {
			t.Errorf("docs/bundling.md has no row that begins with %q, a kind of difference in %s", "| "+kind+" | ", differencesFile)
		}
	}
	_, table, found := strings.Cut(string(page), "| difference | ")
	if !found {
		t.Fatal("docs/bundling.md has no table of differences")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range strings.Split(strings.TrimSpace(table), "\n")[2:] {
		if kind := strings.TrimSpace(strings.Split(row, "|")[1]); !kinds[kind] {
			t.Errorf("docs/bundling.md gives a reason for %q, which no project in %s shows: take it off the page", kind, differencesFile)
		}
	}
}

// check compares the results of a project with the list.
func check(t *testing.T, list []difference, p project, cells map[int]cell) {
	t.Helper()
	listed := map[int]bool{}
	for _, d := range list {
		if d.project != p.name {
			continue
		}
		var gone []int
		for _, n := range d.columns {
			cell, run := cells[n]
			if run && cell.result != d.result {
				gone = append(gone, n)
			}
			listed[n] = listed[n] || run && cell.result == d.result
		}
		if len(gone) > 0 {
			t.Errorf("%s:%d: %q does not occur any more: take it off the list", differencesFile, d.line, fmt.Sprintf("%s %s %s", d.result, d.project, columnNames(gone)))
		}
	}
	for _, r := range results {
		var missing []int
		for _, n := range p.columns {
			if cell, run := cells[n]; run && cell.result == r && !listed[n] {
				missing = append(missing, n)
			}
		}
		if len(missing) > 0 {
			t.Errorf("mend this, or list it in %s with a kind that docs/bundling.md gives the reason of: %s %s %s\n%s",
				differencesFile, r, p.name, columnNames(missing), cells[missing[0]].why())
		}
	}
}
