package account

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// This file has what Workers and user Workers do in the same way.

// markVouches reports whether a script's code is what its mark says: the upload
// that left the mark was the last write, and its digest has our format.
func markVouches(r spec.Revision) bool {
	return r.Mark != nil && r.Mark.Version == spec.MarkVersion && !r.Drifted()
}

// markedCode returns the digest of the code that a script's mark vouches for,
// or "" if it vouches for none.
func markedCode(r spec.Revision) string {
	if !markVouches(r) {
		return ""
	}
	return r.Mark.Code
}

// inspectScript reads a script's settings, and its code unless the mark has the
// code's digest.
func inspectScript(ctx context.Context, a *Account, live *spec.Live) (*spec.Live, error) {
	address := live.Resource.Address()
	path := a.scriptPath(address)
	settings, err := a.settings(ctx, path)
	if err != nil {
		return nil, err
	}
	definition, err := settings.toSpec()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	for i, b := range definition.Bindings {
		definition.Bindings[i] = b.RelativeTo(address)
	}
	complete := &spec.Live{Revision: live.Revision, Detailed: true, Created: live.Created}
	complete.Revision.Owner, complete.Revision.Mark, _ = spec.Ownership(settings.Tags)
	complete.Revision.Template = spec.TemplateOf(settings.Tags)
	if definition.MigrationTag, err = a.migrationTag(ctx, live, definition.Bindings); err != nil {
		return nil, err
	}
	complete.Revision.MigrationTag = definition.MigrationTag
	definition.Assets = liveAssets(complete.Revision, live.Resource.(spec.Scripted).AsScript().Assets != nil)
	if vouched := (&spec.Code{Digest: markedCode(complete.Revision)}); vouched.Digest != "" && !vouched.IsKept() {
		definition.Code = vouched
	} else if definition.Code, err = a.code(ctx, address, complete.Revision.Mark); err != nil {
		return nil, err
	}
	complete.Resource = scriptResource(address, definition)
	return complete, nil
}

// migrationTag returns the last Durable Object migration that a script has run.
// Its settings do not show it, and it is not documented whether the list of a
// namespace does. So a user Worker with classes of its own is asked for, as
// wrangler does.
func (a *Account) migrationTag(ctx context.Context, live *spec.Live, bindings []spec.Binding) (string, error) {
	address := live.Resource.Address()
	ownClass := func(b spec.Binding) bool {
		return b.Type == spec.BindingDurableObject && b.Properties.Get("script_name") == nil
	}
	if live.Revision.MigrationTag != "" || address.Kind != spec.KindUserWorker || !slices.ContainsFunc(bindings, ownClass) {
		return live.Revision.MigrationTag, nil
	}
	s, err := a.userWorker(ctx, address)
	return s.MigrationTag, err
}

// liveAssets returns a script's static assets, as far as they can be known:
// from the mark if it vouches for them, otherwise only whether there are any. A
// later write may have changed them without touching the mark, for example a
// return to an earlier version.
func liveAssets(r spec.Revision, listed bool) *spec.Assets {
	switch {
	case markVouches(r) && r.Mark.Assets != "":
		return spec.LiveAssets(r.Mark.Assets)
	case markVouches(r) && !listed:
		return nil
	case listed || r.Mark != nil && r.Mark.Assets != "":
		return spec.LiveAssets("")
	default:
		return nil
	}
}

// scriptResource returns the Worker or user Worker at an address.
func scriptResource(address spec.Address, definition spec.Script) spec.Resource {
	if address.Kind == spec.KindUserWorker {
		return &spec.UserWorker{DispatchNamespace: address.Parent, Name: address.Name, Script: definition}
	}
	return &spec.Worker{Name: address.Name, Script: definition}
}

// strictInherit makes an inherit binding that cannot be resolved an error
// (10057). Without it the platform silently drops the binding.
// Source: API reference, "Upload Worker Module", query parameter
// bindings_inherit.
var strictInherit = url.Values{"bindings_inherit": {"strict"}}

// putScript uploads a script: first its static files, then code, settings,
// owner and mark in one write.
func putScript(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	switch {
	case w.MarkOnly:
		return putMark(ctx, a, w)
	case w.SecretsOnly:
		return putSecrets(ctx, a, w)
	}
	address := w.Resource.Address()
	if w.Resource.(spec.Scripted).AsScript().Code.IsKept() {
		return patchScript(ctx, a, w)
	}
	u, err := newUpload(w, a.api.Now)
	if err != nil {
		return spec.Revision{}, fmt.Errorf("%s: %w", address, err)
	}
	revision, err := a.sendScript(ctx, u)
	if cloudflare.Is(err, assetsForgotten) && u.uploadsAssets() {
		return a.sendScript(ctx, u)
	}
	return revision, err
}

// sendScript uploads the static files of a script, and then the script.
func (a *Account) sendScript(ctx context.Context, u *upload) (spec.Revision, error) {
	address := u.write.Resource.Address()
	return a.untilSettled(ctx, func() (spec.Revision, error) {
		if u.uploadsAssets() {
			token, err := newAssetUpload(a, address, u.script.Assets.Files).send(ctx)
			if err != nil {
				return spec.Revision{}, err
			}
			u.setAssets(token)
		}
		var response wireScript
		_, err := a.api.Exchange(ctx, http.MethodPut, a.scriptPath(address), strictInherit, u.body(), &response)
		if err != nil {
			return spec.Revision{}, u.redacted(err)
		}
		revision, err := u.check(&response)
		if err == nil {
			a.tags.learn(a.api.BaseURL(), a.rootOf(address), u.uploaded)
		}
		return revision, err
	})
}

// deleteScript never forces: a Worker that something still refers to stays.
func deleteScript(ctx context.Context, a *Account, address spec.Address, _ spec.Revision) error {
	return a.api.Remove(ctx, a.scriptPath(address))
}
