package spec_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// meta has everything that a plan carries of a resource's management.
var meta = spec.Meta{
	Adopt: true, Protect: true, RenamedFrom: "before",
	DependsOn: []spec.Address{{Kind: spec.KindQueue, Name: "first"}},
}

// aScript has a value in each of a script's fields.
func aScript() spec.Script {
	return spec.Script{
		Code:               &spec.Code{Digest: "c0de"},
		CompatibilityDate:  "2026-10-01",
		CompatibilityFlags: []string{"nodejs_compat"},
		Bindings:           []spec.Binding{{Name: "TABLE", Type: spec.BindingKVNamespace, Ref: spec.Address{Kind: spec.KindKVNamespace, Name: "table"}}},
		Assets:             &spec.Assets{Files: &spec.AssetFiles{Digest: "f11e5"}, Config: spec.Object{"html_handling": "none"}},
		Migrations:         []spec.Migration{{Tag: "v1", Step: spec.Object{"new_classes": []any{"Room"}}}},
		MigrationTag:       "v1",
		Tags:               []string{"pro"},
		Options:            spec.Object{"logpush": true},
	}
}

// samples has a resource of each kind, with a value in each of its fields.
func samples() map[spec.Kind]spec.Resource {
	worker := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "acme"}
	list := []spec.Resource{
		&spec.CronTriggers{Worker: "router", Crons: []string{"0 4 * * *"}, ResourceMeta: meta},
		&spec.CustomDomain{Hostname: "app.example.com", Zone: "example.com", Worker: "router", ResourceMeta: meta},
		&spec.CustomHostname{
			Zone: "example.com", Hostname: "shop.acme.com", SSL: spec.Object{"method": "http"}, CustomMetadata: spec.Object{"customer": "acme"},
			CustomOriginServer: "origin.example.com", CustomOriginSNI: "sni.example.com", ResourceMeta: meta,
		},
		&spec.D1Database{Name: "orders", Jurisdiction: "eu", ResourceMeta: meta},
		&spec.DispatchNamespace{Name: "customers", TrustedWorkers: new(bool), ResourceMeta: meta},
		&spec.DNSRecord{Zone: "example.com", Type: spec.RecordAAAA, Name: "*.example.com", Content: "100::", Proxied: true, TTL: spec.AutomaticTTL, Comment: new(string), ResourceMeta: meta},
		&spec.KVNamespace{Title: "table", ResourceMeta: meta},
		&spec.KVPair{KVNamespace: "table", Key: "acme.com", Value: "acme", Metadata: spec.Object{"plan": "pro"}, Expiration: 1e9, UserWorker: worker, ResourceMeta: meta},
		&spec.Queue{Name: "mail", DeliveryDelay: new(float64), MessageRetentionPeriod: new(float64), ResourceMeta: meta},
		&spec.QueueConsumer{Queue: "mail", Worker: "router", DeadLetterQueue: "dead", Settings: spec.Object{"batch_size": 5.0}, ResourceMeta: meta},
		&spec.R2Bucket{Name: "files", Jurisdiction: "eu", Location: "weur", StorageClass: "InfrequentAccess", ResourceMeta: meta},
		&spec.Route{Zone: "example.com", Pattern: "*.example.com/*", Worker: "router", ResourceMeta: meta},
		&spec.UserWorker{DispatchNamespace: "customers", Name: "acme", Script: aScript(), ResourceMeta: meta},
		&spec.VectorizeIndex{Name: "docs", Dimensions: new(float64), Metric: "cosine", Preset: "@cf/baai/bge-base-en-v1.5", Description: new(string), ResourceMeta: meta},
		&spec.Worker{Name: "router", Script: aScript(), OwnsRoutes: true, OwnsConsumers: true, ResourceMeta: meta},
		&spec.WorkerSubdomain{Worker: "router", Enabled: new(bool), PreviewsEnabled: new(bool), ResourceMeta: meta},
	}
	byKind := map[spec.Kind]spec.Resource{}
	for _, r := range list {
		byKind[r.Address().Kind] = r
	}
	return byKind
}

