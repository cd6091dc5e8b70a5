package report

import (
	"strings"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// longestInline is how many columns a difference may take to stand on the line
// of its path. A larger one is shown on lines of its own.
const longestInline = 100

// planView is a plan as it is shown, whatever the format: it words the
// differences, and knows the code that the plan holds.
type planView struct {
	plan   *planner.Plan
	bounds bounds
	code   map[string]planner.Code // by short digest
	codes  map[[2]string][]line    // differences of code, by both short digests
	room   int                     // for lines of them
	assets map[string]planner.Assets
}

func viewOf(plan *planner.Plan, b bounds) *planView {
	v := &planView{plan: plan, bounds: b, code: map[string]planner.Code{}, codes: map[[2]string][]line{}, room: maxCodeLines, assets: assetsByDigest(plan)}
	for _, known := range []map[string]planner.Code{plan.LiveCode, plan.Code} {
		for digest, code := range known {
			v.code[spec.ShortDigest(digest)] = code
		}
	}
	return v
}

// fieldView is one difference in safe words.
type fieldView struct {
	op   planner.FieldOp
	path string

	// value is the difference on one line; "" where only lines can hold it.
	value string
	lines []line

	// note says how it is with the others that the change stands for.
	note string
}

// fields returns the differences of a group's example.
func (v *planView) fields(g group) []fieldView {
	fields := make([]fieldView, len(g.example().Fields))
	for i, f := range g.example().Fields {
		fields[i] = v.field(f)
		if note := otherValues(g.others[i]); note != "" {
			fields[i].note = strings.TrimPrefix(fields[i].note+"; "+note, "; ")
		}
	}
	return fields
}

func (v *planView) field(f planner.FieldChange) fieldView {
	view := fieldView{op: f.Op, path: safe(f.Path)}
	switch {
	case f.Sensitive:
		view.value = secretValue(f)
	case f.Path == "/code":
		view.value, view.lines = v.codeChange(f)
	case f.Path == "/assets":
		view.value = v.assetsChange(f)
	default:
		if view.value = inlineValue(f); displayWidth(view.value) > longestInline {
			view.value, view.lines = "", v.bounds.largeValue(f)
		}
	}
	if f.ForcesReplacement {
		view.note = "forces replacement"
	}
	return view
}

// secretValue stands for the value of a secret, and says why it is written.
func secretValue(f planner.FieldChange) string {
	why, written := map[planner.SecretReason]string{
		planner.SecretMissing:    "will be written: the account does not have it",
		planner.SecretDiffers:    "will be written: its value differs",
		planner.SecretAsked:      "will be written, as --write-secrets asks",
		planner.SecretUploaded:   "will be written with the upload",
		planner.SecretPatched:    "will be written with the settings",
		planner.SecretUnverified: "will be written: whether its value differs is not known",
	}[f.WriteReason]
	if !written {
		return "(secret)"
	}
	return "(secret) " + why
}

// inlineValue returns a difference on one line.
func inlineValue(f planner.FieldChange) string {
	switch f.Op {
	case planner.FieldAdd:
		return compact(f.After, f.Unknown)
	case planner.FieldRemove:
		return compact(f.Before, false)
	default:
		return compact(f.Before, false) + " -> " + compact(f.After, f.Unknown)
	}
}

// largeValue returns a difference on lines of its own.
func (b bounds) largeValue(f planner.FieldChange) []line {
	switch f.Op {
	case planner.FieldAdd:
		return b.difference(nil, linesOf(f.After, f.Unknown))
	case planner.FieldRemove:
		return b.difference(linesOf(f.Before, false), nil)
	default:
		return b.difference(linesOfBoth(f))
	}
}

// compact returns a value in JSON on one line.
func compact(value any, unknown bool) string { return safe(jsonText(value, "", unknown)) }

// jsonText returns a value in JSON, in which the placeholder of an unknown
// value is not quoted: it is no text that the Worker would see.
func jsonText(value any, indent string, unknown bool) string {
	text := encodeValue(value, indent)
	if unknown {
		text = strings.ReplaceAll(text, `"`+planner.KnownAfterApply+`"`, planner.KnownAfterApply)
	}
	return text
}

// linesOf returns a value in safe lines: text of several lines in its own,
// anything else in those of indented JSON.
func linesOf(value any, unknown bool) []string {
	if text, ok := value.(string); ok && strings.Contains(text, "\n") {
		return textLines(text)
	}
	return textLines(jsonText(value, "  ", unknown))
}

// linesOfBoth shows two texts in the same way, also when only one of them has
// several lines.
func linesOfBoth(f planner.FieldChange) (before, after []string) {
	textBefore, isText := f.Before.(string)
	textAfter, areTexts := f.After.(string)
	if isText && areTexts && strings.Contains(textBefore+textAfter, "\n") {
		return textLines(textBefore), textLines(textAfter)
	}
	return linesOf(f.Before, false), linesOf(f.After, f.Unknown)
}
