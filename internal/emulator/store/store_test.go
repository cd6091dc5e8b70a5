package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "account.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func update(t testing.TB, s *Store, fn func(*Tx)) {
	t.Helper()
	if err := s.Update(func(tx *Tx) error { fn(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s *Store, fn func(*Tx)) {
	t.Helper()
	if err := s.View(func(tx *Tx) error { fn(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

// put stores a script with one module.
func put(tx *Tx, scripts *Scripts, name, source string, bindings ...Binding) {
	blob := NewBlob([]byte(source))
	tx.PutBlob(blob)
	scripts.Put(Script{
		Head: Head{Name: name, Tag: "tag of " + name},
		Body: Body{EntryPoint: "index.js", Bindings: bindings, Modules: []Module{{Name: "index.js", Hash: blob.Hash}}},
	})
}

func blobs(t testing.TB, s *Store) (n int) {
	t.Helper()
	view(t, s, func(tx *Tx) { n = tx.Blobs() })
	return n
}

func TestOneCodeIsStoredOnce(t *testing.T) {
	s := open(t)
	large := strings.Repeat("x", 1<<20)
	update(t, s, func(tx *Tx) {
		for i := range 1000 {
			put(tx, tx.UserWorkers("a", "n"), fmt.Sprint("w", i), large)
		}
		put(tx, tx.Workers("a"), "router", large)
	})
	if n := blobs(t, s); n != 1 {
		t.Errorf("there are %d blobs", n)
	}
	info, err := os.Stat(s.db.Path())
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 16<<20 {
		t.Errorf("the file has %d bytes", info.Size())
	}
	// It is removed with the last script that has it.
	update(t, s, func(tx *Tx) {
		scripts := tx.UserWorkers("a", "n")
		for i := range 999 {
			scripts.Delete(fmt.Sprint("w", i))
		}
		put(tx, scripts, "w999", "other")
		scripts.Delete("none")
	})
	if n := blobs(t, s); n != 2 {
		t.Errorf("there are %d blobs", n)
	}
	update(t, s, func(tx *Tx) {
		tx.Workers("a").Delete("router")
		tx.PutDispatchNamespace("a", DispatchNamespace{ID: "n", Name: "prod"})
		tx.DeleteDispatchNamespace("a", DispatchNamespace{ID: "n", Name: "prod"})
	})
	if n := blobs(t, s); n != 0 {
		t.Errorf("there are %d blobs", n)
	}
}

func TestHistoryHoldsItsCode(t *testing.T) {
	s := open(t)
	update(t, s, func(tx *Tx) {
		history := tx.History("a", "tag of router")
		for i := range kept + 20 {
			put(tx, tx.Workers("a"), "router", fmt.Sprint("version ", i))
			script, _ := tx.Workers("a").Get("router")
			version := history.AddVersion(Version{ID: fmt.Sprint(i), Script: script})
			if version.Number != i+1 {
				t.Errorf("version %d has the number %d", i, version.Number)
			}
			history.AddDeployment(Deployment{ID: fmt.Sprint(i)})
		}
	})
	if n := blobs(t, s); n != kept {
		t.Errorf("there are %d blobs", n)
	}
	view(t, s, func(tx *Tx) {
		history := tx.History("a", "tag of router")
		versions, deployments := history.Versions(), history.Deployments()
		if len(versions) != kept || versions[0].ID != "119" || versions[kept-1].ID != "20" {
			t.Errorf("%d versions from %s", len(versions), versions[0].ID)
		}
		if len(deployments) != kept || deployments[0].ID != "119" {
			t.Errorf("%d deployments from %s", len(deployments), deployments[0].ID)
		}
		if _, found := history.Version("19"); found {
			t.Error("version 19 is still there")
		}
	})
	update(t, s, func(tx *Tx) {
		tx.History("a", "tag of router").Delete()
		tx.Workers("a").Delete("router")
	})
	if n := blobs(t, s); n != 0 {
		t.Errorf("there are %d blobs", n)
	}
}

func TestScriptsAreSortedAndCounted(t *testing.T) {
	s := open(t)
	update(t, s, func(tx *Tx) {
		for _, name := range []string{"c", "a", "b", "a"} {
			put(tx, tx.UserWorkers("a", "n"), name, "x")
		}
		put(tx, tx.UserWorkers("a", "other"), "z", "x")
		tx.UserWorkers("a", "n").Delete("b")
		tx.UserWorkers("a", "n").Delete("b")
	})
	view(t, s, func(tx *Tx) {
		scripts := tx.UserWorkers("a", "n")
		var names []string
		for head := range scripts.Heads("") {
			names = append(names, head.Name)
		}
		if !slices.Equal(names, []string{"a", "c"}) || scripts.Count() != 2 {
			t.Errorf("there are %d: %v", scripts.Count(), names)
		}
		for head := range scripts.Heads("a") {
			if head.Name != "c" {
				t.Errorf("after a comes %s", head.Name)
			}
		}
		for range tx.UserWorkers("a", "none").Heads("") {
			t.Error("there is a script nowhere")
		}
	})
}

func TestReferrers(t *testing.T) {
	service := func(target string) Binding {
		return Binding{Name: "S", Type: "service", Fields: map[string]json.RawMessage{"service": json.RawMessage(`"` + target + `"`)}}
	}
	s := open(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	update(t, s, func(tx *Tx) {
		put(tx, tx.Workers("a"), "base", "x", service("base"))
		put(tx, tx.Workers("a"), "one", "x", service("base"))
		put(tx, tx.UserWorkers("a", "n"), "two", "x", service("base"), service("base2"))
		put(tx, tx.Workers("other"), "one", "x", service("base"))
		found := tx.Referrers("a", "base")
		if len(found) != 2 || found[0].Name != "one" || found[1].NamespaceID != "n" {
			t.Errorf("the referrers are %v", found)
		}
		for _, r := range found {
			tx.Detach(r, "base", now)
		}
		tx.Detach(Referrer{account: "a", Name: "gone"}, "base", now)
		if left := tx.Referrers("a", "base"); len(left) != 0 {
			t.Errorf("left are %v", left)
		}
		two, _ := tx.UserWorkers("a", "n").Get("two")
		if len(two.Bindings) != 1 || two.Bindings[0].Text("service") != "base2" || !two.ModifiedOn.Equal(now) {
			t.Errorf("two is %+v", two)
		}
	})
	view(t, s, func(tx *Tx) {
		if len(tx.Referrers("a", "base2")) != 1 || len(tx.Referrers("none", "base")) != 0 {
			t.Error("the index is wrong")
		}
	})
}

func TestAFailedUpdateChangesNothing(t *testing.T) {
	s := open(t)
	want := errors.New("no")
	err := s.Update(func(tx *Tx) error {
		tx.PutAccount(Account{ID: "a"})
		return want
	})
	if !errors.Is(err, want) {
		t.Errorf("Update returned %v", err)
	}
	view(t, s, func(tx *Tx) {
		if len(tx.Accounts()) != 0 {
			t.Error("there is an account")
		}
	})
	// A failure does not affect others in the same transaction.
	var writers sync.WaitGroup
	for i := range 100 {
		writers.Go(func() {
			err := s.Update(func(tx *Tx) error {
				tx.PutAccount(Account{ID: fmt.Sprint(i)})
				if i%3 == 0 {
					return want
				}
				return nil
			})
			if (err != nil) != (i%3 == 0) {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	writers.Wait()
	view(t, s, func(tx *Tx) {
		if n := len(tx.Accounts()); n != 66 {
			t.Errorf("there are %d accounts", n)
		}
	})
}

func TestADamagedRecordFailsTheTransaction(t *testing.T) {
	s := open(t)
	update(t, s, func(tx *Tx) {
		put(tx, tx.Workers("a"), "router", "x")
		tx.fail(tx.bucket(accountDataBucket, "a", workersBucket, headsBucket).Put([]byte("router"), []byte("{")))
	})
	for name, read := range map[string]func(*Tx){
		"head": func(tx *Tx) { tx.Workers("a").Head("router") },
		"list": func(tx *Tx) {
			for range tx.Workers("a").Heads("") {
				t.Error("a damaged record is listed")
			}
		},
		"blob": func(tx *Tx) { tx.Blob("none") },
	} {
		if err := s.View(func(tx *Tx) error { read(tx); return nil }); err == nil {
			t.Errorf("%s: the transaction did not fail", name)
		}
	}
}

func TestAnotherFormatIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "account.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Put(formatKey, []byte("99")) })
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), `"99"`) {
		t.Errorf("Open returned %v", err)
	}
}
