package emulator_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// fleet seeds n scripts, worker-00000 and so on. Every third has the tag third, every other the tag even.
func fleet(t testing.TB, a *account, n int) {
	t.Helper()
	err := a.ForTests().Seed(a.id, "prod", func(yield func(api.Seed) bool) {
		for i := range n {
			tags := []string{`"all"`}
			if i%2 == 0 {
				tags = append(tags, `"even"`)
			}
			if i%3 == 0 {
				tags = append(tags, `"a:third"`)
			}
			metadata := fmt.Sprintf(`{"compatibility_date":"2026-01-01","tags":[%s]}`, strings.Join(tags, ","))
			if !yield(api.Seed{Name: fmt.Sprintf("worker-%05d", i), Metadata: []byte(metadata)}) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// walk collects the names of all pages of a list.
func walk(t testing.TB, a *account, query url.Values) (names []string, pages int) {
	t.Helper()
	for {
		var items []struct {
			ID     string
			Script struct{ ID string }
		}
		page := a.get("/workers/dispatch/namespaces/prod/scripts?" + query.Encode()).ok().into(&items)
		pages++
		if page.ResultInfo.Count != len(items) {
			t.Errorf("count is %d of %d", page.ResultInfo.Count, len(items))
		}
		for _, item := range items {
			names = append(names, item.ID+item.Script.ID)
		}
		if page.ResultInfo.Cursor == "" {
			return names, pages
		}
		query.Set("cursor", page.ResultInfo.Cursor)
	}
}

func TestListPages(t *testing.T) {
	const n = 2500
	a := open(t, emulator.Options{})
	fleet(t, a, n)
	if got := a.get("/workers/dispatch/namespaces/prod").field("script_count"); got != fmt.Sprint(n) {
		t.Errorf("script_count is %s", got)
	}
	for _, test := range []struct {
		query        url.Values
		names, pages int
	}{
		{url.Values{"limit": {"1000"}}, n, 3},
		{url.Values{"limit": {"5000"}}, n, 3},
		{url.Values{"limit": {"500"}}, n, 5}, // the last page is full, and is the last
		{url.Values{}, n, 25},
		{url.Values{"limit": {"1000"}, "tags": {"all:yes"}}, n, 3},
		{url.Values{"limit": {"1000"}, "tags": {"even:yes"}}, n / 2, 2},
		{url.Values{"limit": {"1000"}, "tags": {"even:no"}}, n / 2, 2},
		{url.Values{"limit": {"1000"}, "tags": {"even:yes,a:third:yes"}}, 417, 1},
		{url.Values{"limit": {"1000"}, "tags": {"even:yes,a:third:no"}}, n/2 - 417, 1},
		{url.Values{"limit": {"1000"}, "tags": {"none:yes"}}, 0, 1},
	} {
		names, pages := walk(t, a, test.query)
		if len(names) != test.names || pages != test.pages {
			t.Errorf("%v: %d names on %d pages, want %d on %d", test.query, len(names), pages, test.names, test.pages)
		}
		if !slices.IsSorted(names) || len(slices.Compact(names)) != test.names {
			t.Errorf("%v: the names are not sorted or not different", test.query)
		}
	}
	a.ForTests().SetListShape(api.ListShape{MaxPage: 7})
	if names, pages := walk(t, a, url.Values{"limit": {"1000"}}); len(names) != n || pages != 358 {
		t.Errorf("%d names on %d pages", len(names), pages)
	}
	list := "/workers/dispatch/namespaces/prod/scripts"
	for _, query := range []string{"limit=0", "limit=-1", "limit=x", "cursor=!", "cursor=AAAA", "tags=x", "tags=a:maybe", "tags=:yes", "tags=a:yes,"} {
		a.get(list+"?"+query).fails(400, 10004)
	}
	a.get("/workers/dispatch/namespaces/none/scripts").fails(404, 100119)
}

func TestListShapes(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return now }}})
	a.namespace("prod")
	uploaded := a.upload(script("prod", "acme"), object{"tags": []string{"x"}}).object()
	list := "/workers/dispatch/namespaces/prod/scripts"
	flat := fmt.Sprintf(`"id":"acme","tag":%q,"created_on":"2026-11-21T12:00:00.000000Z","modified_on":"2026-11-21T12:00:00.000000Z",
		"has_assets":false,"has_modules":true,"handlers":["fetch"],"last_deployed_from":"api","compatibility_flags":[],
		"logpush":false,"usage_model":"standard","tail_consumers":null`, uploaded["tag"])
	tags, etag := `,"tags":["x"]`, fmt.Sprintf(`,"etag":%q`, uploaded["etag"])

	for _, test := range []struct {
		shape api.ListShape
		want  string
	}{
		{api.ListShape{}, `[{` + flat + tags + etag + `}]`},
		{api.ListShape{WithoutTags: true}, `[{` + flat + etag + `}]`},
		{api.ListShape{WithoutETag: true}, `[{` + flat + tags + `}]`},
		{api.ListShape{Nested: true, WithoutTags: true, WithoutETag: true},
			`[{"created_on":"2026-11-21T12:00:00.000000Z","modified_on":"2026-11-21T12:00:00.000000Z","dispatch_namespace":"prod","script":{` + flat + `}}]`},
	} {
		a.ForTests().SetListShape(test.shape)
		a.get(list).ok().is(test.want)
		a.get(list + "?tags=x:yes").ok().is(test.want) // a filter works without the tags being shown
	}
}

