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
		"members stay":         {`{dispatch_namespaces: [{binding: A, namespace: n, outbound: {service: o, parameters: [p]}}]}`, `{dispatch_namespaces: [{binding: A, namespace: m}]}`, `{dispatch_namespaces: [{binding: A, namespace: m, outbound: {service: o, parameters: [p]}}]}`},
		"members merge":        {`{ratelimits: [{name: A, simple: {limit: 1, period: 10}}]}`, `{ratelimits: [{name: A, simple: {limit: 5}}]}`, `{ratelimits: [{name: A, simple: {limit: 5, period: 10}}]}`},
		"members are removed":  {`{services: [{binding: A, service: s, entrypoint: E}]}`, `{services: [{binding: A, service: t, entrypoint: null}]}`, `{services: [{binding: A, service: t}]}`},
		"a reference for ids":  {`{kv_namespaces: [{binding: A, id: x}], d1_databases: [{binding: A, database_id: x}], r2_buckets: [{binding: A, bucket_name: x, jurisdiction: eu}], queues: {producers: [{binding: A, queue: x, delivery_delay: 1}]}}`, `{kv_namespaces: [{binding: A, ref: r}], d1_databases: [{binding: A, ref: r}], r2_buckets: [{binding: A, ref: r}], queues: {producers: [{binding: A, ref: r}]}}`, `{kv_namespaces: [{binding: A, ref: r}], d1_databases: [{binding: A, ref: r}], r2_buckets: [{binding: A, ref: r}], queues: {producers: [{binding: A, delivery_delay: 1, ref: r}]}}`},
		"ids for a reference":  {`{kv_namespaces: [{binding: A, ref: r}], d1_databases: [{binding: A, ref: r}], r2_buckets: [{binding: A, ref: r}]}`, `{kv_namespaces: [{binding: A, id: x}], d1_databases: [{binding: A, database_id: x}], r2_buckets: [{binding: A, bucket_name: x}]}`, `{kv_namespaces: [{binding: A, id: x}], d1_databases: [{binding: A, database_id: x}], r2_buckets: [{binding: A, bucket_name: x}]}`},
		"another type":         {`{bindings: [{name: A, type: media, x: 1}]}`, `{bindings: [{name: A, type: other}]}`, `{bindings: [{name: A, type: other}]}`},
		"secrets":              {`{secrets: {A: {env: X}, B: {file: f}}}`, `{secrets: {A: {file: a}, B: {keep: true}}}`, `{secrets: {A: {file: a}, B: {keep: true}}}`},
		"a variable's value":   {`{vars: {V: {secrets: {A: {env: X}}, l: [{binding: A, x: 1}]}}}`, `{vars: {V: {secrets: {A: {file: f}}, l: [{binding: A}]}}}`, `{vars: {V: {secrets: {A: {env: X, file: f}}, l: [{binding: A}]}}}`},
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
