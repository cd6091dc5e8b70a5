package account

import (
	"maps"
	"slices"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

var contractSecrets = map[string]spec.Secret{"KEY": spec.NewSecret("planted-secret"), "TOKEN": spec.NewSecret("planted-token")}

// contractDiscoveries are lists that look for user Workers of others.
var contractDiscoveries = []spec.Discovery{{Namespace: "tenants", Tags: map[string]bool{"plan-pro": true, "suspended": false}, Name: "*"}}

// writeSecrets rotates the secrets of a script: one alone, and all at once.
func (c *contract) writeSecrets(t *testing.T, i int, r spec.Scripted) {
	if !slices.ContainsFunc(r.AsScript().Bindings, spec.Binding.IsSecret) {
		return
	}
	all := maps.Clone(contractSecrets)
	for _, secrets := range []map[string]spec.Secret{{"KEY": all["KEY"]}, all} {
		w := spec.Write{Stack: "platform", Resource: r, Prior: &c.revisions[i], Secrets: secrets, SecretsOnly: true}
		revision, err := c.account.Put(t.Context(), w)
		c.require(t, err)
		c.revisions[i] = revision
	}
}

// putPairs creates two pairs, and replaces them.
func (c *contract) putPairs(t *testing.T) {
	var writes []spec.Write
	for _, key := range contractKeys {
		writes = append(writes, spec.Write{Stack: "platform", Resource: &spec.KVPair{KVNamespace: "Tenant Data", Key: key, Value: "1"}})
	}
	for range 2 {
		revisions, errs := c.account.PutKVPairs(t.Context(), c.tenantData, writes)
		for i := range writes {
			c.require(t, errs[i])
			pair := *writes[i].Resource.(*spec.KVPair)
			pair.Value += "1"
			writes[i].Resource, writes[i].Prior = &pair, &revisions[i]
		}
		c.pairs = revisions
	}
}

func (c *contract) deletePairs(t *testing.T) {
	var addresses []spec.Address
	for _, key := range contractKeys {
		addresses = append(addresses, spec.Address{Kind: spec.KindKVPair, Parent: "Tenant Data", Name: key})
	}
	for _, err := range c.account.DeleteKVPairs(t.Context(), addresses, c.pairs) {
		c.require(t, err)
	}
}

// contractKeys are the keys of pairs that are written together.
var contractKeys = []string{"plans/a", "plans/z"}

// eachUserWorker calls f with each user Worker that a rollout may want to
// restore.
func (c *contract) eachUserWorker(f func(i int, w *spec.UserWorker)) {
	for i, r := range contractResources {
		if w, ok := r.second.(*spec.UserWorker); ok && !w.IsTemplate() {
			f(i, w)
		}
	}
}

func (c *contract) doubtScripts(t *testing.T) {
	c.eachUserWorker(func(i int, w *spec.UserWorker) {
		revision, err := c.account.MarkUnproven(t.Context(), spec.Write{Stack: "platform", Resource: w, Prior: &c.revisions[i]}, nil)
		c.require(t, err)
		c.revisions[i] = revision
	})
}

func (c *contract) captureScripts(t *testing.T) {
	c.captured = map[int]*spec.Live{}
	c.eachUserWorker(func(i int, w *spec.UserWorker) {
		live, err := c.account.Capture(t.Context(), w.Address(), c.revisions[i])
		c.require(t, err)
		c.captured[i] = live
	})
}

// restoreScripts uploads again what was captured.
func (c *contract) restoreScripts(t *testing.T) {
	c.eachUserWorker(func(i int, w *spec.UserWorker) {
		former, _ := c.captured[i].RestorableOver(w.AsScript())
		revision, err := c.account.Restore(t.Context(), spec.Restoration{Stack: "platform", Written: w, Revision: c.revisions[i], Former: former})
		c.require(t, err)
		c.revisions[i] = revision
	})
}

// contractScript gives a script everything that is not a binding.
func contractScript(s *spec.Script) {
	s.CompatibilityFlags = []string{"nodejs_compat"}
	s.Tags = []string{"plan-pro"}
	s.Options = spec.Object{
		"limits":         spec.Object{"cpu_ms": 50.0},
		"logpush":        true,
		"observability":  spec.Object{"enabled": true, "head_sampling_rate": 0.5},
		"placement":      spec.Object{"mode": "smart"},
		"tail_consumers": []any{spec.Object{"service": "outbound"}},
	}
}

// everyBinding gives a script a binding of every type that refers to something
// in the account or holds a value.
func everyBinding(s *spec.Script) {
	s.Bindings = []spec.Binding{
		{Name: "CONFIG", Type: spec.BindingJSON, Properties: spec.PropertiesOf(spec.Object{"json": spec.Object{"features": []any{"a"}}})},
		{Name: "DB", Type: spec.BindingD1, Ref: spec.Address{Kind: spec.KindD1Database, Name: "data"}},
		{Name: "EVENTS", Type: spec.BindingQueue, Properties: spec.PropertiesOf(spec.Object{"queue_name": "events", "delivery_delay": 5.0})},
		{Name: "KEY", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "X"}},
		{Name: "KV", Type: spec.BindingKVNamespace, Ref: spec.Address{Kind: spec.KindKVNamespace, Name: "Tenant Data"}},
		{Name: "NEXT", Type: spec.BindingService, Properties: spec.PropertiesOf(spec.Object{"service": "outbound"})},
		{Name: "PLAN", Type: spec.BindingText, Properties: spec.PropertiesOf(spec.Object{"text": "pro"})},
		{Name: "TENANTS", Type: spec.BindingDispatchNamespace, Properties: spec.PropertiesOf(spec.Object{
			"namespace": "tenants",
			"outbound":  spec.Object{"worker": spec.Object{"service": "outbound"}, "params": []any{spec.Object{"name": "tenant"}}},
		})},
		{Name: "TOKEN", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "Y"}},
		{Name: "UPLOADS", Type: spec.BindingR2Bucket, Properties: spec.PropertiesOf(spec.Object{"bucket_name": "uploads", "jurisdiction": "eu"})},
	}
}

