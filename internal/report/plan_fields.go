package report

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Bounds of how values are shown. A value that one line does not hold is shown
// on lines of its own, and of those no more than a person would read.
const (
	longestInline = 100 // columns of both sides together
	longestLine   = 160 // columns of a line of a large value
	mostLines     = 20  // lines of one side of a large value
	contextLines  = 2   // lines around a difference that are alike
	contextWidth  = 20  // characters before a difference within a line
	widestPath    = 40  // columns that short paths are padded to at most
)

// fields writes the differences of a change, one below the other.
func (p *printer) fields(plan *planner.Plan, c planner.Change) {
	padding := 0
	for _, f := range c.Fields {
		if w := displayWidth(safe(f.Path)); w <= widestPath {
			padding = max(padding, w)
		}
	}
	for _, f := range c.Fields {
		color, marker := fieldMarker(f.Op)
		path := safe(f.Path)
		head := "      " + p.paint(color, marker) + " " + path
		if inline, ok := inlineValue(plan, c, f); ok {
			p.line("%s%s  %s", head, strings.Repeat(" ", max(padding-displayWidth(path), 0)), inline)
			continue
		}
		p.line("%s", head)
		p.largeValue(f)
	}
}

func fieldMarker(op planner.FieldOp) (color, marker string) {
	switch op {
	case planner.FieldAdd:
		return green, "+"
	case planner.FieldRemove:
		return red, "-"
	default:
		return yellow, "~"
	}
}

// inlineValue is a difference on one line, if it fits there.
func inlineValue(plan *planner.Plan, c planner.Change, f planner.FieldChange) (string, bool) {
	switch {
	case f.Sensitive:
		return "(secret)", true
	case f.Path == "/code":
		return codeValue(plan, c, f), true
	case f.Path == "/assets":
		return assetsValue(plan, c, f), true
	}
	var value string
	switch f.Op {
	case planner.FieldAdd:
		value = compact(f.After, f.Unknown)
	case planner.FieldRemove:
		value = compact(f.Before, false)
	default:
		value = compact(f.Before, false) + " -> " + compact(f.After, f.Unknown)
	}
	return value, displayWidth(value) <= longestInline
}

// compact is a value in JSON on one line.
func compact(value any, unknown bool) string { return safe(jsonText(value, "", unknown)) }

// jsonText is a value in JSON, in which the placeholder of an unknown value is
// not quoted: it is no text that the Worker would see.
func jsonText(value any, indent string, unknown bool) string {
	text := encodeValue(value, indent)
	if unknown {
		text = strings.ReplaceAll(text, `"`+planner.KnownAfterApply+`"`, planner.KnownAfterApply)
	}
	return text
}

// codeValue is code by its short digest. How much code it is, is known only
// where the plan embeds it.
func codeValue(plan *planner.Plan, c planner.Change, f planner.FieldChange) string {
	value := digestValue(f)
	script, ok := c.Desired.(spec.Scripted)
	if !ok || script.Definition().Code == nil {
		return value
	}
	code, embedded := plan.Code[script.Definition().Code.Digest]
	if !embedded {
		return value
	}
	size := 0
	for _, m := range code.Modules {
		size += len(m.Content)
	}
	return fmt.Sprintf("%s (%s, %s)", value, count(len(code.Modules), "module", "modules"), bytesOf(int64(size)))
}

// assetsValue is static files by their short digest, and how many there are
// where the plan embeds them. The platform tells nobody which files a Worker has,
// so a plan cannot say which of them it changes.
func assetsValue(plan *planner.Plan, c planner.Change, f planner.FieldChange) string {
	value := digestValue(f)
	script, ok := c.Desired.(spec.Scripted)
	if !ok || script.Definition().Assets == nil || script.Definition().Assets.Files == nil {
		return value
	}
	assets, embedded := plan.Assets[script.Definition().Assets.Files.Digest]
	if !embedded {
		return value
	}
	size := fmt.Sprintf("%s, %s", count(len(assets.Files), "file", "files"), bytesOf(assets.Size()))
	if f.Op == planner.FieldReplace {
		size += "; the account does not tell which differ"
	}
	return value + " (" + size + ")"
}

// digestValue is what is compared by digest.
func digestValue(f planner.FieldChange) string {
	before, after := digestText(f.Before), digestText(f.After)
	switch f.Op {
	case planner.FieldAdd:
		return after
	case planner.FieldRemove:
		return before
	default:
		return before + " -> " + after
	}
}

func digestText(value any) string {
	digest, _ := value.(string)
	return safe(digest)
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
