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

// Whether the items of a list carry their tags is documented both ways. This file
// is for where they do not.

// shownTags are the tags of an item, and whether it has any: that they are null
// says that there are none, and that they are absent says nothing.
type shownTags struct {
	list  []string
	shown bool
}

// UnmarshalJSON is called for null as well, unlike that of a pointer.
func (t *shownTags) UnmarshalJSON(data []byte) error {
	t.shown = true
	return json.Unmarshal(data, &t.list)
}

// mostStrangers is how many Workers of a namespace are read one by one that seem
// to be nobody's of ours, only to count those of other stacks apart.
const maxStrangers = 100

// eachTagged lists a place, with the tags of all scripts, or at least of those that
// the stack owns or looks for. Who reads for no stack asks for the list only.
//
// Where the items do not show tags, further lists that are filtered by a tag say
// which scripts matter, and the settings of each of those say the rest, once: they
// are remembered as long as nobody writes the script; see [TagCache].
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

// findTags completes scripts with the tags that are remembered, and those that
// can be read.
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

// readTags reads the tags that are not known of the scripts that matter.
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
		// The filter is asked each time, and believed: that changing a tag counts as
		// a write is not documented.
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

// stackTags are the tags that say of a script in a place that a stack wrote it.
func stackTags(root scriptRoot, stack string) []string {
	tags := []string{spec.OwnerTag(stack)}
	if strings.Contains(string(root), "/dispatch/") { // templates are for user Workers
		tags = append(tags, spec.TemplateTag(stack))
	}
	return tags
}

// namesWith are the scripts that a list filtered by tags shows.
func (a *Account) namesWith(ctx context.Context, root scriptRoot, byName map[string]*script, tags map[string]bool) (map[string]*script, error) {
	var terms []string
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		answer := map[bool]string{true: ":yes", false: ":no"}[tags[tag]]
		terms = append(terms, tag+answer)
	}
	found := map[string]*script{}
	err := a.eachScript(ctx, root, url.Values{"tags": {strings.Join(terms, ",")}}, func(listed *script) {
		if s := byName[listed.ID]; s != nil {
			found[s.ID] = s
		}
	})
	return found, err
}