// otherBindings adds bindings that keep a secret, and a variable that another
// program writes.
func otherBindings(s *spec.Script) {
	s.Bindings = []spec.Binding{
		{Name: "KEY", Type: spec.BindingInherit},
		{Name: "PLAN", Type: spec.BindingInherit},
	}
}

// withClass adds a Durable Object class, and the migration that creates it.
func withClass(tag string) func(*spec.Script) {
	return func(s *spec.Script) {
		s.Code = codeOf("export class Counter {}\nexport default {}\n")
		s.Bindings = []spec.Binding{{Name: "COUNTER", Type: spec.BindingDurableObject, Properties: spec.PropertiesOf(spec.Object{"class_name": "Counter"})}}
		s.Migrations = []spec.Migration{{Tag: tag, Step: spec.Object{"new_sqlite_classes": []any{"Counter"}}}}
	}
}

// templateOfCode makes a template that replaces only the code of a user Worker.
func templateOfCode(s *spec.Script) {
	contractScript(s)
	s.Manage = []string{"code", "vars", "tags"}
	s.Tags, s.Options = []string{"plan-free"}, nil
	s.Bindings = []spec.Binding{{Name: "PLAN", Type: spec.BindingText, Properties: spec.PropertiesOf(spec.Object{"text": "free"})}}
}

// templateOfSettings makes a template that changes only settings of a user
// Worker.
func templateOfSettings(s *spec.Script) {
	contractScript(s)
	s.Code = spec.KeptCode()
	s.Manage = []string{"bindings", "compatibility_date", "compatibility_flags", "limits", "logpush", "observability", "placement", "secrets", "tail_consumers", "vars"}
	everyBinding(s)
}
