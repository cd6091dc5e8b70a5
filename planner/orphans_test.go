package planner_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Zones are not searched for kinds without a section. KV namespaces are not
// searched without a section of pairs, or if they do not exist yet, were read
// completely, or are deleted with their pairs.
func TestElsewhere(t *testing.T) {
	kv := func(titles ...string) []spec.Address {
		var all []spec.Address
		for _, title := range titles {
			all = append(all, spec.Address{Kind: spec.KindKVNamespace, Name: title})
		}
		return all
	}
	const namespaces = `version: 1
name: platform
kv_namespaces:
  here: { title: Here }
  slash: { title: a/b }
  theirs: { title: Theirs, external: true }
  listed: { title: Listed, key_prefix: "x:" }
`
	s := live(t, parse(t, namespaces))
	s.Resources[kv("Theirs")[0]] = &spec.Live{Resource: &spec.KVNamespace{Title: "Theirs"}, Revision: spec.Revision{ID: "1"}}
	s.Collections = append(s.Collections, spec.Collection{Kind: spec.KindKVPair, Parent: "Listed"})
	zones := "dns_records: { a.example.com: { zone_name: Example.com } }\ncustom_hostnames: {}\n"
	both := []spec.Kind{spec.KindCustomHostname, spec.KindDNSRecord}
	for name, tt := range map[string]struct {
		text    string
		options planner.Options
		want    spec.OrphanSearch
	}{
		"namespaces":           {namespaces + "  new: { title: New }\nkv_pairs: {}\n", planner.Options{}, spec.OrphanSearch{KVNamespaces: kv("Here", "Theirs")}},
		"namespaces alone":     {namespaces, planner.Options{}, spec.OrphanSearch{}},
		"zones":                {nothing + zones, planner.Options{}, spec.OrphanSearch{ZoneKinds: both, NamedZones: []string{"example.com"}}},
		"everything is asked":  {nothing + zones, planner.Options{Refresh: true}, spec.OrphanSearch{ZoneKinds: both, NamedZones: []string{"example.com"}, All: true}},
		"everything destroyed": {namespaces + zones + "kv_pairs: {}\n", planner.Options{Mode: planner.Destroy}, spec.OrphanSearch{ZoneKinds: both, NamedZones: []string{"example.com"}, KVNamespaces: kv("Theirs")}},
		"nothing":              {nothing, planner.Options{}, spec.OrphanSearch{}},
	} {
		if diff := cmp.Diff(tt.want, planner.OrphanSearch(parse(t, tt.text), s, tt.options)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}
