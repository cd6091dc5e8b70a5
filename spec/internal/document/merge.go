package document

import "slices"

// Merge lays one value over another: maps merge deeply, lists of bindings
// merge by the name each item binds, any other value replaces what is below
// it, and null removes it. Every part keeps its own place.
func Merge(below, above *Value) *Value {
	switch {
	case below == nil:
		return above
	case above == nil:
		return below
	case below.Kind == Map && above.Kind == Map:
		return mergeMaps(below, above)
	case isBindingList(below) && isBindingList(above):
		return mergeBindings(below, above)
	default:
		return above
	}
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
			result.Value = Merge(m.Value, over.Value)
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

// bindingKey is the key by which wrangler's lists of bindings name their items.
const bindingKey = "binding"

func isBindingList(v *Value) bool {
	return v.Kind == List && len(v.Items) > 0 &&
		!slices.ContainsFunc(v.Items, func(item *Value) bool { return item.Get(bindingKey).String() == "" })
}

func mergeBindings(below, above *Value) *Value {
	merged := *above
	merged.Items = slices.Clone(below.Items)
	for _, item := range above.Items {
		name := item.Get(bindingKey).String()
		i := slices.IndexFunc(merged.Items, func(b *Value) bool { return b.Get(bindingKey).String() == name })
		if i < 0 {
			merged.Items = append(merged.Items, item)
		} else {
			merged.Items[i] = item
		}
	}
	return &merged
}
