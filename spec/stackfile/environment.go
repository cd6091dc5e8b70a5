package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/complaint"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expand"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/layer"
)

// claim is an environment's use of a name.
type claim struct {
	environment string
	at          diag.Range // of the environment
}

// checkEnvironments refuses two environments that resolve to one dispatch
// namespace: one would take the other's user Workers for its own, or for
// another stack's. It warns of a store that two of them declare, which goes
// when one of them is destroyed.
func checkEnvironments(c *complaint.Collector, file *layer.File, options Options) {
	claims := map[spec.Address]claim{}
	warned := map[spec.Address]bool{}
	for _, m := range file.Environments.MembersOrNil() {
		other, unheard := file.In(m), complaint.New(file.Name, file.Root, nil)
		x := expand.New(unheard, other.Environment, readVariables(unheard, other.Root, options))
		for _, store := range stores(x, other.Root) {
			first, taken := claims[store.To]
			switch {
			case !taken:
				claims[store.To] = claim{m.Key, m.Range()}
			case store.To.Kind == spec.KindDispatchNamespace:
				c.Report(spec.RuleEnvironment, m.Range(), fmt.Sprintf("the environments %q and %q share the dispatch namespace %q", first.environment, m.Key, store.To.Name),
					"give each its own, such as `name: customers-${environment}`", diag.Related{Range: first.at, Message: "the other environment"})
			case !warned[store.To]:
				warned[store.To] = true
				c.Warn(spec.RuleSharedStore, store.At, fmt.Sprintf("the environments %q and %q share %s, which is deleted when one of them is destroyed", first.environment, m.Key, store.To),
					"give each its own, such as `name: data-${environment}`, or let all but one say `external: true`")
			}
		}
	}
}

// stores returns the namespaces and stores that the file declares to be its
// own, as far as their names can be told without a list, in the order of the
// file.
func stores(x *expand.Expander, root *document.Value) []spec.Reference {
	var stores []spec.Reference
	for _, s := range sections {
		if s.worker {
			continue // a Worker carries the mark of its environment
		}
		for _, m := range root.Get(s.Section).MembersOrNil() {
			if m.Value.Get("external").IsTrue() || m.Value.Get("for_each") != nil {
				continue
			}
			name := m.Key
			if given := m.Value.Get(s.nameBy); given != nil {
				name = x.Expand(given, x.Globals()).String()
			}
			a := spec.Address{Kind: s.Kind, Name: name}
			if s.parentOf != nil {
				a.Parent = s.parentOf(x.Expand(m.Value, x.Globals()))
			}
			if name != "" {
				stores = append(stores, spec.Reference{To: a, At: m.Range()})
			}
		}
	}
	return stores
}
