package wfpsync

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// ImportOptions say what part of an account becomes a stack file. All are
// optional.
type ImportOptions struct {
	// Namespace limits it to one dispatch namespace and what belongs to that.
	Namespace string

	// Name is the stack's name. "" is the name of the account's only stack, or
	// else "imported".
	Name string

	// UserWorkers says what to do with user Workers that no stack manages; ""
	// leaves them to the product.
	UserWorkers stackfile.UserWorkers
}

// Import reads the account and returns a stack file and its code. A plan of
// that file adopts resources and changes nothing else. Import itself writes
// nothing.
func (a *Account) Import(ctx context.Context, o ImportOptions) (*stackfile.Imported, error) {
	if o.UserWorkers == "" {
		o.UserWorkers = stackfile.LeaveUserWorkers
	}
	a.target.mu.Lock()
	defer a.target.mu.Unlock()
	live, unread, err := a.target.readAll(ctx, o.Namespace)
	if err != nil {
		return nil, err
	}
	if o.Namespace != "" {
		if _, found := live.Resources[spec.Address{Kind: spec.KindDispatchNamespace, Name: o.Namespace}]; !found {
			return nil, fmt.Errorf("the account has no dispatch namespace %q", o.Namespace)
		}
		live = live.ForNamespace(o.Namespace)
	}
	wanted := slices.DeleteFunc(live.Workers(), func(a spec.Address) bool {
		return o.UserWorkers == stackfile.LeaveUserWorkers && a.Kind == spec.KindUserWorker && live.Resources[a].Revision.Owner == ""
	})
	if err := a.target.unguarded.ReadCode(ctx, live, wanted); err != nil {
		return nil, err
	}
	name, err := stackName(o.Name, live)
	if err != nil {
		return nil, err
	}
	return stackfile.Import(live, name, o.UserWorkers, unread...)
}

// ImportWrangler returns the stack file of a configuration of wrangler, which
// is in a folder or below it, and diagnostics of what was not taken over. The
// name is the stack's; "" is the configuration's own.
func ImportWrangler(dir, config, environment, name string) (*stackfile.Imported, diag.List, error) {
	p := &Project{dir: dir, name: DefaultFile}
	var imported *stackfile.Imported
	err := p.inFolder(func(root fs.FS) (list diag.List) {
		imported, list = stackfile.ImportWrangler(root, config, environment, name)
		return list
	})
	return imported, p.diagnostics, err
}

// stackName returns the given name, or that of the only stack that owns
// something in live.
func stackName(given string, live *spec.Snapshot) (string, error) {
	if given != "" {
		return given, nil
	}
	owners := live.Owners()
	switch len(owners) {
	case 0:
		return "imported", nil
	case 1:
		return owners[0], nil
	}
	return "", &UnclearStackError{owners}
}

// UnclearStackError says that an account has several stacks, and that none was
// named.
type UnclearStackError struct{ Stacks []string }

func (e *UnclearStackError) Error() string {
	return "the account has the stacks " + strings.Join(e.Stacks, ", ")
}

// readAll reads everything of every kind that the credentials may read; with a
// namespace, only that namespace's user Workers. It also returns the kinds that
// they may not read.
func (t *target) readAll(ctx context.Context, namespace string) (*spec.Snapshot, []spec.Kind, error) {
	live, err := t.Read(ctx, "", new(spec.Stack).Scope())
	if err != nil {
		return nil, nil, err
	}
	live.Account = t.info
	zones, err := t.unguarded.Zones(ctx)
	zonesDenied := cloudflare.IsDenied(err)
	if err != nil && !zonesDenied {
		return nil, nil, err
	}
	parents := map[spec.Container][]string{
		spec.ContainerAccount:      {""},
		spec.ContainerJurisdiction: {""},
		spec.ContainerQueue:        {""}, // the consumers of all queues are listed together
		spec.ContainerKVNamespace:  nil,  // its contents are data
		spec.ContainerZone:         zones,
	}
	for _, a := range live.Addresses() {
		if a.Kind == spec.KindDispatchNamespace && (namespace == "" || a.Name == namespace) {
			parents[spec.ContainerDispatchNamespace] = append(parents[spec.ContainerDispatchNamespace], a.Name)
		}
		if a.Kind == spec.KindWorker {
			parents[spec.ContainerWorker] = append(parents[spec.ContainerWorker], a.Name)
		}
	}
	var more []spec.Collection
	var unread []spec.Kind
	for _, kind := range spec.Kinds() {
		if kind.Container == spec.ContainerZone && zonesDenied {
			unread = append(unread, kind.Kind)
		}
		for _, parent := range parents[kind.Container] {
			if collection := (spec.Collection{Kind: kind.Kind, Parent: parent}); !live.Read(collection) {
				more = append(more, collection)
			}
		}
	}
	if err := t.unguarded.ReadMore(ctx, live, more); err != nil {
		return nil, nil, err
	}
	if err := t.unguarded.Inspect(ctx, live, live.Addresses()); err != nil {
		return nil, nil, err
	}
	for _, collection := range more {
		if !live.Read(collection) && !slices.Contains(unread, collection.Kind) {
			unread = append(unread, collection.Kind)
		}
	}
	return live, unread, t.unguarded.ReadMore(ctx, live, live.Jurisdictions())
}