// notCompared are the fields of a resource that are not part of the desired
// state, or that another part of the comparison covers.
var notCompared = map[string]string{
	"*spec.CustomDomain.Zone":    "a hostname is in one zone",
	"*spec.DNSRecord.Others":     "is of live records, and for a warning",
	"*spec.KVPair.MarkDigest":    "stands in for a value that was not read",
	"*spec.KVPair.Unread":        "stands in for a value that was not read",
	"*spec.KVPair.Base64":        "is how the value is written in the file",
	"*spec.Worker.OwnsRoutes":    "is about the resources of a Worker",
	"*spec.Worker.OwnsConsumers": "is about the resources of a Worker",
	"Script.Code":                "is compared by its digest",
	"Script.Assets":              "are compared by their digest",
	"Script.Migrations":          "are compared by the last one's tag",
	"Script.Manage":              "is of templates",
	"Script.Inherited":           "is of templates",
	"Script.Rest":                "is of templates",
	"*spec.KVPair.ExpirationTTL": "is tested with Expiration, which it takes the place of",
}

// The run that applies a plan is not the one that made it: a resource survives
// encoding and decoding.
func TestResourcesSurviveAPlan(t *testing.T) {
	for _, kind := range spec.Kinds() {
		sample := samples()[kind.Kind]
		if sample == nil {
			t.Errorf("there is no sample of the kind %s", kind.Kind)
			continue
		}
		data, err := json.Marshal(sample)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := spec.DecodeResource(kind.Kind, data)
		if err != nil {
			t.Fatalf("%s: %v", kind.Kind, err)
		}
		if d := cmp.Diff(sample, decoded, cmpopts.IgnoreUnexported(spec.Assets{})); d != "" {
			t.Errorf("%s: %s", kind.Kind, d)
		}
		if !decoded.Meta().Adopt || decoded.Meta().IsZero() {
			t.Errorf("%s: the file's word on managing it is lost", kind.Kind)
		}
	}
	if _, err := spec.DecodeResource("nothing", []byte("{}")); err == nil {
		t.Error("a resource of no kind is decoded")
	}
	if _, err := spec.DecodeResource(spec.KindQueue, []byte(`{"name":1}`)); err == nil {
		t.Error("a queue whose name is a number is decoded")
	}
}

// Each field of a resource is compared, or is part of its address, or is a
// reference. Otherwise a change of it would never be planned.
func TestEveryFieldMatters(t *testing.T) {
	for kind, sample := range samples() {
		eachField(reflect.ValueOf(sample).Elem(), reflect.TypeOf(sample).String(), func(name string, field reflect.Value) {
			if notCompared[name] != "" {
				return
			}
			before := shown(t, sample)
			was := reflect.New(field.Type()).Elem()
			was.Set(field)
			field.SetZero()
			if shown(t, sample) == before {
				t.Errorf("%s: %s can be taken out without a difference", kind, name)
			}
			field.Set(was)
		})
	}
}

// eachField calls do with each non-zero field of a struct, including those of
// an embedded script.
func eachField(v reflect.Value, name string, do func(name string, field reflect.Value)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case f.Name == "ResourceMeta":
		case f.Anonymous:
			eachField(v.Field(i), f.Name, do)
		case !v.Field(i).IsZero():
			do(name+"."+f.Name, v.Field(i))
		}
	}
}

// shown returns what distinguishes a resource from others.
func shown(t *testing.T, r spec.Resource) string {
	t.Helper()
	canonical, err := json.Marshal(r.Canonical())
	if err != nil {
		t.Fatal(err)
	}
	text := r.Address().String() + "\n" + string(canonical)
	for _, ref := range r.References() {
		text += "\n" + ref.To.String()
	}
	return text
}

