package account

import (
	"context"
	"net/http"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// This file asks the API about the credentials and the account, to tell the
// user why something does not work.

// TokenStatus asks whether the API token is active, expired or disabled. A
// token of an account, and not of a user, is looked up in the account; "" means
// no account.
// Source: API reference, "Verify Token" of users and of accounts.
func (c *Client) TokenStatus(ctx context.Context, account string) (string, error) {
	var response struct {
		Status string `json:"status"`
	}
	_, err := c.api.Exchange(ctx, http.MethodGet, "/user/tokens/verify", nil, nil, &response)
	if err != nil && account != "" && cloudflare.IsDenied(err) {
		if _, again := c.api.Exchange(ctx, http.MethodGet, cloudflare.Path("accounts", account, "tokens", "verify"), nil, nil, &response); again == nil {
			err = nil
		}
	}
	return response.Status, err
}

// A PermissionCheck tests one permission of the credentials.
type PermissionCheck struct {
	Permission spec.Permission

	// Kinds need the permission: a stack with any of them must have it.
	Kinds []spec.Kind

	// Run reads a little, in the named zone if the permission is one of zones.
	Run func(ctx context.Context, zone string) error
}

// PermissionChecks returns the checks of the account's permissions.
func (a *Account) PermissionChecks() []PermissionCheck {
	return a.permissionChecks("accounts", func(context.Context, string) (string, error) { return a.id, nil })
}

// ZonePermissionChecks returns the checks of a zone's permissions.
func (a *Account) ZonePermissionChecks() []PermissionCheck {
	return a.permissionChecks("zones", func(ctx context.Context, name string) (string, error) {
		z, err := a.zone(ctx, name)
		return z.ID, err
	})
}

func (a *Account) permissionChecks(scope string, id func(ctx context.Context, zone string) (string, error)) []PermissionCheck {
	var checks []PermissionCheck
	for _, e := range allEndpoints {
		if e.scope != scope {
			continue
		}
		checks = append(checks, PermissionCheck{e.permission(), e.kinds(), func(ctx context.Context, zone string) error {
			id, err := id(ctx, zone)
			if err != nil {
				return err
			}
			path, query := e.checkRequest(id)
			_, err = a.api.Send(ctx, http.MethodGet, path, query, nil)
			return err
		}})
	}
	return checks
}

// Entitled lists the dispatch namespaces, which only accounts with Workers for
// Platforms have.
func (a *Account) Entitled(ctx context.Context) error {
	_, err := a.api.Send(ctx, http.MethodGet, cloudflare.Path("accounts", a.id, "workers", "dispatch", "namespaces"), nil, nil)
	return err
}

// ZonePermission returns the permission to see zones.
func ZonePermission() spec.Permission { return permissionsAlone[spec.ProductZones] }
