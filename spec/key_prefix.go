package spec

import "strings"

// ReadPrefixes returns, for each KV namespace in which the stack has pairs, the
// prefix of all keys that planning needs: those that it declares and those that
// it removes. The prefix is "" if any key may matter.
func (s *Stack) ReadPrefixes() map[Collection]string {
	prefixes := map[Collection]string{}
	note := func(c Collection, prefix string) {
		if known, noted := prefixes[c]; noted {
			prefix = commonPrefix(known, prefix)
		}
		prefixes[c] = prefix
	}
	for c, prefix := range s.KeyPrefixes {
		note(c, prefix)
	}
	for _, r := range s.Removed {
		if r.To.Kind == KindKVPair {
			note(r.To.Collection(), r.To.Name)
		}
	}
	for _, r := range s.Resources {
		if from, renamed := FormerAddress(r); renamed && from.Kind == KindKVNamespace {
			before, _ := contentsOf(from)
			if now, _ := contentsOf(r.Address()); s.declaresExactly(now) {
				note(before, prefixes[now])
			}
		}
	}
	return prefixes
}

// KeyPrefix returns the longest common prefix of the keys; "" for none.
func KeyPrefix(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	prefix := keys[0]
	for _, key := range keys[1:] {
		prefix = commonPrefix(prefix, key)
	}
	return prefix
}

// commonPrefix never ends within a character, because the API takes a prefix as
// text.
func commonPrefix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return strings.ToValidUTF8(a[:n], "")
}
