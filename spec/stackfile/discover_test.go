package stackfile_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// A template writes the user Workers that its list finds, and none that belongs
// to a stack, to another stack's template, or to an owner that cannot be told.
func TestTemplateTakesOnlyWhatIsFree(t *testing.T) {
	live := func(namespace, name string, edit func(*spec.Live), tags ...string) *spec.Live {
		l := &spec.Live{Resource: &spec.UserWorker{DispatchNamespace: namespace, Name: name, Script: spec.Script{Tags: tags}}}
		if edit != nil {
			edit(l)
		}
		return l
	}
	account := snapshotOf(
		live("customers", "free-pro", nil, "pro"),
		live("customers", "free-basic", nil, "basic"),
		live("customers", "suspended", nil, "pro", "suspended"),
		live("customers", "ours", func(l *spec.Live) { l.Revision.Template = "mine" }, "pro"),
		live("customers", "theirs", func(l *spec.Live) { l.Revision.Template = "other" }, "pro"),
		live("customers", "owned", func(l *spec.Live) { l.Revision.Owner = "other" }, "pro"),
		live("customers", "owned-by-us", func(l *spec.Live) { l.Revision.Owner = "mine" }, "pro"),
		live("customers", "unread", func(l *spec.Live) { l.TagsUnread = true }, "pro"),
		live("elsewhere", "of-another-namespace", nil, "pro"),
		&spec.Live{Resource: &spec.Worker{Name: "no-user-worker", Script: spec.Script{Tags: []string{"pro"}}}},
	)
	for name, test := range map[string]struct {
		wanted  string
		where   string
		written string // under user_workers, besides the template
		want    []string
	}{
		"all":              {"", "", "", []string{"free-basic", "free-pro", "ours", "suspended"}},
		"with a tag":       {", tag: pro", "", "", []string{"free-pro", "ours", "suspended"}},
		"without a tag":    {", tags: { suspended: false }", "", "", []string{"free-basic", "free-pro", "ours"}},
		"by name":          {", name: free-*", "", "", []string{"free-basic", "free-pro"}},
		"by a condition":   {"", "\n    where: tenant.name matches '^free'", "", []string{"free-basic", "free-pro"}},
		"none":             {", tag: gold", "", "", nil},
		"beside one of it": {", tag: basic", "", "\n  free-basic: { dispatch_namespace: customers, script: \"export default {}\", compatibility_date: 2026-10-01 }", []string{"free-basic"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := `version: 1
name: mine
dispatch_namespaces: { customers: {} }
lists: { found: { discover: { dispatch_namespace: customers` + test.wanted + ` } } }
user_workers:
  tenants:
    for_each: { tenant: found }
    dispatch_namespace: customers
    manage: [code]
    script: export default {}` + test.where + test.written + "\n"
			files := fstest.MapFS{"wfpsync.yaml": {Data: []byte(text)}}
			stack, list := stackfile.Load(files, "wfpsync.yaml", stackfile.Options{Live: account})
			if len(list) > 0 {
				t.Fatal(describe(list))
			}
			var got []string
			for _, r := range stack.Resources {
				if w, ok := r.(*spec.UserWorker); ok {
					got = append(got, w.Name)
					if managed := w.Manage != nil; managed == (test.written != "") {
						t.Errorf("%s is managed by the template: %v", w.Name, managed)
					}
				}
			}
			if slices.Sort(got); !slices.Equal(got, test.want) {
				t.Error(cmp.Diff(test.want, got))
			}
			// The account has not been asked: no user Worker is made up.
			unasked, list := stackfile.Load(files, "wfpsync.yaml", stackfile.Options{})
			for _, r := range unasked.Resources {
				if w, ok := r.(*spec.UserWorker); ok && w.Manage != nil {
					t.Errorf("%s is in the stack, and nobody has asked the account", w.Name)
				}
			}
			if len(list) > 0 || unasked.Discovered {
				t.Errorf("discovered: %v\n%s", unasked.Discovered, describe(list))
			}
		})
	}
}
