package document

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMerge lays one text over another. What binds by name merges by name, and
// nothing else does.
func TestMerge(t *testing.T) {
	for name, test := range map[string]struct{ below, above, want string }{
		"maps":                 {`{a: {b: 1, c: 2}}`, `{a: {c: 3}}`, `{a: {b: 1, c: 3}}`},
		"null takes away":      {`{a: 1, b: 2}`, `{a: null}`, `{b: 2}`},
		"lists are replaced":   {`{tags: [a, b]}`, `{tags: [c]}`, `{tags: [c]}`},
		"by binding":           {`{vectorize: [{binding: A, index_name: a}, {binding: B, index_name: b}]}`, `{vectorize: [{binding: B, index_name: c}]}`, `{vectorize: [{binding: A, index_name: a}, {binding: B, index_name: c}]}`},
		"binding before name":  {`{workflows: [{binding: A, name: same}]}`, `{workflows: [{binding: B, name: same}]}`, `{workflows: [{binding: A, name: same}, {binding: B, name: same}]}`},
		"senders by name":      {`{send_email: [{name: A}]}`, `{send_email: [{name: B}]}`, `{send_email: [{name: A}, {name: B}]}`},
		"rate limits by name":  {`{ratelimits: [{name: A, namespace_id: "1"}]}`, `{ratelimits: [{name: A, namespace_id: "2"}]}`, `{ratelimits: [{name: A, namespace_id: "2"}]}`},
		"objects by name":      {`{durable_objects: {bindings: [{name: A, class_name: C}]}}`, `{durable_objects: {bindings: [{name: B, class_name: D}]}}`, `{durable_objects: {bindings: [{name: A, class_name: C}, {name: B, class_name: D}]}}`},
		"raw by name":          {`{bindings: [{name: A, type: media}]}`, `{bindings: [{name: B, type: media}]}`, `{bindings: [{name: A, type: media}, {name: B, type: media}]}`},
		"an unnamed item":      {`{bindings: [{name: A, type: media}]}`, `{bindings: [{type: media}]}`, `{bindings: [{type: media}]}`},
		"an empty list":        {`{bindings: [{name: A, type: media}]}`, `{bindings: []}`, `{bindings: []}`},
		"two kinds of names":   {`{bindings: [{name: A}]}`, `{bindings: [{binding: B}]}`, `{bindings: [{binding: B}]}`},
		"names in a variable":  {`{vars: {PEOPLE: [{name: a}]}}`, `{vars: {PEOPLE: [{name: b}]}}`, `{vars: {PEOPLE: [{name: b}]}}`},
		"a list over a single": {`{ai: {binding: A}}`, `{ai: [1]}`, `{ai: [1]}`},
	} {
		t.Run(name, func(t *testing.T) {
			parse := func(text string) *Value {
				v, list := Parse("a.yaml", []byte(text))
				if len(list) > 0 {
					t.Fatal(list)
				}
				return v
			}
			if d := cmp.Diff(parse(test.want).JSON(), Merge(parse(test.below), parse(test.above)).JSON()); d != "" {
				t.Errorf("merged differs (-want +got):\n%s", d)
			}
		})
	}
}
