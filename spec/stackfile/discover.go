package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/text"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expand"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/layer"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/list"
)

// listReader reads the lists of a file.
type listReader struct {
	*expand.Expander
	file  *layer.File
	live  *spec.Snapshot
	stack *spec.Stack // which learns what is looked for in the account
}

// read reads every list of the file.
func (r *listReader) read() map[string]*list.List {
	lists := map[string]*list.List{}
	for _, m := range r.file.Root.Get("lists").MembersOrNil() {
		if r.IsBroken("/lists/" + text.EscapePointer(m.Key)) {
			continue
		}
		read, diagnostics := list.Load(r.file.FS, m.Key, r.Expand(m.Value, r.Globals()), r.file.Name, r.discover)
		r.Add(diagnostics)
		if read != nil {
			lists[m.Key] = read
		}
	}
	return lists
}

// discover finds the user Workers that a list looks for among those that were
// read of the account. It leaves out those that a stack owns or another stack's
// template writes.
func (r *listReader) discover(d *list.Discovery, namespace *document.Value) ([]list.Found, bool) {
	name, declared := r.namespaceName(namespace)
	if !declared {
		r.Report(list.RuleDiscover, namespace.Range(), fmt.Sprintf("the dispatch namespace %q is not declared under `dispatch_namespaces`", namespace.String()),
			r.nearestKey("dispatch_namespaces", namespace.String()))
		return nil, false
	}
	d.Namespace = name
	r.stack.Discoveries = append(r.stack.Discoveries, spec.Discovery(*d))
	if r.live == nil {
		return nil, false
	}
	r.stack.Discovered = true
	var found []list.Found
	for _, a := range r.live.Addresses() {
		live := r.live.Resources[a]
		if a.Kind != spec.KindUserWorker || a.Parent != name || live.TagsUnread || live.Revision.Owner != "" ||
			live.Revision.Template != "" && live.Revision.Template != r.file.StackName() {
			continue
		}
		tags := live.Resource.(spec.Scripted).AsScript().Tags
		if d.Matches(a.Name, tags) {
			found = append(found, list.Found{Name: a.Name, Tags: tags, CreatedOn: live.Created, ModifiedOn: live.Revision.ModifiedOn})
		}
	}
	return found, true
}

// namespaceName returns the name of a dispatch namespace that the file declares
// under a key. Lists are read before there is anything else to go by.
func (r *listReader) namespaceName(key *document.Value) (name string, declared bool) {
	m := r.file.Root.Get("dispatch_namespaces").Member(key.String())
	switch {
	case m == nil || m.Value.Get("for_each") != nil:
		return "", false
	case m.Value.Get("name") != nil:
		return r.Expand(m.Value.Get("name"), r.Globals()).String(), true
	}
	return m.Key, true
}

func (r *listReader) nearestKey(section, key string) string {
	var keys []string
	for _, m := range r.file.Root.Get(section).MembersOrNil() {
		keys = append(keys, m.Key)
	}
	if near := diag.Nearest(key, keys); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Sprintf("declare it: `%s: { %s: {} }`; one that another file manages has `external: true`", section, key)
}
