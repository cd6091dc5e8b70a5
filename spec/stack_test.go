package spec_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

func collection(kind spec.Kind, parent string) spec.Collection {
	return spec.Collection{Kind: kind, Parent: parent}
}

func address(text string) spec.Address {
	a, err := spec.ParseAddress(text)
	if err != nil {
		panic(err)
	}
	return a
}

// A stack declares what it may delete from. What it only refers to is read and
// never deleted from.
func TestScopeAndDeclares(t *testing.T) {
	stack := &spec.Stack{
		Resources: []spec.Resource{
			&spec.CustomHostname{Zone: "example.net", Hostname: "shop.acme.com"},
			&spec.DNSRecord{Zone: "example.com", Type: spec.RecordA, Name: "a.example.com"},
			&spec.KVPair{KVNamespace: "table", Key: "k"},
			&spec.Route{Pattern: "*.example.org/*", Worker: "router"}, // in a zone that is not known yet
			&spec.UserWorker{DispatchNamespace: "customers", Name: "acme"},
		},
		Collections: []spec.Collection{
			collection(spec.KindDNSRecord, ""), collection(spec.KindKVPair, ""),
			collection(spec.KindRoute, "example.net"), collection(spec.KindUserWorker, "customers"),
		},
		Removed:  []spec.Reference{{To: address("r2_bucket/eu/old")}},
		External: []spec.Reference{{To: address("d1_database/shared")}},
	}
	want := []spec.Collection{
		collection(spec.KindCustomHostname, "example.net"), collection(spec.KindD1Database, ""), collection(spec.KindDispatchNamespace, ""), collection(spec.KindDNSRecord, "example.com"),
		collection(spec.KindKVNamespace, ""), collection(spec.KindKVPair, "table"), collection(spec.KindR2Bucket, "eu"),
		collection(spec.KindRoute, "example.net"), collection(spec.KindUserWorker, "customers"), collection(spec.KindWorker, ""),
	}
	if d := cmp.Diff(want, stack.Scope()); d != "" {
		t.Error(d)
	}
	for c, want := range map[spec.Collection]bool{
		collection(spec.KindUserWorker, "customers"): true,
		collection(spec.KindUserWorker, "others"):    false,
		collection(spec.KindDNSRecord, "any.com"):    true, // a section means every zone
		collection(spec.KindRoute, "any.com"):        false,
		collection(spec.KindQueue, ""):               false,
	} {
		if got := stack.Declares(c); got != want {
			t.Errorf("the stack declares %v: %v", c, got)
		}
	}
	if !stack.Removes(address("r2_bucket/eu/old")) || stack.Removes(address("r2_bucket/old")) {
		t.Error("only the bucket of that jurisdiction is removed")
	}
	if !stack.IsExternal(address("d1_database/shared")) || stack.IsExternal(address("d1_database/own")) {
		t.Error("only the shared database is of somebody else")
	}
	if d := cmp.Diff([]spec.Kind{spec.KindDNSRecord}, stack.KindsInZones()); d != "" || !stack.HasKVPairs() {
		t.Error(d, stack.HasKVPairs())
	}
	if d := cmp.Diff([]string{"example.com", "example.net"}, stack.Zones()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]spec.Collection{collection(spec.KindDNSRecord, "example.net")}, stack.OtherZoneCollections()); d != "" {
		t.Error(d)
	}
	if _, found := stack.Lookup(address("user_worker/customers/acme")); !found {
		t.Error("a resource of the stack is not found")
	}
	if _, found := stack.Lookup(address("user_worker/customers/other")); found {
		t.Error("a resource is found that the stack does not have")
	}
}

// Code and directories that Workers share are built and read once, and what
// other programs upload is not built at all.
func TestCodesAndAssets(t *testing.T) {
	shared, own := &spec.Code{Entrypoint: "tenant.ts"}, &spec.Code{Inline: "export default {}"}
	files := &spec.AssetFiles{Directory: "public"}
	worker := func(name string, code *spec.Code, assets *spec.Assets) *spec.UserWorker {
		return &spec.UserWorker{DispatchNamespace: "n", Name: name, Script: spec.Script{Code: code, Assets: assets}}
	}
	stack := &spec.Stack{
		Resources: []spec.Resource{
			&spec.Queue{Name: "q"}, worker("a", shared, &spec.Assets{Files: files}), worker("b", shared, &spec.Assets{Files: files}),
			worker("c", spec.NoCode(), nil), worker("d", spec.KeptCode(), &spec.Assets{Keep: true}), worker("e", nil, nil),
		},
		StandIns: []spec.Resource{worker("f", own, nil)},
	}
	if got := stack.Codes(); !slices.Equal(got, []*spec.Code{shared, own}) {
		t.Errorf("%v", got)
	}
	if got := stack.Assets(); !slices.Equal(got, []*spec.AssetFiles{files}) {
		t.Errorf("%v", got)
	}
	if !spec.NoCode().IsNone() || spec.NoCode().IsKept() || !spec.KeptCode().IsKept() || spec.KeptCode().IsNone() {
		t.Error("no code and kept code are taken for each other")
	}
	// Of a live Worker's code, only the digest in its mark is known.
	if short := (&spec.Code{Digest: spec.ShortDigest(spec.NoCode().Digest)}); !short.IsNone() || short.IsUploaded() {
		t.Error("no code is not known by its mark")
	}
}