// A resource's references are what it needs first.
func TestReferencesOfEveryKind(t *testing.T) {
	router, namespace := spec.Address{Kind: spec.KindWorker, Name: "router"}, spec.Address{Kind: spec.KindDispatchNamespace, Name: "customers"}
	table := spec.Address{Kind: spec.KindKVNamespace, Name: "table"}
	want := map[spec.Kind][]spec.Address{
		spec.KindCronTriggers:    {router},
		spec.KindCustomDomain:    {router},
		spec.KindKVPair:          {table, {Kind: spec.KindUserWorker, Parent: "customers", Name: "acme"}},
		spec.KindQueueConsumer:   {router, {Kind: spec.KindQueue, Name: "mail"}, {Kind: spec.KindQueue, Name: "dead"}},
		spec.KindRoute:           {router},
		spec.KindUserWorker:      {namespace, table},
		spec.KindWorker:          {table},
		spec.KindWorkerSubdomain: {router},
	}
	for kind, sample := range samples() {
		var got []spec.Address
		for _, ref := range sample.References() {
			got = append(got, ref.To)
		}
		if !slices.Equal(got, want[kind]) {
			t.Errorf("%s needs %v, want %v", kind, got, want[kind])
		}
		attached, ok := sample.(spec.Attached)
		if ok && attached.AttachedTo() != router {
			t.Errorf("%s is attached to %s", kind, attached.AttachedTo())
		}
	}
	for _, r := range []spec.Resource{&spec.Route{Zone: "example.com", Pattern: "example.com/*"}, &spec.QueueConsumer{}} {
		if refs := r.References(); len(refs) > 0 && refs[0].To.Kind == spec.KindWorker {
			t.Errorf("%s leads to no Worker, and needs %v", r.Address(), refs)
		}
	}
}

// The address of each sample is in the collection that lists it, and is parsed
// from its text.
func TestAddressesRoundTrip(t *testing.T) {
	for kind, sample := range samples() {
		a := sample.Address()
		text, err := a.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back spec.Address
		if err := back.UnmarshalText(text); err != nil || back != a {
			t.Errorf("%s came back as %v, %v", a, back, err)
		}
		if c := a.Collection(); c.Kind != kind {
			t.Errorf("%s is listed with %v", a, c)
		}
	}
	for address, want := range map[spec.Address]spec.Collection{
		{Kind: spec.KindUserWorker, Parent: "n", Name: "a"}:    {Kind: spec.KindUserWorker, Parent: "n"},
		{Kind: spec.KindQueueConsumer, Parent: "q", Name: "a"}: {Kind: spec.KindQueueConsumer},
		{Kind: spec.KindCronTriggers, Name: "a"}:               {Kind: spec.KindCronTriggers, Parent: "a"},
		{Kind: spec.KindR2Bucket, Name: "a"}:                   {Kind: spec.KindR2Bucket},
	} {
		if got := address.Collection(); got != want {
			t.Errorf("%s is listed with %v, want %v", address, got, want)
		}
	}
	for _, text := range []string{"", "queue", "queue/", "nothing/a", "user_worker/acme", "user_worker//acme", "user_worker/n/", "route/example.com"} {
		if err := new(spec.Address).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is read as an address", text)
		}
	}
}

// Addresses and collections are sorted by kind, container and name.
func TestOrderOfAddresses(t *testing.T) {
	sorted := []spec.Address{
		{Kind: spec.KindQueue, Name: "b"},
		{Kind: spec.KindUserWorker, Parent: "m", Name: "z"},
		{Kind: spec.KindUserWorker, Parent: "n", Name: "a"},
		{Kind: spec.KindUserWorker, Parent: "n", Name: "b"},
	}
	for i, a := range sorted {
		for j, b := range sorted {
			if got := a.Compare(b); got != order(i, j) {
				t.Errorf("%s against %s: %d", a, b, got)
			}
			if got := a.Collection().Compare(b.Collection()); (got < 0) != (i < j && a.Collection() != b.Collection()) {
				t.Errorf("%v against %v: %d", a.Collection(), b.Collection(), got)
			}
		}
	}
	if (spec.Address{}).IsZero() != true || sorted[0].IsZero() {
		t.Error("only the zero address names nothing")
	}
}

func order(i, j int) int {
	switch {
	case i < j:
		return -1
	case i > j:
		return 1
	}
	return 0
}

// What a file leaves open about a record or a hostname is left alone.
func TestCompleted(t *testing.T) {
	said, none := "people say", ""
	live := &spec.DNSRecord{Comment: &said}
	for want, r := range map[*string]*spec.DNSRecord{&said: {}, &none: {Comment: &none}} {
		if got := r.Completed(live).(*spec.DNSRecord).Comment; *got != *want {
			t.Errorf("the comment became %q", *got)
		}
	}
	hostname := &spec.CustomHostname{SSL: spec.Object{"method": "txt"}, CustomOriginSNI: "b"}
	found := &spec.CustomHostname{SSL: spec.Object{"method": "http", "type": "dv"}, CustomOriginServer: "o", CustomOriginSNI: "a", CustomMetadata: spec.Object{"theirs": true}}
	want := &spec.CustomHostname{SSL: spec.Object{"method": "txt", "type": "dv"}, CustomOriginServer: "o", CustomOriginSNI: "b"}
	if d := cmp.Diff(spec.Resource(want), hostname.Completed(found)); d != "" {
		t.Error(d)
	}
	if hostname.Completed(live) != spec.Resource(hostname) {
		t.Error("a hostname was completed by a record")
	}
}

