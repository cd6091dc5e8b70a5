package expression

import (
	"reflect"
)

// budget is what an evaluation may still spend. The virtual machine bounds only
// how many list items are made, not how often a loop runs or how long a string
// grows; see rewrite for where the budget is charged.
type budget struct{ left int }

// maxWork is the work of one evaluation. It is generous: a filter over a list
// of 100,000 customers fits, and runs in a fraction of a second.
const maxWork = 4_000_000

// bytesPerUnit is how much text is as much work as one value.
const bytesPerUnit = 16

var tooMuch = &fault{"this expression takes too much work", "it repeats or copies more than a stack file needs; make lists smaller, or prepare the data in a list's file"}

func (b *budget) take(n int) bool {
	b.left -= n
	return b.left >= 0
}

// charge pays for the use of a value: for all that hangs on it, because the
// same list can stand in another many times over.
func (b *budget) charge(value any) bool {
	if !b.take(1) {
		return false
	}
	switch v := value.(type) {
	case nil, bool, float64, int:
		return true
	case string:
		return b.take(len(v) / bytesPerUnit)
	case []any:
		for _, item := range v {
			if !b.charge(item) {
				return false
			}
		}
		return true
	case map[string]any:
		for key, member := range v {
			if !b.take(len(key)/bytesPerUnit) || !b.charge(member) {
				return false
			}
		}
		return true
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if !b.charge(v.Index(i).Interface()) {
				return false
			}
		}
	case reflect.Map:
		for iter := v.MapRange(); iter.Next(); {
			if !b.charge(iter.Key().Interface()) || !b.charge(iter.Value().Interface()) {
				return false
			}
		}
	}
	return true
}
