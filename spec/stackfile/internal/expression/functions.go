package expression

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/vm/runtime"

	"github.com/wfpsync/wfpsync/diag"
)

// allowed are the functions of expr that are used as they are. The others are
// not pure (now), not bounded (repeat), not deterministic (keys), think in
// bytes (indexOf), or of no use in a stack file.
var allowed = set(
	"all", "none", "any", "one", "filter", "map", "find", "findIndex", "findLast", "findLastIndex",
	"count", "sum", "groupBy", "sortBy", "reduce", "len", "type", "abs", "ceil", "floor", "round",
	"int", "float", "trim", "trimPrefix", "trimSuffix", "split", "hasPrefix", "hasSuffix", "max", "min",
	"mean", "median", "fromJSON", "toBase64", "fromBase64", "take", "reverse", "concat", "flatten", "sort",
)

func set(names ...string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}

// function is one of our own. The type is what the checker holds calls to.
type function struct {
	name string
	typ  any
	run  func(work *budget, arguments []any) (any, *fault)
}

var functions = []function{
	{"lower", new(func(string) string), onText(strings.ToLower)},
	{"upper", new(func(string) string), onText(strings.ToUpper)},
	{"upper_snake", new(func(string) string), onText(upperSnake)},
	{"dns_label", new(func(string) string), onText(dnsLabel)},
	{"sha8", new(func(string) string), onText(sha8)},
	{"string", new(func(any) string), toText},
	{"json", new(func(any) string), toJSON},
	{"join", new(func([]any, string) string), join},
	{"replace", new(func(string, string, string) string), replace},
	{"first", new(func([]any) any), first},
	{"last", new(func([]any) any), last},
	{"uniq", new(func([]any) []any), uniq},
	{"keys", new(func(any) []any), keys},
	{"values", new(func(any) []any), values},
}

var operations = []function{
	{chargeName, nil, charge},
	{loopName, nil, loop},
	{memberName, nil, func(_ *budget, arguments []any) (any, *fault) {
		return member(arguments[0], arguments[1], arguments[2].(string), need(arguments[3].(int)))
	}},
	{sliceName, nil, slice},
	{remainderName, nil, remainder},
}

// declared are our functions as expressions see them, which is all that the
// checker needs; internal are they and the operations as programs call them,
// with the budget first.
var (
	declared = functionsTable(declarations())
	internal = functionsTable(implementations())
)

func declarations() []*builtin.Function {
	var list []*builtin.Function
	for _, f := range functions {
		list = append(list, &builtin.Function{Name: f.name, Types: []reflect.Type{reflect.TypeOf(f.typ).Elem()}})
	}
	return list
}

func internalName(name string) string { return " " + name }

func implementations() []*builtin.Function {
	var list []*builtin.Function
	for _, f := range functions {
		f.name = internalName(f.name)
		list = append(list, f.implementation())
	}
	for _, f := range operations {
		list = append(list, f.implementation())
	}
	return list
}

func (f function) implementation() *builtin.Function {
	return &builtin.Function{Name: f.name, Func: func(arguments ...any) (any, error) {
		value, wrong := f.run(arguments[0].(*budget), arguments[1:])
		if wrong != nil {
			return nil, wrong
		}
		return value, nil
	}}
}

func isFunction(name string) bool { return allowed[name] || declared[name] != nil }

// functionHint helps with a function that is not there.
func functionHint(name string) string {
	switch name {
	case "now", "date", "duration", "timezone":
		return "an expression means the same on every day; hand the date in as a variable"
	case "repeat":
		return "text that long is better written in a file"
	case "toJSON":
		return "use json(…)"
	case "get":
		return "use `?.`, or `??` and a default"
	}
	names := slices.Sorted(maps.Keys(allowed))
	names = append(names, slices.Sorted(maps.Keys(declared))...)
	if near := diag.Nearest(name, names); near != "" {
		return "did you mean `" + near + "`?"
	}
	return ""
}

func charge(work *budget, arguments []any) (any, *fault) {
	if !work.charge(arguments[0]) {
		return nil, tooMuch
	}
	return arguments[0], nil
}

