package account

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// This file asks the API about the credentials and the account, for a person who
// wants to know why something does not work.

// TokenStatus asks whether the API token is active, expired or disabled. A token
// that belongs to an account, and not to a user, is asked for there; "" leaves
// that out.
// Source: API reference, "Verify Token" of users and of accounts.
func (c *Client) TokenStatus(ctx context.Context, account string) (string, error) {
	var answer struct {
		Status string `json:"status"`
	}
	_, err := c.exchange(ctx, http.MethodGet, "/user/tokens/verify", nil, nil, &answer)
	if err != nil && account != "" && IsDenied(err) {
		if _, again := c.exchange(ctx, http.MethodGet, apiPath("accounts", account, "tokens", "verify"), nil, nil, &answer); again == nil {
			err = nil
		}
	}
	return answer.Status, err
}

// Skew is how far the server's clock is ahead of this machine's, by the last
// answer; it is exact to a second.
func (c *Client) Skew() time.Duration { return time.Duration(c.clock.offset.Load()) }

// Probe is one thing to look at, which takes a permission.
type Probe struct {
	Permission Permission

	// Kinds are what a stack that has any of needs the permission for.
	Kinds []spec.Kind

	// Look reads a little of it.
	Look func(context.Context) error
}

// Probes are what there is to look at in the account, but for zones.
func (a *Account) Probes() []Probe {
	get := func(query url.Values, segments ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := a.client.send(ctx, http.MethodGet, apiPath(append([]string{"accounts", a.id}, segments...)...), query, nil, jsonType)
			return err
		}
	}
	one := func(size string) url.Values { return url.Values{"per_page": {size}} }
	return []Probe{
		{permissions[ProductWorkers], []spec.Kind{spec.KindWorker, spec.KindUserWorker, spec.KindDispatchNamespace}, get(nil, "workers", "scripts")},
		{permissions[ProductKV], []spec.Kind{spec.KindKVNamespace, spec.KindKVPair}, get(one("5"), "storage", "kv", "namespaces")},
		{permissions[ProductD1], []spec.Kind{spec.KindD1Database}, get(one("10"), "d1", "database")},
		{permissions[ProductR2], []spec.Kind{spec.KindR2Bucket}, get(one("1"), "r2", "buckets")},
		{permissions[ProductQueues], []spec.Kind{spec.KindQueue, spec.KindQueueConsumer}, get(nil, "queues")},
	}
}

// Entitled asks for the dispatch namespaces, which only accounts with Workers
// for Platforms have.
func (a *Account) Entitled(ctx context.Context) error {
	_, err := a.client.send(ctx, http.MethodGet, apiPath("accounts", a.id, "workers", "dispatch", "namespaces"), nil, nil, jsonType)
	return err
}

// ZoneProbe is one thing to look at in a zone, which takes a permission.
type ZoneProbe struct {
	Permission Permission

	// Kinds are as of a [Probe].
	Kinds []spec.Kind

	// LookAt reads a little of it in a zone, named as in a stack file.
	LookAt func(ctx context.Context, zone string) error
}

// ZoneProbes are what there is to look at in a zone.
func (a *Account) ZoneProbes() []ZoneProbe {
	get := func(what string) func(context.Context, string) error {
		return func(ctx context.Context, name string) error {
			z, err := a.zone(ctx, name)
			if err != nil {
				return err
			}
			_, err = a.client.send(ctx, http.MethodGet, apiPath("zones", z.ID, what), url.Values{"per_page": {"5"}}, nil, jsonType)
			return err
		}
	}
	routes := func(ctx context.Context, zone string) error {
		_, err := a.zoneRoutes(ctx, zone)
		return err
	}
	return []ZoneProbe{
		{routesPermission, []spec.Kind{spec.KindRoute, spec.KindCustomDomain}, routes},
		{permissions[ProductDNS], []spec.Kind{spec.KindDNSRecord}, get("dns_records")},
		{permissions[ProductSaaS], []spec.Kind{spec.KindCustomHostname}, get("custom_hostnames")},
	}
}

// ZonePermission is what it takes to see zones.
func ZonePermission() Permission { return permissions[ProductZones] }
