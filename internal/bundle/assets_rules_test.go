package bundle

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

// TestAssetRules: what is wrong in _headers and _redirects is told where it stands;
// the files are read all the same if the platform takes them.
func TestAssetRules(t *testing.T) {
	content := files{
		"public/a.html":     "",
		"public/_headers":   "# ours\n/*\n  X-Frame-Options DENY\n  A: b\n",
		"public/_redirects": "/old /new 404\n/ /index.html\n",
	}
	for name, test := range map[string]struct {
		pages, complete bool
		want            []string
	}{
		"pages have no .html": {true, false, []string{
			`warning public/_headers:3:3-23 "  X-Frame-Options DENY"`,
			`warning public/_redirects:1:1-14 "/old /new 404"`,
			`error public/_redirects:2:1-14 "/ /index.html"`,
		}},
		"files as they are": {false, true, []string{
			`warning public/_headers:3:3-23 "  X-Frame-Options DENY"`,
			`warning public/_redirects:1:1-14 "/old /new 404"`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			directory := assetsIn("public")
			directory.Pages = test.pages
			diags := ReadAssets(context.Background(), newProject(t, content), []*spec.AssetFiles{directory})
			var got []string
			for _, d := range diags {
				if d.Rule != RuleAssetRules || d.Message == "" {
					t.Errorf("got %+v", d)
				}
				got = append(got, fmt.Sprintf("%s %v-%d %q", d.Severity, d.Range, d.Range.EndColumn, d.Snippet))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if complete := directory.Digest != ""; complete != test.complete {
				t.Errorf("complete: %v", complete)
			}
		})
	}
}