// loop returns what a function such as map goes through. The virtual machine
// would go through the bytes of text, too.
func loop(work *budget, arguments []any) (any, *fault) {
	if kindOf(arguments[0]) != "list" {
		wrong := wants("a list", arguments[0])
		if kindOf(arguments[0]) == "map" {
			wrong.hint = "go through its keys(…) or its values(…)"
		}
		return nil, wrong
	}
	return charge(work, arguments)
}

func wants(what string, value any) *fault {
	return &fault{"this function takes " + what + ", not " + aKindOf(value), ""}
}

// onText returns a function of text.
func onText(f func(string) string) func(*budget, []any) (any, *fault) {
	return func(_ *budget, arguments []any) (any, *fault) {
		text, ok := arguments[0].(string)
		if !ok {
			wrong := wants("text", arguments[0])
			if _, scalar := appendScalar(nil, arguments[0]); scalar {
				wrong.hint = "turn it into text with string(…)"
			}
			return nil, wrong
		}
		return f(text), nil
	}
}

// upperSnake returns text as the name of an environment variable: every run
// of what such a name cannot have is one underscore.
func upperSnake(text string) string {
	var b strings.Builder
	gap := false
	for _, c := range text {
		if !isASCIIAlphanumeric(c) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('_')
			gap = false
		}
		b.WriteRune(c)
	}
	return strings.ToUpper(b.String())
}

// maxLabel is the longest label of a host name.
// Source: RFC 1035, section 2.3.4.
const maxLabel = 63

// dnsLabel returns text as a part of a host name. One that is a label already
// stays as it is, double dashes included.
func dnsLabel(text string) string {
	label := strings.Map(func(c rune) rune {
		if isASCIIAlphanumeric(c) {
			return c
		}
		return '-'
	}, strings.ToLower(text))
	label = strings.TrimLeft(label, "-")
	return strings.TrimRight(label[:min(len(label), maxLabel)], "-")
}

