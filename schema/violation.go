package schema

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// Violation is one place where a value breaks the schema.
type Violation struct {
	// Pointer is the JSON Pointer of the offending value: for an unknown key,
	// of that key's value; for a missing one, of the mapping it is missing in.
	Pointer string

	// Keyword is the schema's keyword that is broken: "type", "required",
	// "pattern", "enum", "minimum"…, or [Unknown].
	Keyword string

	// Message says what is wrong, in lower case and without a final period.
	Message string

	// Missing are the keys that are missing, for the keyword "required".
	Missing []string

	// Allowed are the keys that may be there, sorted, for [Unknown], and the
	// values that may, in the schema's order, for "enum".
	Allowed []string

	// Expected describes what belongs there, where the schema says so.
	Expected string
}

// Unknown is the keyword of a violation by a key that the schema does not name.
const Unknown = "unknown"

// validate returns what is wrong with a value, nil when nothing is.
func (d *document) validate(value any) []Violation {
	compiled := d.compile(value)
	err := compiled.Validate(value)
	if err == nil {
		return nil
	}
	// The library leaves empty keys out of its pointers. Only a value that is
	// wrong anyway pays for working around that.
	if hasEmptyKey(value) {
		value = renameEmptyKeys(value)
		err = compiled.Validate(value)
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []Violation{{Keyword: "type", Message: "expected a JSON value"}}
	}
	found := map[violationKey]Violation{}
	for leaf := range leaves(invalid) {
		v := d.translate(value, leaf)
		found[violationKey{v.Pointer, v.Keyword}] = v
	}
	return slices.SortedFunc(maps.Values(found), func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Keyword, b.Keyword))
	})
}

// violationKey tells violations apart: the same rule broken at the same place,
// found on two ways through the schema, is one violation.
type violationKey struct{ pointer, keyword string }

// leaves returns the errors that stand for themselves; the others only say that
// something within them is wrong.
func leaves(err *jsonschema.ValidationError) func(yield func(*jsonschema.ValidationError) bool) {
	return func(yield func(*jsonschema.ValidationError) bool) { eachLeaf(err, yield) }
}

func eachLeaf(err *jsonschema.ValidationError, yield func(*jsonschema.ValidationError) bool) bool {
	if len(err.Causes) == 0 {
		return yield(err)
	}
	for _, cause := range err.Causes {
		if !eachLeaf(cause, yield) {
			return false
		}
	}
	return true
}

// translate turns an error of the library into a violation.
func (d *document) translate(value any, leaf *jsonschema.ValidationError) Violation {
	pointer := decodeLocation(leaf.InstanceLocation)
	rule := d.follow(decodeLocation(leaf.KeywordLocation))
	v := Violation{Pointer: restoreEmptyKeys(pointer), Keyword: rule.keyword, Expected: rule.description}
	key := restoreEmptyKeys(lastKey(pointer))
	switch rule.keyword {
	case "unevaluatedProperties", "additionalProperties":
		v.Keyword = Unknown
		v.Allowed = rule.properties()
		v.Message = "unknown key " + quote(key)
		v.Expected = ""
		return v
	case "required":
		v.Missing = rule.missing(lookup(value, pointer))
	case "enum":
		v.Allowed = rule.allowed()
	}
	offending := lookup(value, pointer)
	if rule.ofKey {
		offending = key
	}
	v.Message = message(rule, v, offending)
	return v
}
