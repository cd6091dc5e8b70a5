package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// upload is the upload of one script. It holds secrets in clear, so nothing
// prints it.
type upload struct {
	write    spec.Write
	script   *spec.Script
	name     string
	metadata spec.Object               // all but the tags
	settings string                    // digest
	now      func() time.Time          // by the server's clock
	former   *spec.Revision            // whose owner and mark the upload has; nil for our own
	token    string                    // for the static files
	uploaded *script                   // as in the response
	sent     atomic.Pointer[spec.Mark] // of the last attempt
}

// newUpload checks that a write can be sent, so that it fails before anything
// is sent.
func newUpload(w spec.Write, now func() time.Time) (*upload, error) {
	script := w.Resource.(spec.Scripted).AsScript()
	main, err := mainModule(script.Code)
	if err != nil {
		return nil, err
	}
	if script.Assets != nil && !script.Assets.Keep && (script.Assets.Files == nil || script.Assets.Files.Source == nil) {
		return nil, errors.New("there are no static files to upload")
	}
	bindings, err := bindingsToAPI(allBindings(script), w.Secrets)
	if err != nil {
		return nil, err
	}
	u := &upload{
		write:    w,
		script:   script,
		name:     w.Resource.Address().Name,
		metadata: spec.Object{"bindings": bindings},
		settings: script.Digest(),
		now:      now,
	}
	switch {
	case script.Code.IsNone(): // the platform serves the assets and nothing else
	case main.Type == spec.CommonJS:
		u.metadata["body_part"] = main.Name // service worker syntax
	default:
		u.metadata["main_module"] = main.Name
	}
	if script.CompatibilityDate != "" {
		u.metadata["compatibility_date"] = script.CompatibilityDate
	}
	if len(script.CompatibilityFlags) > 0 {
		u.metadata["compatibility_flags"] = script.CompatibilityFlags
	}
	if w.KeepBindings {
		u.metadata["keep_bindings"] = keptBindings
	}
	if script.Assets != nil && script.Assets.Keep {
		u.metadata["keep_assets"] = true
	}
	if err := u.setOptions(); err != nil {
		return nil, err
	}
	return u, u.setMigrations()
}

// keptBindings are the types of bindings that an upload keeps although it does
// not name them: what a product gives a Worker at run time. wrangler sends the
// first four, and other clients of the live API those of stores.
// Source: API reference, "Upload Worker Module", keep_bindings.
var keptBindings = []string{
	spec.BindingText, spec.BindingJSON, spec.BindingSecret, spec.BindingSecretKey,
	spec.BindingKVNamespace, spec.BindingD1, spec.BindingR2Bucket, spec.BindingQueue, spec.BindingService,
}

// uploadsAssets reports whether the upload includes static files.
func (u *upload) uploadsAssets() bool { return u.script.Assets != nil && !u.script.Assets.Keep }

// setAssets sets which static files the script serves, and how. The token
// proves that the account has them.
func (u *upload) setAssets(token string) {
	assets := u.script.Assets
	config := maps.Clone(assets.Config)
	if config == nil {
		config = spec.Object{}
	}
	if assets.Files.Headers != "" {
		config["_headers"] = assets.Files.Headers
	}
	if assets.Files.Redirects != "" {
		config["_redirects"] = assets.Files.Redirects
	}
	u.metadata["assets"] = spec.Object{"jwt": token, "config": config}
	u.token = token
}

func mainModule(code *spec.Code) (spec.Module, error) {
	if code.IsNone() {
		return spec.Module{}, nil
	}
	if code == nil || code.Digest == "" || len(code.Modules) == 0 {
		return spec.Module{}, errors.New("its code has not been built")
	}
	var main spec.Module
	for _, m := range code.Modules {
		if m.Name == "" || m.Name == cloudflare.MetadataPart {
			return spec.Module{}, fmt.Errorf("a module cannot have the name %q", m.Name)
		}
		if m.Name == code.MainModule {
			main = m
		}
	}
	if main.Name == "" {
		return spec.Module{}, fmt.Errorf("the main module %q is not among the modules to upload", code.MainModule)
	}
	return main, nil
}

// kept are the settings that belong to the script and not to its version: the
// platform keeps them if an upload leaves them out. For that reason wrangler's
// deploy turns observability off explicitly.
var kept = map[string]any{
	"logpush":        false,
	"observability":  spec.Object{"enabled": false},
	"tail_consumers": []any{},
}

