package runtime

import (
	"slices"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// TestRouteOrder sorts as the platform does: the more specific host first, then
// the more specific path.
func TestRouteOrder(t *testing.T) {
	want := []string{
		"https://api.example.com/v1/users", "api.example.com/v1/users*", "api.example.com/v1/*", "api.example.com/*",
		"example.com/*", "*.api.example.com/*", "*.example.com/*", "*",
	}
	var routes []route
	for _, pattern := range want {
		routes = append(routes, parseRoute("example.com", store.Route{Pattern: pattern}))
	}
	slices.Reverse(routes)
	slices.SortFunc(routes, route.compare)
	var got []string
	for _, r := range routes {
		got = append(got, r.Pattern)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestParseRoute(t *testing.T) {
	for text, want := range map[string]route{
		"http://Example.com/a*": {Host: pattern{"example.com", false}, Path: pattern{"/a", true}},
		"*.example.com/":        {Host: pattern{".example.com", true}, Path: pattern{"/", false}},
		"example.com":           {Host: pattern{"example.com", false}, Path: pattern{"/", false}},
		"example.com*":          {Host: pattern{"example.com", false}, Path: pattern{"/", true}},
		"*/*":                   {Host: pattern{"example.com", true}, Path: pattern{"/", true}},
		"*":                     {Host: pattern{"example.com", true}, Path: pattern{"/", true}},
	} {
		want.Pattern = text
		if got := parseRoute("example.com", store.Route{Pattern: text}); got != want {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
}
