package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// longestCodeLine is the longest line of code that a person reads. A module with
// a longer one was made by a minifier, and a difference of it says nothing.
const longestCodeLine = 2000

// codeChange is a difference of code: by short digest, by size where the plan
// embeds what it uploads, and line by line where it embeds both sides, as when
// one Worker gets the code that another one gives up.
func (v *planView) codeChange(f planner.FieldChange) (value string, lines []line) {
	before, after := digestText(f.Before), digestText(f.After)
	value = digestValue(f)
	code, embedded := v.code[after]
	if !embedded {
		return value, nil
	}
	value = fmt.Sprintf("%s (%s, %s)", value, count(len(code.Modules), "module", "modules"), bytesOf(sizeOf(code)))
	if former, known := v.code[before]; known && f.Op == planner.FieldReplace {
		lines = v.codeLines(before, after, former, code)
	}
	return value, lines
}

// codeLines is how the modules of two codes differ.
func (v *planView) codeLines(from, to string, before, after planner.Code) []line {
	key := [2]string{from, to}
	if lines, known := v.codes[key]; known {
		return lines
	}
	was, is := modulesByName(before), modulesByName(after)
	names := map[string]bool{}
	for name := range was {
		names[name] = true
	}
	for name := range is {
		names[name] = true
	}
	var lines []line
	for _, name := range slices.Sorted(maps.Keys(names)) {
		b, inBefore := was[name]
		a, inAfter := is[name]
		switch {
		case !inBefore:
			lines = append(lines, line{lineAfter, fmt.Sprintf("%s (%s)", safe(name), bytesOf(int64(len(a.Content))))})
		case !inAfter:
			lines = append(lines, line{lineBefore, fmt.Sprintf("%s (%s)", safe(name), bytesOf(int64(len(b.Content))))})
		case string(a.Content) != string(b.Content):
			lines = append(lines, v.moduleLines(b, a)...)
		}
	}
	lines = v.bounds.cut(lines)
	v.codes[key] = lines
	return lines
}

func (v *planView) moduleLines(before, after spec.Module) []line {
	head := fmt.Sprintf("%s  %s -> %s", safe(before.Name), bytesOf(int64(len(before.Content))), bytesOf(int64(len(after.Content))))
	if !readable(before) || !readable(after) {
		return []line{{lineHead, head}}
	}
	return append([]line{{lineHead, head}}, v.bounds.difference(textLines(string(before.Content)), textLines(string(after.Content)))...)
}

// readable reports whether a module is a text that a person would read.
func readable(m spec.Module) bool {
	if !strings.HasPrefix(string(m.Type), "text/") && !strings.HasPrefix(string(m.Type), "application/javascript") ||
		len(m.Content) > mostComparedBytes || !utf8.Valid(m.Content) {
		return false
	}
	for l := range strings.Lines(string(m.Content)) {
		if len(l) > longestCodeLine {
			return false
		}
	}
	return true
}

func modulesByName(code planner.Code) map[string]spec.Module {
	modules := map[string]spec.Module{}
	for _, m := range code.Modules {
		modules[m.Name] = m
	}
	return modules
}

func sizeOf(code planner.Code) int64 {
	var size int64
	for _, m := range code.Modules {
		size += int64(len(m.Content))
	}
	return size
}

// bytesOf is a size in the unit that suits it.
func bytesOf(n int64) string {
	const kib, mib = 1 << 10, 1 << 20
	switch {
	case n < kib:
		return fmt.Sprintf("%d B", n)
	case n < mib:
		return fmt.Sprintf("%.1f KiB", float64(n)/kib)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/mib)
}