func TestGetUserWorker(t *testing.T) {
	a := open(t, emulator.Options{})
	a.get(script("prod", "acme")).fails(404, 100119)
	a.namespace("prod")
	a.get(script("prod", "acme")).fails(404, 10092)
	path := script("prod", "acme")
	a.ForTests().SetListShape(api.ListShape{NullScript: true})
	a.get(path).ok().is(`{"script":null}`)
	a.get(script("none", "acme")).fails(404, 100119)
	a.ForTests().SetListShape(api.ListShape{})
	for _, missing := range []*answer{
		a.json("DELETE", path, nil), a.get(path + "/content"), a.get(path + "/settings"), a.get(path + "/bindings"),
		a.get(path + "/tags"), a.get(path + "/secrets"), a.get(path + "/secrets/x"), a.json("DELETE", path+"/secrets/x", nil),
		a.json("PUT", path+"/tags", []string{}), a.json("PUT", path+"/tags/x", nil), a.json("DELETE", path+"/tags/x", nil),
		a.json("PUT", path+"/secrets", object{"name": "A", "text": "x", "type": "secret_text"}),
		a.json("PATCH", path+"/secrets-bulk", object{"secrets": object{}}), a.patch(path+"/settings", object{}),
	} {
		missing.fails(404, 10007)
	}
	a.upload(path, object{"tags": []string{"x"}}).ok()
	var got struct {
		DispatchNamespace string `json:"dispatch_namespace"`
		CreatedOn         string `json:"created_on"`
		Script            struct {
			ID        string
			Tags      []string
			CreatedOn string `json:"created_on"`
		}
	}
	a.get(path).ok().into(&got)
	if got.DispatchNamespace != "prod" || got.Script.ID != "acme" || got.Script.Tags[0] != "x" || got.CreatedOn != got.Script.CreatedOn {
		t.Errorf("got %+v", got)
	}
	odd := script("prod", url.PathEscape("A b/c.d"))
	a.upload(odd, nil).ok()
	a.get(odd).ok()
	a.json("DELETE", odd+"?force=true", nil).ok()
	a.get(odd).fails(404, 10092)
}

func TestTags(t *testing.T) {
	frozen := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return frozen }}})
	a.namespace("prod")
	path := script("prod", "acme")
	a.upload(path, nil).ok()
	a.get(path + "/tags").ok().is("null")
	last := modifiedOn(a, path)
	changed := func(r *answer) *answer {
		t.Helper()
		r.ok()
		if now := modifiedOn(a, path); now <= last {
			t.Errorf("%s: modified_on went from %s to %s", r.request, last, now)
		} else {
			last = now
		}
		return r
	}
	changed(a.json("PUT", path+"/tags", []string{"a", "b", "a"})).is(`["a","b"]`)
	changed(a.json("PUT", path+"/tags/"+url.PathEscape("c/d e"), nil)).is("null")
	a.get(path + "/tags").is(`["a","b","c/d e"]`)
	changed(a.json("DELETE", path+"/tags/b", nil)).is("null")
	a.get(path + "/tags").is(`["a","c/d e"]`)
	changed(a.json("PUT", path+"/tags", []string{})).is("[]")
	a.json("PUT", path+"/tags", strings.Split("1,2,3,4,5,6,7,8", ",")).ok()
	a.json("PUT", path+"/tags/9", nil).fails(403, 100103)
	a.json("PUT", path+"/tags/"+strings.Repeat("x", 129), nil).fails(400, 100102)
	a.json("PUT", path+"/tags", object{}).fails(400, 10006)
}

// modifiedOn returns when a user Worker was last written.
func modifiedOn(a *account, path string) string {
	a.t.Helper()
	var got struct {
		ModifiedOn string `json:"modified_on"`
	}
	a.get(path).ok().into(&got)
	return got.ModifiedOn
}

func TestBulkDelete(t *testing.T) {
	a := open(t, emulator.Options{})
	fleet(t, a, 30)
	list := "/workers/dispatch/namespaces/prod/scripts"
	a.json("DELETE", list, nil).fails(400, 10003)
	a.json("DELETE", list+"?limit=1000", nil).fails(400, 10003)
	a.json("DELETE", list+"?tags=x", nil).fails(400, 10004)
	a.json("DELETE", list+"?tags=even:yes&limit=5", nil).ok()
	count := func(want string) {
		t.Helper()
		if got := a.get("/workers/dispatch/namespaces/prod").field("script_count"); got != want {
			t.Errorf("%s are left, want %s", got, want)
		}
	}
	count("25")
	a.json("DELETE", list+"?tags=even:yes", nil).ok()
	count("15")
	a.json("DELETE", "/workers/dispatch/namespaces/none/scripts?tags=a:yes", nil).fails(404, 100119)
}
