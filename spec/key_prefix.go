package spec

import "strings"

// ReadPrefixes are how the keys begin that planning the stack needs of each KV
// namespace it has pairs in: what it declares, and what it removes. Where all
// keys count, there is none.
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
			before, _ := inside(from)
			if now, _ := inside(r.Address()); s.names(now) {
				note(before, prefixes[now])
			}
		}
	}
	return prefixes
}

// KeyPrefix is how all keys begin that are given; "" for none.
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

// commonPrefix does not end within a character: a prefix is a text to the API.
func commonPrefix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return strings.ToValidUTF8(a[:n], "")
}
