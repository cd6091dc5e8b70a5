package account

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// The documentation has lists both with and without tags. This file is for
// lists without them.

// shownTags are the tags of an item. If they are null, it has none; if they are
// absent, they are unknown.
type shownTags struct {
	list  []string
	shown bool
}

// UnmarshalJSON is also called for null, unlike that of a pointer.
func (t *shownTags) UnmarshalJSON(data []byte) error {
	t.shown = true
	return json.Unmarshal(data, &t.list)
}

// maxStrangers is how many Workers of a namespace are read one by one although
// they do not seem to be ours, only to count those of other stacks apart.
const maxStrangers = 100

// eachTagged lists the scripts below a root, with the tags of all, or at least
// of those that the stack owns or looks for. Without a stack, it reads only the
// list.
//
// If the items do not show tags, further lists that filter by a tag show which
// scripts matter. Then it reads the settings of each of those, once, and
// remembers them until the script is written again; see [TagCache].
func (a *Account) eachTagged(ctx context.Context, root scriptRoot, stack string, wanted []spec.Discovery, take func(*script)) error {
	var untagged []script
	shown := false
	err := a.eachScript(ctx, root, nil, func(s *script) {
		if shown = shown || s.TagsShown; shown {
			take(s)
		} else {
			untagged = append(untagged, *s)
		}
	})
	if err == nil && !shown && len(untagged) > 0 {
		err = a.findTags(ctx, root, untagged, stack, wanted)
	}
	if err != nil {
		return err
	}
	for i := range untagged {
		take(&untagged[i])
	}
	return nil
}

// findTags completes scripts with the tags that are remembered, and with those
// that can be read.
func (a *Account) findTags(ctx context.Context, root scriptRoot, all []script, stack string, wanted []spec.Discovery) error {
	known := a.tags.open(a.api.BaseURL(), root)
	defer known.save(all)
	for i := range all {
		all[i].Tags, all[i].TagsShown = known.of(&all[i])
	}
	if stack == "" {
		return nil
	}
	return a.readTags(ctx, root, all, known, stack, wanted)
}

// readTags reads the unknown tags of the scripts that matter.
func (a *Account) readTags(ctx context.Context, root scriptRoot, all []script, known *knownTags, stack string, wanted []spec.Discovery) error {
	byName := make(map[string]*script, len(all))
	for i := range all {
		byName[all[i].ID] = &all[i]
	}
	ours := map[string]map[string]*script{} // by the tag that says so
	matter := map[string]*script{}
	for _, tag := range stackTags(root, stack) {
		found, err := a.namesWith(ctx, root, byName, map[string]bool{tag: true})
		if err != nil {
			return err
		}
		ours[tag] = found
		maps.Copy(matter, found)
	}
	for _, d := range wanted {
		found, err := byName, error(nil)
		if len(d.Tags) > 0 {
			if found, err = a.namesWith(ctx, root, byName, d.Tags); err != nil {
				return err
			}
		}
		maps.Copy(matter, found)
	}
	if len(all)-len(matter) <= maxStrangers {
		matter = byName
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(a.client.concurrency)
	for name, s := range matter {
		// The filtered list is read each time, and it decides, because it is
		// not documented whether changing a tag counts as a write.
		stale := !s.TagsShown
		for tag, found := range ours {
			stale = stale || slices.Contains(s.Tags, tag) != (found[name] != nil)
		}
		if !stale {
			continue
		}
		g.Go(func() error {
			settings, err := a.settings(ctx, string(root)+cloudflare.Path(s.ID))
			if IsNotFound(err) {
				return nil // it vanished just now
			}
			if err == nil {
				s.Tags, s.TagsShown = settings.Tags, true
				known.learn(s)
			}
			return err
		})
	}
	return g.Wait()
}

// stackTags returns the tags that say that a stack wrote a script.
func stackTags(root scriptRoot, stack string) []string {
	tags := []string{spec.OwnerTag(stack)}
	if strings.Contains(string(root), "/dispatch/") { // templates are for user Workers
		tags = append(tags, spec.TemplateTag(stack))
	}
	return tags
}

// namesWith returns the scripts in a list that is filtered by tags.
func (a *Account) namesWith(ctx context.Context, root scriptRoot, byName map[string]*script, tags map[string]bool) (map[string]*script, error) {
	var terms []string
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		response := map[bool]string{true: ":yes", false: ":no"}[tags[tag]]
		terms = append(terms, tag+response)
	}
	found := map[string]*script{}
	err := a.eachScript(ctx, root, url.Values{"tags": {strings.Join(terms, ",")}}, func(listed *script) {
		if s := byName[listed.ID]; s != nil {
			found[s.ID] = s
		}
	})
	return found, err
}