// setOptions sets the options. On an update it also resets those that the file
// no longer has.
func (u *upload) setOptions() error {
	for name, value := range u.script.Rest {
		u.metadata[name] = value
	}
	for name, value := range u.script.Options {
		if !slices.Contains(spec.ScriptOptions, name) {
			return fmt.Errorf("the upload has no option %q", name)
		}
		u.metadata[name] = value
	}
	if u.write.Prior == nil {
		return nil
	}
	for name, off := range kept {
		if u.metadata[name] == nil {
			u.metadata[name] = off
		}
	}
	return nil
}

// setMigrations adds the migrations that the account has not run yet. The API,
// which knows the tag, checks that it has run none since.
func (u *upload) setMigrations() error {
	remembered := ""
	if u.write.Prior != nil {
		remembered = u.write.Prior.MigrationTag
	}
	pending, known := u.script.PendingMigrations(remembered)
	if !known {
		return fmt.Errorf("the migration %q, which has run, is not among those to run", remembered)
	}
	if pending != nil {
		u.metadata["migrations"] = pending
	}
	return nil
}

// body returns the multipart body. Each attempt writes new metadata, because
// the mark has the time at which the upload was sent.
func (u *upload) body() *cloudflare.Multipart {
	body := cloudflare.NewMultipart(cloudflare.MetadataPart, u.encodeMetadata)
	for _, m := range u.script.Code.Modules {
		addModule(body, m)
	}
	return body
}

// encodeMetadata always returns the same length, because a mark's time has a
// fixed length.
func (u *upload) encodeMetadata() ([]byte, error) {
	tags, mark := u.tags()
	u.sent.Store(mark)
	metadata := spec.Object{"tags": tags}
	for name, value := range u.metadata {
		metadata[name] = value
	}
	return json.Marshal(metadata)
}

// tags returns the tags of the script, including the mark.
func (u *upload) tags() ([]string, *spec.Mark) {
	if u.former != nil {
		return formerTags(u.script.Tags, *u.former, u.now())
	}
	mark := spec.NewMark(u.script.Code.Digest, u.settings, u.now()).WithAssets(u.script.Assets)
	mark.Protected = u.write.Resource.Meta().Protect
	mark = mark.WithSecrets(u.write.Fingerprints)
	return u.script.MarkedTags(u.write.Stack, mark), &mark
}

// ownership returns whose the script is after the upload.
func (u *upload) ownership(mark *spec.Mark) spec.Revision {
	if u.former != nil {
		return spec.Revision{Owner: u.former.Owner, Template: u.former.Template, Mark: mark}
	}
	return ownershipAfter(u.write, *mark)
}

// check compares the response with what was sent, and returns the new revision.
// A response about another script, or with another upload's mark, means that
// something between us and the platform mixed up two requests.
func (u *upload) check(w *wireScript) (spec.Revision, error) {
	response, err := w.script()
	if err != nil {
		return spec.Revision{}, err
	}
	mark := u.sent.Load()
	revision := u.ownership(mark)
	if response.ID != u.name {
		return spec.Revision{}, fmt.Errorf("the API returned the script %q for the upload of %q", response.ID, u.name)
	}
	if u.script.Assets != nil && response.AssetsShown && !response.HasAssets {
		return spec.Revision{}, fmt.Errorf("the API says that %q has no static assets, although they were uploaded with it", u.name)
	}
	if response.TagsShown {
		owner, answered, _ := spec.Ownership(response.Tags)
		if owner != revision.Owner || spec.TemplateOf(response.Tags) != revision.Template || !sameMark(answered, mark) {
			return spec.Revision{}, fmt.Errorf("the API returned the tags [%s] for the upload of %q, which had others", strings.Join(response.Tags, " "), u.name)
		}
	}
	if u.former == nil {
		response.Tags = u.script.MarkedTags(u.write.Stack, *mark)
	}
	u.uploaded = &response
	revision.ETag, revision.MigrationTag, revision.ModifiedOn = response.ETag, response.MigrationTag, response.ModifiedOn
	return revision, nil
}

// redacted returns an error without the token of the static files, even if the
// server quotes it.
func (u *upload) redacted(err error) error {
	var e *cloudflare.Error
	if errors.As(err, &e) {
		e.Message = cloudflare.MaskValues(u.token)(e.Message)
	}
	return err
}
