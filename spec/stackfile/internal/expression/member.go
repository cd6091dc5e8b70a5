package expression

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// fault is what is wrong, before it is known where.
type fault struct{ message, hint string }

func (f *fault) Error() string { return f.message }

// need is how much a member has to be there.
type need int

const (
	required    need = iota // of.key
	optional                // of?.key, and all of a chain before `??`
	ifThereIsOf             // the .key in a?.of.key: nil is passed on
)

// member returns a member of a value. The name is how the expression calls the
// value.
func member(of, key any, name string, need need) (any, *fault) {
	switch of := of.(type) {
	case nil:
		if need != required {
			return nil, nil
		}
		return nil, &fault{fmt.Sprintf("`%s` is nil and has no %s", name, describeKey(key)), "write `?.` where a value may be missing"}
	case map[string]any:
		k, ok := key.(string)
		if !ok {
			return nil, &fault{fmt.Sprintf("`%s` is a map; its keys are text, not %s", name, describeKey(key)), ""}
		}
		value, ok := of[k]
		if !ok && need != optional {
			return nil, missing(of, k, name)
		}
		return value, nil
	case string:
		return nil, &fault{fmt.Sprintf("`%s` is text and has no %s", name, describeKey(key)), partOfText(key)}
	}
	switch v := reflect.ValueOf(of); v.Kind() {
	case reflect.Slice:
		return itemOf(v, key, name, need)
	case reflect.Map: // what groupBy makes
		k := reflect.ValueOf(key)
		if k.IsValid() && k.Comparable() {
			if value := v.MapIndex(k); value.IsValid() {
				return value.Interface(), nil
			}
		}
		if need == optional {
			return nil, nil
		}
		return nil, &fault{fmt.Sprintf("`%s` has no %s", name, describeKey(key)), ""}
	}
	return nil, &fault{fmt.Sprintf("`%s` is %s and has no %s", name, aKindOf(of), describeKey(key)), ""}
}

// partOfText tells how to get a character of text.
func partOfText(key any) string {
	if _, ok := wholeNumber(key); ok {
		return "a character is a part of the text: [0:1]"
	}
	return ""
}

func itemOf(list reflect.Value, key any, name string, need need) (any, *fault) {
	i, ok := wholeNumber(key)
	if !ok {
		return nil, &fault{fmt.Sprintf("`%s` is a list and has no %s", name, describeKey(key)), "name an item by its number, or use map(" + name + ", …) for all of them"}
	}
	n := list.Len()
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		if need == optional {
			return nil, nil
		}
		return nil, &fault{fmt.Sprintf("`%s` has no item %s: it has %d", name, describeKey(key), n), ""}
	}
	return list.Index(i).Interface(), nil
}

func missing(of map[string]any, key, name string) *fault {
	known := slices.Sorted(maps.Keys(of))
	f := &fault{message: fmt.Sprintf("`%s` has no %q", name, key)}
	if len(known) == 0 {
		f.hint = "it is empty"
		return f
	}
	f.hint = didYouMean(key, known, "its members are "+listed(known))
	return f
}

// maxListed is how many names a message can hold.
const maxListed = 12

func listed(names []string) string {
	if len(names) > maxListed {
		return strings.Join(names[:maxListed], ", ") + fmt.Sprintf(" and %d more", len(names)-maxListed)
	}
	return strings.Join(names, ", ")
}

// describeKey returns a key as a message shows it.
func describeKey(key any) string {
	switch key := key.(type) {
	case string:
		return fmt.Sprintf("%q", shorten(key))
	case nil:
		return "nil"
	}
	if text, ok := appendScalar(nil, key); ok {
		return string(text)
	}
	return kindOf(key)
}
