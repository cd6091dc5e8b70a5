package store

import "time"

const dispatchNamespacesBucket = "dispatch namespaces"

// A DispatchNamespace holds user Workers. They refer to its ID, so that
// renaming it changes none of them.
type DispatchNamespace struct {
	ID             string    `json:"id"`
	Name           string    `json:"name"`
	CreatedOn      time.Time `json:"created_on"`
	ModifiedOn     time.Time `json:"modified_on"`
	TrustedWorkers bool      `json:"trusted_workers,omitempty"`
}

// DispatchNamespaces returns the account's dispatch namespaces, sorted by name.
func (t *Tx) DispatchNamespaces(account string) []DispatchNamespace {
	return t.dispatchNamespaces(account).all()
}

// DispatchNamespace returns one dispatch namespace by its name.
func (t *Tx) DispatchNamespace(account, name string) (DispatchNamespace, bool) {
	return t.dispatchNamespaces(account).get(name)
}

// PutDispatchNamespace creates or replaces the record of a dispatch namespace.
// Its contents stay.
func (t *Tx) PutDispatchNamespace(account string, n DispatchNamespace) {
	t.dispatchNamespaces(account).put(n.Name, n)
	t.changed(Change{Account: account})
}

// RenameDispatchNamespace stores n, which was called oldName before.
func (t *Tx) RenameDispatchNamespace(account, oldName string, n DispatchNamespace) {
	t.dispatchNamespaces(account).delete(oldName)
	t.PutDispatchNamespace(account, n)
}

// DeleteDispatchNamespace removes a dispatch namespace and every user Worker in
// it.
func (t *Tx) DeleteDispatchNamespace(account string, n DispatchNamespace) {
	scripts := t.UserWorkers(account, n.ID)
	var names []string
	for head := range scripts.Heads("") {
		names = append(names, head.Name)
	}
	for _, name := range names {
		scripts.Delete(name) // one by one: each releases its modules and its references
	}
	scripts.Assets().Delete()
	t.drop(n.ID, accountDataBucket, account, userWorkersBucket)
	t.dispatchNamespaces(account).delete(n.Name)
	t.changed(Change{Account: account})
}

func (t *Tx) dispatchNamespaces(account string) collection[DispatchNamespace] {
	return collect[DispatchNamespace](t, accountDataBucket, account, dispatchNamespacesBucket)
}
