package api_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

// fleet seeds n scripts, worker-00000 and so on. Every third has the tag third,
// every other one the tag even.
func fleet(t testing.TB, a *emulatortest.Account, n int) {
	t.Helper()
	err := a.ForTests().Seed(a.ID, "prod", func(yield func(api.Seed) bool) {
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
func walk(t testing.TB, a *emulatortest.Account, query url.Values) (names []string, pages int) {
	t.Helper()
	for {
		var items []struct {
			ID     string
			Script struct{ ID string }
		}
		page := a.Get("/workers/dispatch/namespaces/prod/scripts?" + query.Encode()).OK().Into(&items)
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
	a := emulatortest.Open(t, emulator.Options{})
	fleet(t, a, n)
	if got := a.Get("/workers/dispatch/namespaces/prod").Field("script_count"); got != fmt.Sprint(n) {
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
		a.Get(list+"?"+query).Fails(400, 10004)
	}
	a.Get("/workers/dispatch/namespaces/none/scripts").Fails(404, 100119)
}

func TestListShapes(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return now }}})
	a.Namespace("prod")
	uploaded := a.Upload(emulatortest.Script("prod", "acme"), object{"tags": []string{"x"}}).Object()
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
		a.Get(list).OK().Is(test.want)
		a.Get(list + "?tags=x:yes").OK().Is(test.want) // a filter works even if tags are not shown
	}
}

func TestGetUserWorker(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Get(emulatortest.Script("prod", "acme")).Fails(404, 100119)
	a.Namespace("prod")
	a.Get(emulatortest.Script("prod", "acme")).Fails(404, 10092)
	path := emulatortest.Script("prod", "acme")
	a.ForTests().SetListShape(api.ListShape{NullScript: true})
	a.Get(path).OK().Is(`{"script":null}`)
	a.Get(emulatortest.Script("none", "acme")).Fails(404, 100119)
	a.ForTests().SetListShape(api.ListShape{})
	for _, missing := range []*emulatortest.Response{
		a.JSON("DELETE", path, nil), a.Get(path + "/content"), a.Get(path + "/settings"), a.Get(path + "/bindings"),
		a.Get(path + "/tags"), a.Get(path + "/secrets"), a.Get(path + "/secrets/x"), a.JSON("DELETE", path+"/secrets/x", nil),
		a.JSON("PUT", path+"/tags", []string{}), a.JSON("PUT", path+"/tags/x", nil), a.JSON("DELETE", path+"/tags/x", nil),
		a.JSON("PUT", path+"/secrets", object{"name": "A", "text": "x", "type": "secret_text"}),
		a.JSON("PATCH", path+"/secrets-bulk", object{"secrets": object{}}), a.Patch(path+"/settings", object{}),
	} {
		missing.Fails(404, 10007)
	}
	a.Upload(path, object{"tags": []string{"x"}}).OK()
	var got struct {
		DispatchNamespace string `json:"dispatch_namespace"`
		CreatedOn         string `json:"created_on"`
		Script            struct {
			ID        string
			Tags      []string
			CreatedOn string `json:"created_on"`
		}
	}
	a.Get(path).OK().Into(&got)
	if got.DispatchNamespace != "prod" || got.Script.ID != "acme" || got.Script.Tags[0] != "x" || got.CreatedOn != got.Script.CreatedOn {
		t.Errorf("got %+v", got)
	}
	odd := emulatortest.Script("prod", url.PathEscape("A b/c.d"))
	a.Upload(odd, nil).OK()
	a.Get(odd).OK()
	a.JSON("DELETE", odd+"?force=true", nil).OK()
	a.Get(odd).Fails(404, 10092)
}

func TestTags(t *testing.T) {
	frozen := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return frozen }}})
	a.Namespace("prod")
	path := emulatortest.Script("prod", "acme")
	a.Upload(path, nil).OK()
	a.Get(path + "/tags").OK().Is("null")
	last := modifiedOn(a, path)
	changed := func(r *emulatortest.Response) *emulatortest.Response {
		t.Helper()
		r.OK()
		if now := modifiedOn(a, path); now <= last {
			t.Errorf("%s: modified_on went from %s to %s", r.Request, last, now)
		} else {
			last = now
		}
		return r
	}
	changed(a.JSON("PUT", path+"/tags", []string{"a", "b", "a"})).Is(`["a","b"]`)
	changed(a.JSON("PUT", path+"/tags/"+url.PathEscape("c/d e"), nil)).Is("null")
	a.Get(path + "/tags").Is(`["a","b","c/d e"]`)
	changed(a.JSON("DELETE", path+"/tags/b", nil)).Is("null")
	a.Get(path + "/tags").Is(`["a","c/d e"]`)
	changed(a.JSON("PUT", path+"/tags", []string{})).Is("[]")
	a.JSON("PUT", path+"/tags", strings.Split("1,2,3,4,5,6,7,8", ",")).OK()
	a.JSON("PUT", path+"/tags/9", nil).Fails(403, 100103)
	a.JSON("PUT", path+"/tags/"+strings.Repeat("x", 129), nil).Fails(400, 100102)
	a.JSON("PUT", path+"/tags", object{}).Fails(400, 10006)
}

// modifiedOn returns when a user Worker was last written.
func modifiedOn(a *emulatortest.Account, path string) string {
	a.T.Helper()
	var got struct {
		ModifiedOn string `json:"modified_on"`
	}
	a.Get(path).OK().Into(&got)
	return got.ModifiedOn
}

func TestBulkDelete(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	fleet(t, a, 30)
	list := "/workers/dispatch/namespaces/prod/scripts"
	a.JSON("DELETE", list, nil).Fails(400, 10003)
	a.JSON("DELETE", list+"?limit=1000", nil).Fails(400, 10003)
	a.JSON("DELETE", list+"?tags=x", nil).Fails(400, 10004)
	a.JSON("DELETE", list+"?tags=even:yes&limit=5", nil).OK()
	count := func(want string) {
		t.Helper()
		if got := a.Get("/workers/dispatch/namespaces/prod").Field("script_count"); got != want {
			t.Errorf("%s are left, want %s", got, want)
		}
	}
	count("25")
	a.JSON("DELETE", list+"?tags=even:yes", nil).OK()
	count("15")
	a.JSON("DELETE", "/workers/dispatch/namespaces/none/scripts?tags=a:yes", nil).Fails(404, 100119)
}