// The account tells the zone of a host. Two spellings of one resource are an
// error.
func TestResolveZones(t *testing.T) {
	at := func(line int) spec.Meta { return spec.Meta{At: diag.Range{File: "wfpsync.yaml", Line: line}} }
	stack := &spec.Stack{Resources: []spec.Resource{
		&spec.Route{Pattern: "https://*.EXAMPLE.com/*", Worker: "router", ResourceMeta: at(2)},
		&spec.CustomDomain{Hostname: "app.example.com", Worker: "router", ResourceMeta: at(3)},
		&spec.Route{Pattern: "nowhere.org/*", Worker: "router", ResourceMeta: at(4)},
		&spec.DNSRecord{Type: spec.RecordA, Name: "*.example.com", ResourceMeta: at(5)},
		&spec.DNSRecord{Zone: "example.com", Type: spec.RecordA, Name: "*.example.com", ResourceMeta: at(6)},
		&spec.CustomHostname{Hostname: "shop.acme.com", ResourceMeta: at(7)},
	}}
	if d := cmp.Diff([]string{"app.example.com", "example.com", "nowhere.org", "shop.acme.com"}, stack.HostsWithoutZone()); d != "" {
		t.Error(d)
	}
	list := stack.ResolveZones(map[string]string{"example.com": "example.com", "app.example.com": "example.com", "shop.acme.com": "example.com"})
	if len(list) != 1 || list[0].Rule != spec.RuleDuplicateResource || list[0].Severity != diag.Error || len(list[0].Related) != 1 {
		t.Errorf("%v", list)
	}
	if d := cmp.Diff([]string{"nowhere.org"}, stack.HostsWithoutZone()); d != "" {
		t.Error(d)
	}
	if len(stack.Resources) != 5 || !slices.IsSortedFunc(stack.Resources, func(a, b spec.Resource) int { return a.Address().Compare(b.Address()) }) {
		t.Errorf("%v", stack.Resources)
	}
}

// A wildcard's route needs a record: which of the zone's records leads to it?
func TestRecordFor(t *testing.T) {
	record := func(zone, name string, proxied bool) *spec.DNSRecord {
		return &spec.DNSRecord{Zone: zone, Type: spec.RecordAAAA, Name: name, Proxied: proxied}
	}
	for _, test := range []struct {
		pattern string
		record  *spec.DNSRecord
		leads   bool
	}{
		{"*.example.com/*", record("example.com", "*.example.com", true), true},
		{"*.example.com/*", record("example.com", "example.com", true), false},
		{"*example.com/*", record("example.com", "example.com", true), true},
		{"*.example.com/*", record("example.org", "*.example.com", true), false},
		{"app.example.com/*", record("example.com", "app.example.com", true), true},
		{"app.example.com/*", record("example.com", "*.example.com", true), true},
		{"a.b.example.com/*", record("example.com", "*.b.example.com", true), true},
		{"*.shops.example.com/*", record("example.com", "*.example.com", true), true},
		{"https://app.example.com/x", record("example.com", "app.example.com", false), true},
	} {
		example, found := spec.RecordFor(&spec.Route{Zone: "example.com", Pattern: test.pattern}, []*spec.DNSRecord{test.record})
		if (found != nil) != test.leads {
			t.Errorf("the record %s of %s leads to %s: %v", test.record.Name, test.record.Zone, test.pattern, !test.leads)
		}
		if want := `dns_records: { "` + spec.RecordNameFor(test.pattern) + `": { zone_name: example.com } }`; example != want {
			t.Errorf("%s needs %s, want %s", test.pattern, example, want)
		}
	}
	bare, proxied := record("example.com", "*.example.com", false), record("example.com", "*.example.com", true)
	if _, found := spec.RecordFor(&spec.Route{Zone: "example.com", Pattern: "*.example.com/*"}, []*spec.DNSRecord{proxied, bare}); found != proxied {
		t.Error("a record that is not proxied counts more than one that is")
	}
	if example, _ := spec.RecordFor(&spec.Route{Zone: "0123", Pattern: "a.com/*"}, nil); example != `dns_records: { "a.com": { zone_id: 0123 } }` {
		t.Error(example)
	}
	for pattern, want := range map[string]bool{"*.example.com/*": true, "http://*example.com/*": true, "example.com/*": false, "*/*": false} {
		if got := spec.IsWildcard(pattern); got != want {
			t.Errorf("%s is a wildcard: %v", pattern, got)
		}
	}
}

