package document

import "slices"

// Merge lays one value over another: maps merge deeply, lists of bindings
// merge by the name each item binds, any other value replaces what is below
// it, and null removes it. Every part keeps its own place.
func Merge(below, above *Value) *Value { return merge("", below, above) }

// merge is [Merge] for the values of a key.
func merge(key string, below, above *Value) *Value {
	switch {
	case below == nil:
		return above
	case above == nil:
		return below
	case below.Kind == Map && above.Kind == Map:
		return mergeMaps(below, above)
	}
	if name := bindingKey(key, below); name != "" && name == bindingKey(key, above) {
		return mergeBindings(name, below, above)
	}
	return above
}

func mergeMaps(below, above *Value) *Value {
	merged := *above
	var members []Member
	for _, m := range below.Members {
		over := above.Member(m.Key)
		switch {
		case over == nil:
			members = append(members, m)
		case over.Value.Kind == Null:
		default:
			result := *over
			result.Value = merge(m.Key, m.Value, over.Value)
			members = append(members, result)
		}
	}
	for _, m := range above.Members {
		if below.Member(m.Key) == nil {
			members = append(members, m)
		}
	}
	merged.setMembers(members)
	return &merged
}

// namedLists are the lists of bindings whose items wrangler names by "name",
// not by "binding". Other lists of named things, in a variable's value, say,
// are no bindings.
var namedLists = []string{"bindings", "ratelimits", "send_email"}

// bindingKey is the key that tells the items of a list of bindings apart; ""
// for any other value.
func bindingKey(list string, v *Value) string {
	lacks := func(key string) bool {
		return slices.ContainsFunc(v.Items, func(item *Value) bool { return item.Get(key).String() == "" })
	}
	switch {
	case v.Kind != List || len(v.Items) == 0:
		return ""
	case !lacks("binding"):
		return "binding"
	case slices.Contains(namedLists, list) && !lacks("name"):
		return "name"
	default:
		return ""
	}
}

func mergeBindings(key string, below, above *Value) *Value {
	merged := *above
	merged.Items = slices.Clone(below.Items)
	for _, item := range above.Items {
		name := item.Get(key).String()
		i := slices.IndexFunc(merged.Items, func(b *Value) bool { return b.Get(key).String() == name })
		if i < 0 {
			merged.Items = append(merged.Items, item)
		} else {
			merged.Items[i] = item
		}
	}
	merged.templates = below.templates || above.templates
	return &merged
}
