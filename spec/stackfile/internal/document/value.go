// Package document reads YAML into plain JSON values that know their place.
//
// It walks yaml.Node itself instead of letting yaml.v3 decode: decoding turns
// dates into time.Time, integer keys into map[any]any, passes over a second
// document, compares the keys of a mapping pairwise, and forgets where
// anything stood. A [Value] is one of the six things JSON has, with a position.
package document

import (
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/text"
)

// Kind is what a value is.
type Kind uint8

const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Map
)

// Value is a JSON value with its place in a file. Values are not changed once
// they are read, so that several places may share one.
type Value struct {
	Kind   Kind
	Bool   bool
	Number float64

	// Text is a string's value, or the text of any other scalar as written.
	Text string

	Items   []*Value // of a list
	Members []Member // of a map, in the order of the file, each key once
	index   map[string]int

	file         *file
	line, column int32
	literal      bool // a block scalar that keeps its line breaks: |
	templates    bool // it, or something in it, holds ${
	failed       bool // see [Failure]
	evaluated    bool // an expression gave it, or something in it
}

// Member is a key of a map and its value.
type Member struct {
	Key          string
	Value        *Value
	Comment      string // that [Write] puts above it; "" for one that was read
	lines        *Lines // that are written in its place
	file         *file
	line, column int32
}

// Get returns the value of a map's key; nil when there is none, or no map.
func (v *Value) Get(key string) *Value {
	if m := v.Member(key); m != nil {
		return m.Value
	}
	return nil
}

// Member returns the member with a key; nil when there is none, or no map.
func (v *Value) Member(key string) *Member {
	if v == nil {
		return nil
	}
	if v.index != nil {
		if i, ok := v.index[key]; ok {
			return &v.Members[i]
		}
		return nil
	}
	for i := range v.Members {
		if v.Members[i].Key == key {
			return &v.Members[i]
		}
	}
	return nil
}

// largeMap is from how many members on a map is worth an index.
const largeMap = 32

// setMembers sets a map's members.
func (v *Value) setMembers(members []Member) {
	v.Members, v.index = members, nil
	v.templates = slices.ContainsFunc(members, func(m Member) bool { return m.Value.templates })
	v.evaluated = v.evaluated || slices.ContainsFunc(members, func(m Member) bool { return m.Value.evaluated })
	if len(members) < largeMap {
		return
	}
	v.index = make(map[string]int, len(members))
	for i, m := range members {
		v.index[m.Key] = i
	}
}

// String returns the text of a string, else "".
func (v *Value) String() string {
	if v == nil || v.Kind != String {
		return ""
	}
	return v.Text
}

// IsTrue reports whether the value is true.
func (v *Value) IsTrue() bool { return v != nil && v.Kind == Bool && v.Bool }

// Strings returns the strings of a list.
func (v *Value) Strings() []string {
	if v == nil {
		return nil
	}
	var list []string
	for _, item := range v.Items {
		if item.Kind == String {
			list = append(list, item.Text)
		}
	}
	return list
}

// JSON returns the value as encoding/json decodes it.
func (v *Value) JSON() any { return v.json(nil) }

// SharedJSON returns [Value.JSON], in which lists and maps that the file gives
// as they are are shared by all calls with the same map, and must not be
// changed.
func (v *Value) SharedJSON(shared map[*Value]any) any {
	if v == nil || v.evaluated || v.Kind != List && v.Kind != Map {
		return v.json(shared)
	}
	known, ok := shared[v]
	if !ok {
		known = v.JSON()
		shared[v] = known
	}
	return known
}

// json returns [Value.SharedJSON] of what is in the value, or [Value.JSON]
// without a map.
func (v *Value) json(shared map[*Value]any) any {
	if v == nil {
		return nil
	}
	inner := (*Value).JSON
	if shared != nil {
		inner = func(v *Value) any { return v.SharedJSON(shared) }
	}
	switch v.Kind {
	case Bool:
		return v.Bool
	case Number:
		return v.Number
	case String:
		return v.Text
	case List:
		list := make([]any, len(v.Items))
		for i, item := range v.Items {
			list[i] = inner(item)
		}
		return list
	case Map:
		object := make(map[string]any, len(v.Members))
		for _, m := range v.Members {
			object[m.Key] = inner(m.Value)
		}
		return object
	}
	return nil
}

// Find follows a JSON Pointer as far as it leads. It returns the value there
// and, where the last step was a key, the member that holds it.
func (v *Value) Find(pointer string) (*Value, *Member) {
	var member *Member
	if pointer == "" {
		return v, nil
	}
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		step = text.UnescapePointer(step)
		next, m := v.step(step)
		if next == nil {
			return v, member
		}
		v, member = next, m
	}
	return v, member
}

func (v *Value) step(step string) (*Value, *Member) {
	switch v.Kind {
	case Map:
		if m := v.Member(step); m != nil {
			return m.Value, m
		}
	case List:
		if i, ok := index(step, len(v.Items)); ok {
			return v.Items[i], nil
		}
	}
	return nil, nil
}

func index(step string, n int) (int, bool) {
	i := 0
	for _, c := range step {
		if c < '0' || c > '9' || i > n {
			return 0, false
		}
		i = i*10 + int(c-'0')
	}
	return i, step != "" && i < n
}

// Range returns the value's place.
func (v *Value) Range() diag.Range {
	if v == nil || v.file == nil {
		return diag.Range{}
	}
	length := 0
	if v.Kind != List && v.Kind != Map {
		length = len([]rune(v.Text))
	}
	return v.file.rangeAt(int(v.line), int(v.column), length)
}

// Range returns the key's place.
func (m *Member) Range() diag.Range {
	if m == nil || m.file == nil {
		return diag.Range{}
	}
	return m.file.rangeAt(int(m.line), int(m.column), len([]rune(m.Key)))
}

// BodyRange returns where the first character of a block scalar's text stands;
// the zero Range for any other value, whose lines are not lines of the file.
func (v *Value) BodyRange() diag.Range {
	if v == nil || !v.literal {
		return diag.Range{}
	}
	for n := int(v.line) + 1; n <= v.file.lines(); n++ {
		if text := v.file.text(n); strings.TrimSpace(text) != "" {
			indent := len(text) - len(strings.TrimLeft(text, " "))
			return diag.Range{File: v.file.name, Line: int(v.line) + 1, Column: indent + 1}
		}
	}
	return diag.Range{}
}

// Line returns a line of the file that the value stands in.
func (v *Value) Line(line int) string {
	if v == nil || v.file == nil {
		return ""
	}
	return v.file.snippet(line)
}

// MembersOrNil returns a map's members, none for anything else and for nil.
func (v *Value) MembersOrNil() []Member {
	if v == nil {
		return nil
	}
	return v.Members
}

// ItemsOrNil returns a list's items, none for anything else and for nil.
func (v *Value) ItemsOrNil() []*Value {
	if v == nil {
		return nil
	}
	return v.Items
}