// Only keys with the prefix of those that the file has or removes are listed.
func TestReadPrefixes(t *testing.T) {
	table, old := collection(spec.KindKVPair, "table"), collection(spec.KindKVPair, "old")
	stack := &spec.Stack{
		Resources:   []spec.Resource{&spec.KVNamespace{Title: "table", ResourceMeta: spec.Meta{RenamedFrom: "old"}}},
		Collections: []spec.Collection{table},
		KeyPrefixes: map[spec.Collection]string{table: "host/acme"},
		Removed:     []spec.Reference{{To: address("kv_pair/table/host/anvil")}, {To: address("queue/q")}},
	}
	if d := cmp.Diff(map[spec.Collection]string{table: "host/a", old: "host/a"}, stack.ReadPrefixes()); d != "" {
		t.Error(d)
	}
	for want, keys := range map[string][]string{"": nil, "k": {"k"}, "ab": {"abc", "abd"}, "a": {"aé", "aè"}} {
		if got := spec.KeyPrefix(keys); got != want {
			t.Errorf("%q begin with %q", keys, got)
		}
	}
	if got := spec.KVPairsIn(address("kv_namespace/table")); got != table {
		t.Errorf("%v", got)
	}
}

// A renamed container keeps its contents, unless another resource has the new
// name already.
func TestFollow(t *testing.T) {
	renamed := &spec.Stack{
		Resources: []spec.Resource{
			&spec.DispatchNamespace{Name: "new", ResourceMeta: spec.Meta{RenamedFrom: "old"}},
			&spec.KVNamespace{Title: "table", ResourceMeta: spec.Meta{RenamedFrom: "former"}},
			&spec.Queue{Name: "same", ResourceMeta: spec.Meta{RenamedFrom: "same"}},
		},
		Collections: []spec.Collection{collection(spec.KindKVPair, "table")},
	}
	if d := cmp.Diff([]spec.Collection{collection(spec.KindUserWorker, "old"), collection(spec.KindKVPair, "former")}, renamed.FormerCollections()); d != "" {
		t.Error(d)
	}
	if a, ok := spec.FormerAddress(renamed.Resources[0]); !ok || a.String() != "dispatch_namespace/old" {
		t.Errorf("%v, %v", a, ok)
	}
	snapshot := func(addresses ...string) *spec.Snapshot {
		s := spec.NewSnapshot(spec.Account{})
		for _, text := range addresses {
			s.Resources[address(text)] = &spec.Live{}
		}
		return s
	}
	names := func(s *spec.Snapshot) (names []string) {
		for _, a := range s.Addresses() {
			names = append(names, a.String())
		}
		return names
	}
	s := snapshot("dispatch_namespace/old", "user_worker/old/acme", "user_worker/other/acme", "kv_namespace/former", "kv_pair/former/k", "queue/same")
	s.ApplyRenames(renamed)
	if d := cmp.Diff([]string{"dispatch_namespace/new", "kv_namespace/table", "kv_pair/table/k", "queue/same", "user_worker/new/acme", "user_worker/other/acme"}, names(s)); d != "" {
		t.Error(d)
	}
	if got := s.Resources[address("dispatch_namespace/new")].Revision.FormerName; got != "old" {
		t.Errorf("the namespace was called %q", got)
	}
	both := snapshot("dispatch_namespace/old", "dispatch_namespace/new", "user_worker/old/acme")
	both.ApplyRenames(renamed)
	if d := cmp.Diff([]string{"dispatch_namespace/new", "dispatch_namespace/old", "user_worker/old/acme"}, names(both)); d != "" {
		t.Error(d)
	}
}

// A template's criteria are described in words.
func TestWanted(t *testing.T) {
	for want, d := range map[string]spec.Discovery{
		"":                   {},
		`a name like "a-*"`:  {Name: "a-*"},
		`the tag "pro"`:      {Tags: map[string]bool{"pro": true}},
		`no tag "suspended"`: {Tags: map[string]bool{"suspended": false}},
		`a name like "a-*" and no tag "old" and the tag "pro"`: {Name: "a-*", Tags: map[string]bool{"pro": true, "old": false}},
	} {
		if got := (spec.Template{Discovery: d}).Criteria(); got != want {
			t.Errorf("%+v: %s", d, got)
		}
	}
}

// A guard's limit is a number or a share, and is parsed from its text.
func TestLimits(t *testing.T) {
	for text, of := range map[string]int{"0": 0, "5": 5, "30%": 7, "100%": 25, "0.5%": 0} {
		var l spec.Limit
		if err := l.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := l.Of(25); got != of {
			t.Errorf("%s of 25 is %d, want %d", text, got, of)
		}
		if back, _ := l.MarshalText(); text != "0.5%" && string(back) != text {
			t.Errorf("%s came back as %s", text, back)
		}
	}
	for _, text := range []string{"", "-1", "five", "101%", "-1%", "NaN%", "%"} {
		if err := new(spec.Limit).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is a limit", text)
		}
	}
}

// A probe accepts the statuses that it names, or else any success.
func TestAccepts(t *testing.T) {
	for _, test := range []struct {
		status []int
		answer int
		want   bool
	}{{nil, 200, true}, {nil, 299, true}, {nil, 302, false}, {nil, 199, false}, {[]int{302, 404}, 404, true}, {[]int{302}, 200, false}} {
		if got := (&spec.Probe{Status: test.status}).Accepts(test.answer); got != test.want {
			t.Errorf("%v takes %d: %v", test.status, test.answer, got)
		}
	}
}
