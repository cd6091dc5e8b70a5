package account

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// putMark writes only the owner and the mark of a script that is otherwise in
// its desired state. A user Worker's tags have their own endpoint. A Worker's
// tags are among the settings that make no new version.
// Source: API reference, "Put Script Tags" and "Patch Script Settings".
func putMark(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	script, address := w.Resource.(spec.Scripted).AsScript(), w.Resource.Address()
	mark := spec.NewMark(script.Code.Digest, script.Digest(), a.api.Now()).WithAssets(script.Assets)
	mark.Protected, mark.Unproven = w.Resource.Meta().Protect, w.Unproven
	mark = mark.WithSecrets(w.Fingerprints)
	tags := script.MarkedTags(w.Stack, mark)
	answered, err := a.putTags(ctx, address, tags)
	if err != nil {
		return spec.Revision{}, err
	}
	return revisionAfterMark(w, mark, tags, answered)
}

// revisionAfterMark returns the revision of a script after a write of its tags
// alone, and checks the tags in the response.
func revisionAfterMark(w spec.Write, mark spec.Mark, tags, answered []string) (spec.Revision, error) {
	if !slices.Equal(slices.Sorted(slices.Values(answered)), slices.Sorted(slices.Values(tags))) {
		return spec.Revision{}, fmt.Errorf("the API returned the tags [%s] for the mark of %s", strings.Join(answered, " "), w.Resource.Address())
	}
	revision := ownershipAfter(w, mark)
	if w.Prior != nil {
		revision.ETag, revision.MigrationTag = w.Prior.ETag, w.Prior.MigrationTag
	}
	return revision, nil
}

// ownershipAfter returns the part of a revision that says whose a script is
// after a write.
func ownershipAfter(w spec.Write, mark spec.Mark) spec.Revision {
	if w.Resource.(spec.Scripted).AsScript().IsTemplate() {
		return spec.Revision{Template: w.Stack, Mark: &mark}
	}
	return spec.Revision{Owner: w.Stack, Mark: &mark}
}

// putTags replaces a script's tags.
func (a *Account) putTags(ctx context.Context, address spec.Address, tags []string) ([]string, error) {
	if address.Kind == spec.KindUserWorker {
		var answered []string
		err := a.api.ExchangeJSON(ctx, http.MethodPut, a.scriptPath(address)+"/tags", tags, &answered)
		return answered, err
	}
	var answered struct {
		Tags []string `json:"tags"`
	}
	body := map[string]any{"tags": tags}
	err := a.api.ExchangeJSON(ctx, http.MethodPatch, a.scriptPath(address)+"/script-settings", body, &answered)
	return answered.Tags, err
}
