package account

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unique"

	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// scriptRoot is the path below which scripts are: those of the account itself,
// or of a dispatch namespace. Confusing the two would upload a customer's code
// as a public Worker. So a path to a script is made in this file only, and from
// its address only.
type scriptRoot string

// accountScripts returns the root of the account's Workers.
func accountScripts(account string) scriptRoot {
	return scriptRoot(cloudflare.Path("accounts", account, "workers", "scripts"))
}

// dispatchScripts returns the root of the user Workers of a namespace.
func dispatchScripts(account, namespace string) scriptRoot {
	return scriptRoot(cloudflare.Path("accounts", account, "workers", "dispatch", "namespaces", namespace, "scripts"))
}

// scriptPath returns the path of a Worker or user Worker.
func (a *Account) scriptPath(address spec.Address) string {
	return string(a.rootOf(address)) + cloudflare.Path(address.Name)
}

// rootOf returns the root of a Worker or user Worker.
func (a *Account) rootOf(address spec.Address) scriptRoot {
	if address.Kind == spec.KindUserWorker {
		return dispatchScripts(a.id, address.Parent)
	}
	return accountScripts(a.id)
}

// pageLimit is the largest page of user Workers.
// Source:
// https://developers.cloudflare.com/cloudflare-for-platforms/workers-for-platforms/configuration/tags/
const pageLimit = 1000

// script is one script as lists and uploads return it.
type script struct {
	ID                 string
	ETag               string
	CreatedOn          time.Time
	ModifiedOn         time.Time
	Tags               []string
	TagsShown          bool // the response has tags, if only an empty list
	HasAssets          bool
	AssetsShown        bool // the response says whether there are assets
	CompatibilityDate  string
	CompatibilityFlags []string
	MigrationTag       string
	Routes             []workerRoute
}

// wireScript is a script in either of the shapes that lists have: flat, as
// clients of the live API read it, or nested in "script", as in the schema.
type wireScript struct {
	ID                 string        `json:"id"`
	ETag               string        `json:"etag"`
	CreatedOn          string        `json:"created_on"`
	ModifiedOn         string        `json:"modified_on"`
	Tags               shownTags     `json:"tags"`
	HasAssets          *bool         `json:"has_assets"`
	CompatibilityDate  string        `json:"compatibility_date"`
	CompatibilityFlags []string      `json:"compatibility_flags"`
	MigrationTag       string        `json:"migration_tag"`
	Routes             []workerRoute `json:"routes"`
	Script             *wireScript   `json:"script"`
}

// script reads both shapes. Fields of the outer object win. It is not an
// UnmarshalJSON method, because that would scan a list of thousands twice as
// often.
func (w *wireScript) script() (script, error) {
	var s script
	if w.Script != nil {
		if err := s.merge(w.Script); err != nil {
			return script{}, err
		}
	}
	return s, s.merge(w)
}

// merge overwrites the fields that the object has.
func (s *script) merge(w *wireScript) error {
	set := func(field *string, value string) {
		if value != "" {
			*field = value
		}
	}
	set(&s.ID, w.ID)
	set(&s.ETag, strings.Trim(w.ETag, `"`))
	set(&s.CompatibilityDate, w.CompatibilityDate)
	set(&s.MigrationTag, w.MigrationTag)
	for _, at := range []struct {
		field *time.Time
		name  string
		text  string
	}{{&s.CreatedOn, "created_on", w.CreatedOn}, {&s.ModifiedOn, "modified_on", w.ModifiedOn}} {
		if at.text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, at.text)
		if err != nil {
			return fmt.Errorf("script %q: %s %q is not a time", w.ID, at.name, at.text)
		}
		*at.field = t.UTC()
	}
	if w.Tags.shown {
		s.Tags, s.TagsShown = w.Tags.list, true
	}
	if w.HasAssets != nil {
		s.HasAssets, s.AssetsShown = *w.HasAssets, true
	}
	if len(w.CompatibilityFlags) > 0 {
		s.CompatibilityFlags = w.CompatibilityFlags
	}
	if len(w.Routes) > 0 {
		s.Routes = w.Routes
	}
	return nil
}

