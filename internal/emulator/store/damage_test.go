package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// filled makes a file with an account, and returns its name.
func filled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "account.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		err := s.Update(func(tx *Tx) error {
			tx.PutAccount(Account{ID: fmt.Sprintf("account-%03d", i), Name: strings.Repeat("x", 1000)})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDamaged damages a file in many ways. Each is reported as damage at once,
// and none crashes or passes for an account.
func TestDamaged(t *testing.T) {
	good, err := os.ReadFile(filled(t))
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	zeros := func(from, pages int) []byte {
		return append(append(append([]byte{}, good[:from*page]...), make([]byte, pages*page)...), good[(from+pages)*page:]...)
	}
	damages := map[string][]byte{
		"empty": {}, "a byte": good[:1], "one page": good[:page], "two pages": good[:2*page], "three pages": good[:3*page],
		"in a page": good[:2*page+100], "half of it": good[:len(good)/2/page*page], "zeros alone": make([]byte, len(good)),
		"no heads": zeros(0, 2), "text": []byte(strings.Repeat("not a database ", 1000)),
	}
	for from := 2; from < 14; from++ {
		damages[fmt.Sprintf("zeros at page %d", from)] = zeros(from, len(good)/page-from)
	}
	for name, content := range damages {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "account.db")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			err := useAll(path)
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "the local account in "+filepath.Dir(path)+" is damaged: ") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// useAll reads and writes everything, twice.
func useAll(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	for range 2 {
		err = errors.Join(
			s.View(func(tx *Tx) error {
				for i := range 200 {
					if _, ok := tx.Account(fmt.Sprintf("account-%03d", i)); !ok && tx.err == nil {
						return fmt.Errorf("account %d is gone", i)
					}
				}
				return nil
			}),
			s.Update(func(tx *Tx) error {
				tx.PutAccount(Account{ID: "account-100"})
				return nil
			}))
	}
	return err
}

// TestPanicOfOurs: a bug of ours is not reported as damage, and keeps its
// position.
func TestPanicOfOurs(t *testing.T) {
	s, err := Open(filled(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	func() {
		defer func() {
			if reason := recover(); reason == nil || !strings.HasSuffix(PanicOrigin().Function, ".mistake") {
				t.Errorf("%v in %s", reason, PanicOrigin().Function)
			}
		}()
		_ = s.View(func(*Tx) error { return mistake(nil) })
	}()
	if err := s.View(func(*Tx) error { return nil }); err != nil {
		t.Errorf("after it: %v", err)
	}
}

//go:noinline
func mistake(list []error) error { return list[1] }