func isASCIIAlphanumeric(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func sha8(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

func toText(_ *budget, arguments []any) (any, *fault) {
	text, ok := appendScalar(nil, arguments[0])
	if !ok {
		wrong := wants("text, a number or a bool", arguments[0])
		wrong.hint = "use json(…) to write out any value"
		return nil, wrong
	}
	return string(text), nil
}

func toJSON(work *budget, arguments []any) (any, *fault) {
	value, wrong := plain(arguments[0], work)
	if wrong != nil {
		return nil, wrong
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, &fault{"this cannot be written as JSON: " + err.Error(), ""}
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

func join(work *budget, arguments []any) (any, *fault) {
	separator, ok := arguments[1].(string)
	if !ok {
		return nil, wants("text between the items", arguments[1])
	}
	list := reflect.ValueOf(arguments[0])
	if list.Kind() != reflect.Slice {
		return nil, wants("a list", arguments[0])
	}
	if !work.take(list.Len() * (1 + len(separator)/bytesPerUnit)) {
		return nil, tooMuch
	}
	var text []byte
	for i := range list.Len() {
		if i > 0 {
			text = append(text, separator...)
		}
		item := list.Index(i).Interface()
		if text, ok = appendScalar(text, item); !ok {
			return nil, &fault{fmt.Sprintf("item %d is %s; it cannot be part of text", i, aKindOf(item)), ""}
		}
	}
	return string(text), nil
}

func replace(work *budget, arguments []any) (any, *fault) {
	var texts [3]string
	for i := range texts {
		var ok bool
		if texts[i], ok = arguments[i].(string); !ok {
			return nil, wants("text", arguments[i])
		}
	}
	text, old, replacement := texts[0], texts[1], texts[2]
	if !work.take(strings.Count(text, old) * (1 + len(replacement)/bytesPerUnit)) {
		return nil, tooMuch
	}
	return strings.ReplaceAll(text, old, replacement), nil
}

func first(_ *budget, arguments []any) (any, *fault) { return atEnd(arguments[0], 0) }
func last(_ *budget, arguments []any) (any, *fault)  { return atEnd(arguments[0], -1) }

// atEnd returns the item at one end of a list; nil when it is empty.
func atEnd(value any, i int) (any, *fault) {
	list := reflect.ValueOf(value)
	if list.Kind() != reflect.Slice {
		return nil, wants("a list", value)
	}
	return itemOf(list, i, "", optional)
}

// uniq returns a list without repetitions. It compares pairwise, because lists
// and maps can be items too, and pays for it.
func uniq(work *budget, arguments []any) (any, *fault) {
	list := reflect.ValueOf(arguments[0])
	if list.Kind() != reflect.Slice {
		return nil, wants("a list", arguments[0])
	}
	var unique []any
	for i := range list.Len() {
		item := list.Index(i).Interface()
		seen := slices.ContainsFunc(unique, func(other any) bool { return runtime.Equal(item, other) })
		for range unique {
			if !work.charge(item) {
				return nil, tooMuch
			}
		}
		if !seen {
			unique = append(unique, item)
		}
	}
	return unique, nil
}

func keys(_ *budget, arguments []any) (any, *fault) {
	object, wrong := textKeyed(arguments[0])
	if wrong != nil {
		return nil, wrong
	}
	list := make([]any, 0, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		list = append(list, key)
	}
	return list, nil
}

func values(_ *budget, arguments []any) (any, *fault) {
	object, wrong := textKeyed(arguments[0])
	if wrong != nil {
		return nil, wrong
	}
	list := make([]any, 0, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		list = append(list, object[key])
	}
	return list, nil
}

// textKeyed returns a map by its keys as text; groupBy makes maps with others.
func textKeyed(value any) (map[string]any, *fault) {
	if object, ok := value.(map[string]any); ok {
		return object, nil
	}
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Map {
		return nil, wants("a map", value)
	}
	object := make(map[string]any, v.Len())
	for iter := v.MapRange(); iter.Next(); {
		key, ok := appendScalar(nil, iter.Key().Interface())
		if !ok {
			return nil, wants("a map with text as keys", iter.Key().Interface())
		}
		object[string(key)] = iter.Value().Interface()
	}
	return object, nil
}

// slice returns a part of a list, or of text in characters.
func slice(_ *budget, arguments []any) (any, *fault) {
	if text, ok := arguments[0].(string); ok {
		characters := []rune(text)
		from, to, wrong := bounds(arguments[1], arguments[2], len(characters))
		if wrong != nil {
			return nil, wrong
		}
		return string(characters[from:to]), nil
	}
	list := reflect.ValueOf(arguments[0])
	if list.Kind() != reflect.Slice {
		return nil, &fault{"only text or a list has a part, not " + aKindOf(arguments[0]), ""}
	}
	from, to, wrong := bounds(arguments[1], arguments[2], list.Len())
	if wrong != nil {
		return nil, wrong
	}
	return list.Slice3(from, to, to).Interface(), nil
}

// bounds returns the ends of a part, within what there is. Negative ones count
// from the end.
func bounds(from, to any, length int) (int, int, *fault) {
	ends := [2]int{0, length}
	for i, given := range []any{from, to} {
		if given == nil {
			continue
		}
		end, ok := wholeNumber(given)
		if !ok {
			return 0, 0, &fault{"a part goes from one whole number to another", ""}
		}
		if end < 0 {
			end += length
		}
		ends[i] = min(max(end, 0), length)
	}
	return min(ends[0], ends[1]), ends[1], nil
}

func remainder(_ *budget, arguments []any) (any, *fault) {
	a, okA := plainNumber(arguments[0])
	b, okB := plainNumber(arguments[1])
	switch {
	case !okA || !okB:
		return nil, &fault{fmt.Sprintf("`%%` takes numbers, not %s and %s", aKindOf(arguments[0]), aKindOf(arguments[1])), ""}
	case b == 0:
		return nil, &fault{"a number is divided by zero", ""}
	}
	return math.Mod(a, b), nil
}
