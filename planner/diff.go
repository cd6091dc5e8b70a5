package planner

import (
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/wfpsync/wfpsync/internal/text"
	"github.com/wfpsync/wfpsync/spec"
)

// KnownAfterApply takes the place of a value that the platform assigns while
// the plan is applied; see [FieldChange.Unknown].
const KnownAfterApply = "(known after apply)"

// diff returns the differences between two canonical forms, sorted by path.
func diff(before, after spec.Object) []FieldChange {
	return diffObjects(nil, "", before, after)
}

func diffObjects(changes []FieldChange, path string, before, after spec.Object) []FieldChange {
	names := make([]string, 0, len(before)+len(after))
	names = slices.AppendSeq(slices.AppendSeq(names, maps.Keys(before)), maps.Keys(after))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		b, inBefore := before[name]
		a, inAfter := after[name]
		at := path + "/" + text.EscapePointer(name)
		switch {
		case !inBefore && at == "/bindings":
			changes = diffObjects(changes, at, nil, a.(spec.Object))
		case !inAfter && at == "/bindings":
			changes = diffObjects(changes, at, b.(spec.Object), nil)
		case !inBefore:
			changes = append(changes, fieldChange(at, FieldAdd, nil, a))
		case !inAfter:
			changes = append(changes, fieldChange(at, FieldRemove, b, nil))
		default:
			changes = diffValues(changes, at, b, a)
		}
	}
	return changes
}

func diffValues(changes []FieldChange, path string, before, after any) []FieldChange {
	switch b := before.(type) {
	case spec.Object:
		if a, ok := after.(spec.Object); ok && b["type"] == a["type"] {
			return diffObjects(changes, path, b, a)
		}
	case []any:
		// Elements correspond by index only if none was added or removed;
		// otherwise the whole list is shown.
		if a, ok := after.([]any); ok && len(a) == len(b) {
			for i := range b {
				changes = diffValues(changes, path+"/"+strconv.Itoa(i), b[i], a[i])
			}
			return changes
		}
	}
	if reflect.DeepEqual(before, after) {
		return changes
	}
	return append(changes, fieldChange(path, FieldReplace, before, after))
}

func fieldChange(path string, op FieldOp, before, after any) FieldChange {
	c := FieldChange{Path: path, Op: op, Sensitive: isSecret(before) || isSecret(after)}
	c.Before, _ = withoutUnknown(before)
	c.After, c.Unknown = withoutUnknown(after)
	return c
}

func isSecret(value any) bool {
	binding, ok := value.(spec.Object)
	kind, _ := binding["type"].(string)
	return ok && spec.BindingTypeOf(kind).KeyMaterial != nil
}

// withoutUnknown replaces values that are not known yet by [KnownAfterApply],
// so that the result is plain JSON, and reports whether it replaced any.
func withoutUnknown(value any) (any, bool) {
	if value == spec.Unknown {
		return KnownAfterApply, true
	}
	fields, ok := value.(spec.Object)
	if !ok {
		return value, false
	}
	unknown := false
	for _, v := range fields {
		unknown = unknown || v == spec.Unknown
	}
	if !unknown {
		return value, false
	}
	known := maps.Clone(fields)
	for name, v := range known {
		if v == spec.Unknown {
			known[name] = KnownAfterApply
		}
	}
	return known, true
}
