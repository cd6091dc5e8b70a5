package store

import (
	"bytes"
	"strings"
	"time"
)

const referrersBucket = "referrers"

// A Referrer is a script that binds to an account Worker or to a queue. With an
// index of them, a deletion can be checked without reading the bindings of
// every user Worker.
type Referrer struct {
	NamespaceID string // empty: an account Worker
	Name        string

	account string
}

// The index keys are target, namespace id and name, separated by a byte that no
// name contains.
const referrerSeparator = "\x00"

// Referrers returns the scripts that bind to the account Worker called target,
// other than itself.
func (t *Tx) Referrers(account, target string) []Referrer {
	index := t.bucket(accountDataBucket, account, referrersBucket)
	if index == nil {
		return nil
	}
	var found []Referrer
	prefix := []byte(target + referrerSeparator)
	cursor := index.Cursor()
	for key, _ := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
		namespace, name, _ := strings.Cut(string(key[len(prefix):]), referrerSeparator)
		if namespace == "" && name == target {
			continue
		}
		found = append(found, Referrer{NamespaceID: namespace, Name: name, account: account})
	}
	return found
}

// Detach removes from the referrer every binding to target. A dispatch binding
// only loses its outbound Worker.
func (t *Tx) Detach(r Referrer, target string, now time.Time) {
	scripts := t.Workers(r.account)
	if r.NamespaceID != "" {
		scripts = t.UserWorkers(r.account, r.NamespaceID)
	}
	script, ok := scripts.Get(r.Name)
	if !ok {
		return
	}
	var left []Binding
	for _, binding := range script.Bindings {
		if binding.target() == target {
			if BindingTypeOf(binding.Type).Leads == ToWorker {
				continue
			}
			delete(binding.Fields, "outbound")
		}
		left = append(left, binding)
	}
	script.Bindings, script.ModifiedOn = left, now
	scripts.Put(script)
}

// refer updates the index for a script whose bindings change from prev to next.
func (t *Tx) refer(r Referrer, prev, next []Binding) {
	before, now := targets(prev), targets(next)
	if len(before) == 0 && len(now) == 0 {
		return
	}
	index := t.bucket(accountDataBucket, r.account, referrersBucket)
	if index == nil {
		return
	}
	key := func(target string) []byte {
		return []byte(target + referrerSeparator + r.NamespaceID + referrerSeparator + r.Name)
	}
	for target := range before {
		if !now[target] {
			t.fail(index.Delete(key(target)))
		}
	}
	for target := range now {
		if !before[target] {
			t.fail(index.Put(key(target), []byte{}))
		}
	}
}

func targets(bindings []Binding) map[string]bool {
	found := map[string]bool{}
	for _, binding := range bindings {
		if target := binding.target(); target != "" {
			found[target] = true
		}
	}
	return found
}
