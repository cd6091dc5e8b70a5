package account

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"sync/atomic"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// patchScript changes the settings of a script whose code a template leaves
// unchanged, with the mark in the same write. Settings that are not mentioned
// stay.
// Source: API reference, "Patch Script Settings" of a dispatch namespace.
func patchScript(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	script, address := w.Resource.(spec.Scripted).AsScript(), w.Resource.Address()
	fields, err := changedSettings(script, w.Secrets)
	if err != nil {
		return spec.Revision{}, fmt.Errorf("%s: %w", address, err)
	}
	settingsDigest := script.Digest()
	var sent atomic.Pointer[spec.Mark] // of the last attempt
	body := cloudflare.NewMultipart(cloudflare.SettingsPart, func() ([]byte, error) {
		mark := spec.NewMark(script.Code.Digest, settingsDigest, a.api.Now()).WithSecrets(w.Fingerprints)
		sent.Store(&mark)
		metadata := maps.Clone(fields)
		metadata["tags"] = script.MarkedTags(w.Stack, mark)
		return json.Marshal(metadata)
	})
	return a.untilSettled(ctx, func() (spec.Revision, error) {
		var response settings
		if _, err := a.api.Exchange(ctx, http.MethodPatch, a.scriptPath(address)+"/settings", strictInherit, body, &response); err != nil {
			return spec.Revision{}, err
		}
		mark := *sent.Load()
		return revisionAfterMark(w, mark, script.MarkedTags(w.Stack, mark), response.Tags)
	})
}

// unset has the value for each setting that a template manages but does not
// have.
var unset = map[string]any{
	"limits":         nil,
	"logpush":        false,
	"observability":  spec.Object{"enabled": false},
	"placement":      spec.Object{},
	"tail_consumers": []any{},
}

// changedSettings returns the settings that a template manages, in the API's
// form.
func changedSettings(script *spec.Script, secrets map[string]spec.Secret) (spec.Object, error) {
	fields := spec.Object{}
	if script.Manages("compatibility_date") {
		fields["compatibility_date"] = script.CompatibilityDate
	}
	if script.Manages("compatibility_flags") {
		fields["compatibility_flags"] = append([]string{}, script.CompatibilityFlags...)
	}
	if script.ManagesBindings() {
		bindings, err := bindingsToAPI(allBindings(script), secrets)
		if err != nil {
			return nil, err
		}
		fields["bindings"] = bindings
	}
	for _, name := range spec.ScriptOptions {
		if !script.Manages(name) {
			continue
		}
		fields[name] = unset[name]
		if value, given := script.Options[name]; given {
			fields[name] = value
		}
	}
	return fields, nil
}
