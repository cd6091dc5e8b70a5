package stackfile

import (
	"slices"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// members are the members of a map that is being built.
type members []document.Member

// set adds a value that is written as it is: text in it that looks like an
// expression is not one.
func (m *members) set(key string, value any) {
	*m = append(*m, document.NewMember(key, document.FromJSON(withoutExpressions(value), nowhere)))
}

func (m *members) put(key string, value *document.Value) {
	*m = append(*m, document.NewMember(key, value))
}

// append adds an item to the list of a key.
func (m *members) append(key string, item any) {
	list := &document.Value{Kind: document.List}
	if i := m.find(key); i >= 0 {
		list = (*m)[i].Value
	}
	items := append(slices.Clone(list.Items), document.FromJSON(withoutExpressions(item), nowhere))
	m.replace(key, list.WithItems(items))
}

// inner returns the members of the map of a key.
func (m members) inner(key string) members {
	if i := m.find(key); i >= 0 {
		return slices.Clone(m[i].Value.Members)
	}
	return nil
}

// replace gives a key another value, or its first one.
func (m *members) replace(key string, value *document.Value) {
	if i := m.find(key); i >= 0 {
		(*m)[i].Value = value
		return
	}
	m.put(key, value)
}

func (m members) find(key string) int {
	return slices.IndexFunc(m, func(member document.Member) bool { return member.Key == key })
}

func (m members) value() *document.Value {
	return document.FromJSON(spec.Object{}, nowhere).WithMembers(m)
}

func withoutExpressions(value any) any {
	switch v := value.(type) {
	case string:
		return escaped(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = withoutExpressions(item)
		}
		return out
	case spec.Object:
		out := spec.Object{}
		for name, item := range v {
			out[name] = withoutExpressions(item)
		}
		return out
	}
	return value
}