// A mark names the owner of a record, a hostname or a pair, and the rest is
// read as it was written.
func TestMarksInOtherPlaces(t *testing.T) {
	for _, comment := range []string{"", "people say", "two [brackets]"} {
		if stack, rest := spec.CommentOwner(spec.MarkedComment(comment, "shop-1.eu")); stack != "shop-1.eu" || rest != comment {
			t.Errorf("%q came back as %q of %q", comment, rest, stack)
		}
		if stack, rest := spec.CommentOwner(comment); stack != "" || rest != comment {
			t.Errorf("%q is of %q", comment, stack)
		}
	}
	for _, metadata := range []spec.Object{nil, {"customer": "acme"}} {
		stack, rest := spec.MetadataOwner(spec.MarkedMetadata(metadata, "shop"))
		if stack != "shop" || len(rest) != len(metadata) || rest["customer"] != metadata["customer"] {
			t.Errorf("%v came back as %v of %q", metadata, rest, stack)
		}
		if stack, rest := spec.MetadataOwner(metadata); stack != "" || len(rest) != len(metadata) {
			t.Errorf("%v is of %q", metadata, stack)
		}
	}
	if stack, _ := spec.MetadataOwner(spec.Object{spec.MetadataMark: 1.0}); stack != "" {
		t.Errorf("a number is the mark of %q", stack)
	}
}

// A record's content may have many spellings; its canonical form has one.
func TestCanonicalContent(t *testing.T) {
	for _, same := range [][]string{
		{spec.RecordAAAA, "100::", "100:0::0", "0100::"},
		{spec.RecordCNAME, "shop.example.com", "Shop.example.com."},
		{spec.RecordA, "192.0.2.1", "192.0.2.1"},
	} {
		for _, content := range same[2:] {
			if got, want := spec.CanonicalContent(same[0], content), spec.CanonicalContent(same[0], same[1]); got != want {
				t.Errorf("%s %s is %s, and not %s", same[0], content, got, want)
			}
		}
	}
}

// A number of resources in words.
func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 DNS records", 1: "1 DNS record", 2: "2 DNS records"} {
		if got := spec.KindDNSRecord.Info().Count(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	if spec.KindDNSRecord.Info().InZones() != true || spec.KindRoute.Info().InZones() {
		t.Error("records have a section for all zones, and routes have none")
	}
	if got := (spec.Permission{Scope: "Zone", Name: "DNS", Level: "Edit"}).String(); got != "Zone · DNS · Edit" {
		t.Error(got)
	}
}

// A comment silences a warning at its line, and never an error.
func TestIgnores(t *testing.T) {
	stack := &spec.Stack{Ignored: []spec.Ignored{{Rule: "WFP219", File: "wfpsync.yaml", Line: 3}}}
	for _, test := range []struct {
		d    diag.Diagnostic
		want bool
	}{
		{diag.Diagnostic{Severity: diag.Warning, Rule: "WFP219", Range: diag.Range{File: "wfpsync.yaml", Line: 3, Column: 7}}, true},
		{diag.Diagnostic{Severity: diag.Error, Rule: "WFP219", Range: diag.Range{File: "wfpsync.yaml", Line: 3}}, false},
		{diag.Diagnostic{Severity: diag.Warning, Rule: "WFP220", Range: diag.Range{File: "wfpsync.yaml", Line: 3}}, false},
		{diag.Diagnostic{Severity: diag.Warning, Rule: "WFP219", Range: diag.Range{File: "wfpsync.yaml", Line: 4}}, false},
		{diag.Diagnostic{Severity: diag.Warning, Rule: "WFP219", Range: diag.Range{File: "other.yaml", Line: 3}}, false},
	} {
		if got := stack.Ignores(test.d); got != test.want {
			t.Errorf("%+v: %v", test.d, got)
		}
	}
}
