package document

import (
	"maps"
	"math"
	"slices"
	"strconv"
)

// FromJSON returns a value as encoding/json decodes it, in the place of
// another: the result of an expression stands where the expression does.
func FromJSON(value any, at *Value) *Value {
	v := &Value{file: at.file, line: at.line, column: at.column, evaluated: true}
	switch value := value.(type) {
	case bool:
		v.Kind, v.Bool = Bool, value
		v.Text = "false"
		if value {
			v.Text = "true"
		}
	case float64:
		v.Kind, v.Number = Number, value
		v.Text = numberText(value)
	case string:
		v.Kind, v.Text = String, value
	case []any:
		v.Kind = List
		for _, item := range value {
			v.Items = append(v.Items, FromJSON(item, at))
		}
	case map[string]any:
		v.Kind = Map
		members := make([]Member, 0, len(value))
		for _, key := range slices.Sorted(maps.Keys(value)) {
			members = append(members, Member{Key: key, Value: FromJSON(value[key], at), file: at.file, line: at.line, column: at.column})
		}
		v.setMembers(members)
	}
	return v
}

// numberText returns a number as JSON has it, and not 1e+06 for a million.
func numberText(number float64) string {
	if math.Trunc(number) == number && math.Abs(number) < 1e15 {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return strconv.FormatFloat(number, 'g', -1, 64)
}

// NewMember returns a key with a value, in the value's place.
func NewMember(key string, value *Value) Member {
	return Member{Key: key, Value: value, file: value.file, line: value.line, column: value.column}
}

// With returns a member with another key and value, in the same place.
func (m Member) With(key string, value *Value) Member {
	m.Key, m.Value = key, value
	return m
}

// WithItems returns a list with other items.
func (v *Value) WithItems(items []*Value) *Value {
	copied := *v
	copied.Items = items
	copied.templates = slices.ContainsFunc(items, (*Value).HasTemplates)
	copied.evaluated = v.evaluated || slices.ContainsFunc(items, func(item *Value) bool { return item.evaluated })
	return &copied
}

// WithMembers returns a map with other members.
func (v *Value) WithMembers(members []Member) *Value {
	copied := *v
	copied.setMembers(members)
	return &copied
}

// WithMember returns a map with another value for a key that it has.
func (v *Value) WithMember(key string, value *Value) *Value {
	members := slices.Clone(v.Members)
	for i := range members {
		if members[i].Key == key {
			members[i].Value = value
		}
	}
	return v.WithMembers(members)
}

// Without returns a map without some of its keys.
func (v *Value) Without(keys ...string) *Value {
	if v == nil || v.Kind != Map {
		return v
	}
	members := make([]Member, 0, len(v.Members))
	for _, m := range v.Members {
		if !slices.Contains(keys, m.Key) {
			members = append(members, m)
		}
	}
	return v.WithMembers(members)
}
