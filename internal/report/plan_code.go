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

// codeChange returns a difference of code: by short digest, by size where the
// plan embeds it, and line by line where it embeds both sides, as when another
// program wrote the live code, or one Worker gets the code that another one
// gives up.
func (v *planView) codeChange(f planner.FieldChange) (value string, lines []line) {
	before, after := digestText(f.Before), digestText(f.After)
	value = digestValue(f)
	former, known := v.code[before]
	code, embedded := v.code[after]
	switch {
	case known && embedded:
		return fmt.Sprintf("%s (%s -> %s)", value, sizeWords(former), sizeWords(code)), v.codeLines(before, after, former, code)
	case embedded:
		return fmt.Sprintf("%s (%s)", value, sizeWords(code)), nil
	case known && f.Op == planner.FieldRemove:
		return fmt.Sprintf("%s (%s)", value, sizeWords(former)), nil
	}
	return value, nil
}

// sizeWords returns how large code is.
func sizeWords(code planner.Code) string {
	return count(len(code.Modules), "module", "modules") + ", " + bytesOf(sizeOf(code))
}

// maxCodeLines is how many lines of code a document has in differences. Where
// each of ten thousand Workers runs its own, the first ones are what is read.
const maxCodeLines = 20_000

// codeLines returns how the modules of two codes differ, while there is room.
func (v *planView) codeLines(from, to string, before, after planner.Code) []line {
	key := [2]string{from, to}
	if lines, known := v.codes[key]; known {
		return lines
	}
	if v.room <= 0 {
		return []line{{lineGap, "… code of many other changes is shown above"}}
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
	renamed := mainRenamed(before, after, was, is)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		b, inBefore := was[name]
		a, inAfter := is[name]
		switch {
		case renamed && name == before.MainModule: // stands with its counterpart
		case renamed && name == after.MainModule:
			lines = append(lines, v.moduleLines(was[before.MainModule], a)...)
		case !inBefore:
			lines = append(lines, line{lineAfter, fmt.Sprintf("%s (%s)", safe(name), bytesOf(int64(len(a.Content))))})
		case !inAfter:
			lines = append(lines, line{lineBefore, fmt.Sprintf("%s (%s)", safe(name), bytesOf(int64(len(b.Content))))})
		case string(a.Content) != string(b.Content):
			lines = append(lines, v.moduleLines(b, a)...)
		}
	}
	lines = v.bounds.cut(lines)
	v.room -= len(lines)
	v.codes[key] = lines
	return lines
}

// mainRenamed reports whether the main modules are each other's counterparts
// although their names differ, as they do where another tool has built one.
func mainRenamed(before, after planner.Code, was, is map[string]spec.Module) bool {
	_, goes := was[before.MainModule]
	_, stays := is[before.MainModule]
	_, comes := is[after.MainModule]
	_, stood := was[after.MainModule]
	return goes && !stays && comes && !stood
}

func (v *planView) moduleLines(before, after spec.Module) []line {
	name := safe(before.Name)
	if before.Name != after.Name {
		name += " -> " + safe(after.Name)
	}
	head := fmt.Sprintf("%s  %s -> %s", name, bytesOf(int64(len(before.Content))), bytesOf(int64(len(after.Content))))
	if !readable(before) || !readable(after) {
		return []line{{lineHead, head}}
	}
	return append([]line{{lineHead, head}}, v.bounds.difference(textLines(string(before.Content)), textLines(string(after.Content)))...)
}

// readable reports whether a module is text that a person would read.
func readable(m spec.Module) bool {
	if !strings.HasPrefix(string(m.Type), "text/") && !strings.HasPrefix(string(m.Type), "application/javascript") ||
		len(m.Content) > maxComparedBytes || !utf8.Valid(m.Content) {
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

// bytesOf returns a size in the unit that suits it.
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
