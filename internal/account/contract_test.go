package account

import (
	"cmp"
	"errors"
	"go/ast"
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

// apiDescriptionFile is Cloudflare's OpenAPI document, reduced to the paths
// that this package uses. WFPSYNC_OPENAPI names another one.
const apiDescriptionFile = "../../../shared/cloudflare-openapi.json"

// contractResources has resources of every kind, in an order in which they can
// be created, and what each is changed into. The last is deleted first. A new
// kind gets its line here.
var contractResources = []struct{ first, second spec.Resource }{
	{&spec.DispatchNamespace{Name: "customers"}, &spec.DispatchNamespace{Name: "tenants", TrustedWorkers: yes(true)}},
	{&spec.KVNamespace{Title: "Data"}, &spec.KVNamespace{Title: "Tenant Data"}},
	{
		&spec.KVPair{KVNamespace: "Tenant Data", Key: "plans/acme ü?#", Value: "free"},
		&spec.KVPair{KVNamespace: "Tenant Data", Key: "plans/acme ü?#", Value: "AP8=", Base64: true, Metadata: spec.Object{"n": 1.0}, ExpirationTTL: 3600, UserWorker: spec.Address{Kind: spec.KindUserWorker, Parent: "tenants", Name: "acme"}},
	},
	{&spec.D1Database{Name: "data"}, &spec.D1Database{Name: "data"}},
	{&spec.D1Database{Name: "residents", Jurisdiction: "eu"}, &spec.D1Database{Name: "residents", Jurisdiction: "eu"}},
	{&spec.R2Bucket{Name: "uploads", Location: "weur"}, &spec.R2Bucket{Name: "uploads", Location: "weur", StorageClass: "InfrequentAccess"}},
	{&spec.R2Bucket{Name: "uploads", Jurisdiction: "eu"}, &spec.R2Bucket{Name: "uploads", Jurisdiction: "eu"}},
	{&spec.Queue{Name: "events"}, &spec.Queue{Name: "events", DeliveryDelay: number(5), MessageRetentionPeriod: number(60)}},
	{&spec.Queue{Name: "failed", DeliveryDelay: number(1)}, &spec.Queue{Name: "failed"}},
	{&spec.VectorizeIndex{Name: "catalogue", Dimensions: number(768), Metric: "cosine"}, &spec.VectorizeIndex{Name: "catalogue", Dimensions: number(768), Metric: "cosine"}},
	{&spec.VectorizeIndex{Name: "notes", Preset: "@cf/baai/bge-small-en-v1.5"}, &spec.VectorizeIndex{Name: "notes", Preset: "@cf/baai/bge-small-en-v1.5"}},
	{worker("outbound"), worker("outbound")},
	{worker("site", contractScript, everyBinding), worker("site", contractScript, otherBindings)},
	{worker("pages", withAssets(site{"/index.html": "<p>"}.assets())), worker("pages", withAssets(site{"/index.html": "<p>", "/a.js": "1"}.assets()))},
	{worker("counter", withClass("v1")), worker("counter", withClass("v1"))},
	{userWorker("tenants", "acme", contractScript, everyBinding), userWorker("tenants", "acme", contractScript, otherBindings)},
	{userWorker("tenants", "pages", withAssets(site{"/index.html": "<p>"}.assets())), userWorker("tenants", "pages", withAssets(&spec.Assets{Keep: true}))},
	{userWorker("tenants", "shop", contractScript), userWorker("tenants", "shop", templateOfCode)},
	{userWorker("tenants", "blog", contractScript), userWorker("tenants", "blog", templateOfSettings)},
	{&spec.Route{Zone: "example.com", Pattern: "*.example.com/*", Worker: "site"}, &spec.Route{Zone: "example.com", Pattern: "*.example.com/*"}},
	{&spec.CustomDomain{Hostname: "app.example.com", Zone: "example.com", Worker: "site"}, &spec.CustomDomain{Hostname: "app.example.com", Zone: "example.com", Worker: "pages"}},
	{&spec.CronTriggers{Worker: "site", Crons: []string{"0 0 * * *"}}, &spec.CronTriggers{Worker: "site", Crons: []string{"*/5 * * * *"}}},
	{&spec.WorkerSubdomain{Worker: "site", Enabled: yes(true)}, &spec.WorkerSubdomain{Worker: "site", Enabled: yes(false), PreviewsEnabled: yes(true)}},
	{&spec.QueueConsumer{Queue: "events", Worker: "site"}, &spec.QueueConsumer{Queue: "events", Worker: "site", DeadLetterQueue: "failed", Settings: spec.Object{"batch_size": 5.0, "max_retries": 1.0, "max_wait_time_ms": 100.0}}},
	{frontDoor("Front door"), frontDoor("")},
	{
		&spec.DNSRecord{Zone: "example.com", Type: "CNAME", Name: "origin.example.com", Content: "a.example.net", TTL: 300},
		&spec.DNSRecord{Zone: "example.com", Type: "CNAME", Name: "origin.example.com", Content: "b.example.net", TTL: spec.AutomaticTTL, Proxied: true},
	},
	{
		shop(func(h *spec.CustomHostname) { h.CustomOriginServer = "origin.example.com" }),
		liveShop(func(h *spec.CustomHostname) {
			h.SSL["method"], h.CustomOriginServer, h.CustomOriginSNI = "txt", "origin.example.com", "sni.example.com"
		}),
	},
}

// contractMethods lists every method that sends requests, in the order of an
// account's life. A new method gets its line here.
var contractMethods = []struct {
	name string
	call func(*contract, *testing.T)
}{
	{"Client.Account", func(c *contract, _ *testing.T) { c.account = c.client.Account(testAccount) }},
	{"Client.Accounts", func(c *contract, t *testing.T) { c.require(t, second(c.client.Accounts(t.Context()))) }},
	{"Client.TokenStatus", func(c *contract, t *testing.T) { c.require(t, second(c.client.TokenStatus(t.Context(), testAccount))) }},
	{"Client.Skew", func(c *contract, _ *testing.T) { c.client.Skew() }},
	{"Account.Pace", func(c *contract, _ *testing.T) { c.account.Pace(1) }},
	{"Account.PageSize", func(c *contract, _ *testing.T) { c.account.PageSize(spec.KindUserWorker) }},
	{"Account.Sleep", func(c *contract, t *testing.T) { c.require(t, c.account.Sleep(t.Context(), 1)) }},
	{"Account.Reserve", func(c *contract, t *testing.T) {
		_, release, err := c.account.Reserve(t.Context(), func() error { return nil })
		c.require(t, err)
		release()
	}},
	{"Account.PermissionChecks", func(c *contract, t *testing.T) {
		for _, p := range c.account.PermissionChecks() {
			c.require(t, p.Run(t.Context(), ""))
		}
	}},
	{"Account.Entitled", func(c *contract, t *testing.T) { c.require(t, c.account.Entitled(t.Context())) }},
	{"Account.Zones", func(c *contract, t *testing.T) { c.require(t, second(c.account.Zones(t.Context()))) }},
	{"Account.ZonesOf", func(c *contract, t *testing.T) {
		c.require(t, second(c.client.Account(testAccount).ZonesOf(t.Context(), []string{"a.example.com", "example.org"})))
	}},
	{"Account.ZonePermissionChecks", func(c *contract, t *testing.T) {
		for _, p := range c.account.ZonePermissionChecks() {
			c.require(t, p.Run(t.Context(), "example.com"))
		}
	}},
	{"Account.Put", (*contract).putAll},
	{"Account.SetKeyPrefixes", func(c *contract, _ *testing.T) {
		c.account.SetKeyPrefixes(map[spec.Collection]string{{Kind: spec.KindKVPair, Parent: "Tenant Data"}: "plans/"})
	}},
	{"Account.Read", (*contract).readAll},
	{"Account.Discover", func(c *contract, t *testing.T) {
		c.require(t, second(c.account.Discover(t.Context(), "platform", contractDiscoveries)))
	}},
	{"Account.ReadMore", func(c *contract, t *testing.T) {
		c.require(t, c.account.ReadMore(t.Context(), spec.NewSnapshot(spec.Account{}), contractCollections()))
	}},
	{"Account.SearchOrphans", func(c *contract, t *testing.T) {
		kv, snap := spec.Address{Kind: spec.KindKVNamespace, Name: "Tenant Data"}, spec.NewSnapshot(spec.Account{})
		snap.Resources[kv] = c.snapshot.Resources[kv]
		c.require(t, c.account.SearchOrphans(t.Context(), "platform", snap, spec.OrphanSearch{
			ZoneKinds: []spec.Kind{spec.KindCustomHostname, spec.KindDNSRecord}, KVNamespaces: []spec.Address{kv},
		}))
		for _, kind := range []spec.Kind{spec.KindCustomHostname, spec.KindDNSRecord, spec.KindKVPair} {
			if !slices.ContainsFunc(snap.Addresses(), func(a spec.Address) bool { return a.Kind == kind }) {
				t.Errorf("no %s was found: %v", kind, snap.Addresses())
			}
		}
	}},
	{"Account.Inspect", func(c *contract, t *testing.T) {
		c.require(t, c.account.Inspect(t.Context(), c.snapshot, c.snapshot.Addresses()))
	}},
	{"Account.ReadCode", func(c *contract, t *testing.T) {
		c.require(t, c.account.ReadCode(t.Context(), c.snapshot, c.scripts()))
	}},
	{"Account.Look", (*contract).changeAll},
	{"Account.BatchSize", func(c *contract, _ *testing.T) { c.account.BatchSize(spec.KindKVPair) }},
	{"Account.KVNamespaceOf", func(c *contract, t *testing.T) {
		id, err := c.account.KVNamespaceOf(t.Context(), []spec.Write{{Resource: &spec.KVPair{KVNamespace: "Tenant Data"}}})
		c.require(t, err)
		c.tenantData = id
	}},
	{"Account.PutKVPairs", (*contract).putPairs},
	{"Account.LookAtKVPairs", func(c *contract, t *testing.T) {
		c.require(t, second(c.account.LookAtKVPairs(t.Context(), "Tenant Data", c.tenantData, contractKeys)))
	}},
	{"Account.DeleteKVPairs", (*contract).deletePairs},
	{"Account.MarkUnproven", (*contract).doubtScripts},
	{"Account.Capture", (*contract).captureScripts},
	{"Account.Restore", (*contract).restoreScripts},
	{"Account.Reread", func(c *contract, t *testing.T) {
		for _, oneByOne := range []bool{false, true} {
			addresses := c.snapshot.Addresses()
			if oneByOne {
				addresses = c.scripts()
			}
			c.require(t, second(c.account.Reread(t.Context(), addresses, func(spec.Collection, int) bool { return oneByOne })))
		}
	}},
	{"Account.List", func(c *contract, t *testing.T) {
		for _, collection := range contractCollections() {
			c.require(t, second(c.account.List(t.Context(), "platform", collection)))
		}
	}},
	{"Account.Delete", (*contract).deleteAll},
}

// Everything that is sent and answered is as Cloudflare describes it, except
// for the listed exceptions.
func TestContract(t *testing.T) {
	c := newContract(t)
	for _, m := range contractMethods {
		m.call(c, t)
	}
	file := cmp.Or(os.Getenv("WFPSYNC_OPENAPI"), apiDescriptionFile)
	description, err := newAPIDescription(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the exchanges are not compared with Cloudflare's description of its API: there is no %s", file)
	} else if err != nil {
		t.Fatal(err)
	}
	excepted := newExceptions()
	told := map[string]bool{} // what is wrong once is often wrong again
	tell := func(breach, sent, answered string) {
		if !told[breach] {
			told[breach] = true
			t.Errorf("%s\n  sent     %s\n  answered %s", breach, sent, answered)
		}
	}
	for _, x := range c.exchanges {
		operation, ok := description.operation(x.method, x.path)
		switch {
		case ok:
			for _, b := range operation.check(x) {
				if !excepted.breach(b) {
					tell(b.String(), string(x.sent), string(x.answered))
				}
			}
		case !excepted.operation(x.method, x.path):
			t.Errorf("%s %s is not described", x.method, x.path)
		}
	}
	for _, unused := range excepted.unused() {
		t.Errorf("this exception is not needed (any more): %s", unused)
	}
}

// A new method, or a new kind, gets its line above.
func TestContractIsComplete(t *testing.T) {
	var called, written []string
	for _, m := range contractMethods {
		called = append(called, m.name)
	}
	for _, name := range exportedMethods(t, "Client", "Account") {
		if !slices.Contains(called, name) {
			t.Errorf("%s is not among contractMethods", name)
		}
	}
	for _, r := range contractResources {
		written = append(written, string(r.first.Address().Kind))
	}
	for kind := range opsByKind {
		if !slices.Contains(written, string(kind)) {
			t.Errorf("no %s is among contractResources", kind)
		}
	}
}

// exportedMethods returns the methods of types of this package, as
// "Type.Method".
func exportedMethods(t *testing.T, types ...string) []string {
	t.Helper()
	var methods []string
	_, files := parsePackage(t)
	for _, file := range files {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || !f.Name.IsExported() {
				continue
			}
			receiver := f.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			if name, ok := receiver.(*ast.Ident); ok && slices.Contains(types, name.Name) {
				methods = append(methods, name.Name+"."+f.Name.Name)
			}
		}
	}
	return methods
}
