package report

import (
	"fmt"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// assetsByDigest returns the static files that a plan embeds, by the short
// digest of them and of how they are served, which is what changes tell.
func assetsByDigest(plan *planner.Plan) map[string]planner.Assets {
	known := map[string]planner.Assets{}
	for _, c := range plan.Changes {
		script, ok := c.Desired.(spec.Scripted)
		if !ok {
			continue
		}
		assets := script.AsScript().Assets
		if assets == nil || assets.Files == nil {
			continue
		}
		if embedded, ok := plan.Assets[assets.Files.Digest]; ok {
			known[spec.ShortDigest(assets.Digest())] = embedded
		}
	}
	return known
}

// assetsChange returns a difference of static files: by short digest, and how
// many there are where the plan embeds them. The API does not tell which files
// a Worker has, so a plan cannot say which of them it changes.
func (v *planView) assetsChange(f planner.FieldChange) string {
	value := digestValue(f)
	assets, embedded := v.assets[digestText(f.After)]
	if !embedded {
		return value
	}
	size := fmt.Sprintf("%s, %s", count(len(assets.Files), "file", "files"), bytesOf(assets.Size()))
	if f.Op == planner.FieldReplace {
		size += "; the account does not tell which differ"
	}
	return value + " (" + size + ")"
}

// digestValue returns what is compared by digest.
func digestValue(f planner.FieldChange) string {
	before, after := digestText(f.Before), digestText(f.After)
	switch f.Op {
	case planner.FieldAdd:
		return after
	case planner.FieldRemove:
		return before
	default:
		return before + " -> " + after
	}
}

func digestText(value any) string {
	digest, _ := value.(string)
	return safe(digest)
}
