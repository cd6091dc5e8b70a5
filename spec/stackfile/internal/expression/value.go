package expression

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// kindOf returns what a person calls a value's type.
func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "nil"
	case bool:
		return "bool"
	case string:
		return "text"
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Slice, reflect.Array:
		return "list"
	case reflect.Map:
		return "map"
	default:
		if v.CanInt() || v.CanUint() || v.CanFloat() {
			return "number"
		}
		return "function"
	}
}

// aKindOf returns a value's kind with its article.
func aKindOf(value any) string { return withArticle(kindOf(value)) }

func withArticle(kind string) string {
	if kind == "text" || kind == "nil" || kind == "any value" {
		return kind
	}
	return "a " + kind
}

// plainNumber returns a number as JSON has it; false for what is no number.
func plainNumber(value any) (float64, bool) {
	switch n := value.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	case string, bool, nil, map[string]any, []any:
		return 0, false
	}
	switch v := reflect.ValueOf(value); {
	case v.CanInt():
		return float64(v.Int()), true
	case v.CanUint():
		return float64(v.Uint()), true
	case v.CanFloat():
		return v.Float(), true
	}
	return 0, false
}

// wholeNumber returns a number without a fraction that fits an int.
func wholeNumber(value any) (int, bool) {
	n, ok := plainNumber(value)
	if !ok || n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		return 0, false
	}
	return int(n), true
}

// appendScalar writes text, a number or a bool; false for anything else.
func appendScalar(text []byte, value any) ([]byte, bool) {
	switch v := value.(type) {
	case string:
		return append(text, v...), true
	case bool:
		return strconv.AppendBool(text, v), true
	}
	n, ok := plainNumber(value)
	if !ok {
		return text, false
	}
	format := byte('f')
	if math.Abs(n) >= 1e21 { // from where on JavaScript writes an exponent, too
		format = 'g'
	}
	return strconv.AppendFloat(text, n, format, -1, 64), true
}

// plain returns what a program made, as JSON has it.
func plain(value any, work *budget) (any, *fault) {
	if !work.take(1) {
		return nil, tooMuch
	}
	switch v := value.(type) {
	case nil, bool:
		return v, nil
	case string:
		if !utf8.ValidString(v) {
			return nil, &fault{"the result is not text: it has bytes that are not UTF-8", ""}
		}
		return v, nil
	}
	if n, ok := plainNumber(value); ok {
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, &fault{fmt.Sprintf("the result is %v, which JSON cannot represent", n), "is something divided by zero?"}
		}
		return n, nil
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Slice, reflect.Array:
		return plainList(v, work)
	case reflect.Map:
		return plainMap(v, work)
	}
	return nil, &fault{"the result is " + aKindOf(value) + ", not a value", ""}
}

func plainList(v reflect.Value, work *budget) (any, *fault) {
	list := make([]any, v.Len())
	for i := range list {
		item, wrong := plain(v.Index(i).Interface(), work)
		if wrong != nil {
			return nil, wrong
		}
		list[i] = item
	}
	return list, nil
}

func plainMap(v reflect.Value, work *budget) (any, *fault) {
	object := make(map[string]any, v.Len())
	for iter := v.MapRange(); iter.Next(); {
		key, ok := appendScalar(nil, iter.Key().Interface())
		if !ok {
			return nil, &fault{"a key of the resulting map is " + aKindOf(iter.Key().Interface()) + ", not text", ""}
		}
		if _, twice := object[string(key)]; twice {
			return nil, &fault{fmt.Sprintf("the resulting map has the key %q twice, as text and as a number", key), ""}
		}
		member, wrong := plain(iter.Value().Interface(), work)
		if wrong != nil {
			return nil, wrong
		}
		object[string(key)] = member
	}
	return object, nil
}
