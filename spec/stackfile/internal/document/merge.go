package document

import "slices"

// Merge lays one value over another: maps merge deeply, lists of bindings
// merge by the name each item binds, and each item as a map does, any other
// value replaces what is below it, and null removes it. Every part keeps its own
// place.
func Merge(below, above *Value) *Value { return merge("", below, above) }

// merge returns [Merge] for the values of a key.
func merge(key string, below, above *Value) *Value {
	switch {
	case below == nil:
		return above
	case above == nil:
		return below
	case below.Kind == Map && above.Kind == Map:
		return mergeMaps(key, below, above)
	}
	if name := bindingKey(key, below); name != "" && name == bindingKey(key, above) {
		return mergeBindings(name, below, above)
	}
	return above
}

func mergeMaps(key string, below, above *Value) *Value {
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
			switch key {
			case "secrets":
				result.Value = mergeAlternatives(m.Value, over.Value)
			case "vars", "props": // whose names mean nothing here
				result.Value = merge(key, m.Value, over.Value)
			default:
				result.Value = merge(m.Key, m.Value, over.Value)
			}
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

// alternatives are the members of a binding, or of a secret, that take the place
// of others.
var alternatives = map[string][]string{
	"destination_address":           {"allowed_destination_addresses"},
	"allowed_destination_addresses": {"destination_address"},
	"env":                           {"file", "keep"},
	"file":                          {"env", "keep"},
	"keep":                          {"env", "file"},
}

// besideRef are the members that a binding may have beside `ref`: every other one says
// in another way what it leads to.
var besideRef = []string{"binding", "name", "type", "database_name", "delivery_delay"}

// mergeAlternatives merges two maps. What the upper one says takes the place of
// what the lower one says in another way.
func mergeAlternatives(below, above *Value) *Value {
	for _, m := range above.Members {
		switch {
		case m.Value.Kind == Null:
		case m.Key == "ref":
			for _, other := range below.Members {
				if !slices.Contains(besideRef, other.Key) {
					below = below.Without(other.Key)
				}
			}
		case !slices.Contains(besideRef, m.Key) && m.Key != "jurisdiction": // which alone says nothing
			below = below.Without(append(alternatives[m.Key], "ref")...)
		}
	}
	return merge("", below, above)
}

// namedLists are the lists of bindings whose items wrangler names by "name",
// not by "binding". Other lists of named things, in a variable's value, say,
// are no bindings.
var namedLists = []string{"bindings", "ratelimits", "send_email"}

// bindingKey returns the key that tells the items of a list of bindings apart;
// "" for any other value.
func bindingKey(list string, v *Value) string {
	if list == "vars" || list == "props" {
		return ""
	}
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
		} else if merged.Items[i].Get("type").String() != item.Get("type").String() {
			merged.Items[i] = item // a binding of another type
		} else {
			merged.Items[i] = mergeAlternatives(merged.Items[i], item)
		}
	}
	merged.templates = below.templates || above.templates
	return &merged
}