// toSpec returns as much of the script as a list shows, and its revision.
func (s *script) toSpec() (spec.Script, spec.Revision) {
	owner, mark, rest := spec.Ownership(s.Tags)
	revision := spec.Revision{
		ETag: intern(s.ETag), MigrationTag: s.MigrationTag, ModifiedOn: s.ModifiedOn,
		Owner: intern(owner), Template: intern(spec.TemplateOf(s.Tags)), Mark: mark,
	}
	if mark != nil {
		mark.Code, mark.Settings = intern(mark.Code), strings.Clone(mark.Settings)
	}
	return spec.Script{
		CompatibilityDate: intern(s.CompatibilityDate), CompatibilityFlags: s.CompatibilityFlags, Tags: rest,
		Assets: liveAssets(revision, s.HasAssets),
	}, revision
}

// intern returns a shared copy of s, because many scripts have the same text.
func intern(text string) string { return unique.Make(text).Value() }

// eachScript calls take for each script of a list. It requests the next page
// meanwhile.
func (a *Account) eachScript(ctx context.Context, root scriptRoot, filter url.Values, take func(*script)) error {
	g, groupCtx := errgroup.WithContext(ctx)
	pages := make(chan *cloudflare.Response, 1)
	g.Go(func() error {
		defer close(pages)
		return a.scriptPages(groupCtx, root, filter, pages)
	})
	listed, full := 0, false
	g.Go(func() error {
		for page := range pages {
			scripts, err := decodeScripts(page)
			if err != nil {
				return err
			}
			for i := range scripts {
				take(&scripts[i])
			}
			listed, full = listed+len(scripts), len(scripts) >= pageLimit
		}
		return nil
	})
	if err := g.Wait(); err != nil || !full || root == accountScripts(a.id) {
		return err
	}
	// Paging is announced, but not in the published schema. A full page without
	// a cursor may be everything, or only all that the server returns.
	return a.checkComplete(ctx, root, filter, listed)
}

// scriptPages follows the cursor of a list. The account's own list has one page.
func (a *Account) scriptPages(ctx context.Context, root scriptRoot, filter url.Values, pages chan<- *cloudflare.Response) error {
	paged := root != accountScripts(a.id)
	query := url.Values{}
	for name, values := range filter {
		query[name] = values
	}
	if paged {
		query.Set("limit", strconv.Itoa(pageLimit))
	}
	for {
		page, err := a.api.Send(ctx, http.MethodGet, string(root), query, nil)
		if err != nil {
			return err
		}
		select {
		case pages <- page:
		case <-ctx.Done():
			return ctx.Err()
		}
		info, err := page.Info()
		if err != nil || !paged || info.Next() == "" {
			return err
		}
		if info.Next() == query.Get("cursor") {
			return fmt.Errorf("the list of %s returned the same cursor again", cloudflare.ShortPath(string(root)))
		}
		query.Set("cursor", info.Next())
	}
}

// decodeScripts returns the scripts in a response.
func decodeScripts(page *cloudflare.Response) ([]script, error) {
	items := make([]wireScript, 0, pageLimit) // the usual size of a page of a large list
	if _, err := page.Decode(&items); err != nil {
		return nil, err
	}
	scripts := make([]script, len(items))
	for i := range items {
		var err error
		if scripts[i], err = items[i].script(); err != nil {
			return nil, err
		}
	}
	return scripts, nil
}

// checkComplete compares the length of an unfiltered list with the namespace's
// own count of scripts. If we took part of a namespace for all of it, every
// other Worker would seem to be missing.
func (a *Account) checkComplete(ctx context.Context, root scriptRoot, filter url.Values, listed int) error {
	if len(filter) > 0 {
		return nil
	}
	var namespace struct {
		ScriptCount int `json:"script_count"`
	}
	path := strings.TrimSuffix(string(root), "/scripts")
	if _, err := a.api.Exchange(ctx, http.MethodGet, path, nil, nil, &namespace); err != nil {
		return err
	}
	if namespace.ScriptCount > listed {
		return fmt.Errorf("the API lists %d of %d scripts of %s and gives no cursor for the rest", listed, namespace.ScriptCount, cloudflare.ShortPath(path))
	}
	return nil
}
