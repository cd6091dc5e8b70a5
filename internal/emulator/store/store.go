// Package store keeps emulated Cloudflare accounts in one bbolt file.
//
// It knows which records exist and how they relate on disk (a script holds its
// modules, a route belongs to a zone). It knows nothing about HTTP, formats on
// the wire, or which request is allowed: the api package does.
//
// # Transactions
//
// All access goes through [Store.View] and [Store.Update]. The accessors of [Tx]
// return no errors: if a record cannot be read or written, the whole transaction
// fails, and View or Update report it. This keeps the code that checks and
// changes an account readable. It loses nothing, because there is no sensible
// way to continue after such a failure.
//
// # Layout
//
//	accounts               account id → Account
//	account data           account id →
//	    dispatch namespaces    name → DispatchNamespace
//	    user workers           namespace id → heads, bodies, count
//	    workers                heads, bodies, count
//	    referrers              who binds to which Worker or queue
//	    versions, deployments  script tag → number → record
//	    kv namespaces          id → KVNamespace
//	    kv keys, kv values     namespace id → key → record, bytes
//	    d1 databases           id → D1Database
//	    r2 buckets             jurisdiction → name → R2Bucket
//	    queues                 id → Queue
//	    custom domains         id → CustomDomain
//	    assets                 namespace id, or "account" → hash → Asset
//	    asset sessions         id → AssetSession
//	zones                  zone id → Zone
//	routes                 zone id → route id → Route
//	dns records            zone id → id → DNSRecord
//	custom hostnames       zone id → id → CustomHostname
//	blobs, blob refs       sha-256 → bytes, number of holders
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// ErrInUse is Open's error if another process, or another Store in this one,
// has the file open.
var ErrInUse = errors.New("the local account is in use by another process")

// ErrDamaged is the error of Open, View or Update if the file is not as this
// package writes it.
var ErrDamaged = errors.New("is damaged")

// lockTimeout is how long Open waits for the file's lock: long enough for a
// command that is about to finish, and short enough that the program does not
// seem to hang.
const lockTimeout = 500 * time.Millisecond

// batchDelay is how long concurrent writers wait for each other, so that they
// share one fsync. A single writer never waits, see Update.
const batchDelay = time.Millisecond

// format is the layout in the package comment. A file with another one is
// refused.
const format = "1"

var (
	metaBucket = []byte("meta")
	formatKey  = []byte("format")
)

// A Store is an open account file. It is safe for concurrent use.
type Store struct {
	dir      string
	db       *bbolt.DB
	damage   atomic.Pointer[error]
	writers  atomic.Int32
	watchers atomic.Pointer[[]*watcher]
}

// Options configure a Store.
type Options struct {
	// NoSync lets the operating system decide when to write to disk. The data
	// survives the process, but not a power cut, so this is for the accounts of
	// tests.
	NoSync bool
}

// Open opens the store at path, and creates it (0600) and its directory (0700)
// if they are missing. The error is ErrInUse if the file is open already.
func Open(path string, options Options) (*Store, error) {
	if err := makeDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("create the local account: %w", err)
	}
	_, err := os.Stat(path)
	s := &Store{dir: filepath.Dir(path)}
	created := errors.Is(err, fs.ErrNotExist)
	err = s.guarded(func() (err error) {
		s.db, err = bbolt.Open(path, 0o600, &bbolt.Options{
			Timeout:      lockTimeout,
			FreelistType: bbolt.FreelistMapType,
			NoStatistics: true,
			NoSync:       options.NoSync,
			NoGrowSync:   options.NoSync,
		})
		return err
	})
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return nil, fmt.Errorf("open %s: %w", path, ErrInUse)
	case errors.Is(err, bbolterrors.ErrInvalid), errors.Is(err, bbolterrors.ErrChecksum), errors.Is(err, bbolterrors.ErrVersionMismatch),
		err != nil && strings.Contains(err.Error(), "file size too small"): // this error has no name
		return nil, s.damagedBy(err)
	case errors.Is(err, ErrDamaged):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s.db.MaxBatchDelay = batchDelay
	if err := s.guarded(func() error { return s.begin(path, created) }); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// begin checks that the file is one of ours, and whole, or initializes a new
// one.
func (s *Store) begin(path string, created bool) error {
	if created {
		return s.db.Update(func(tx *bbolt.Tx) error {
			meta, err := tx.CreateBucketIfNotExists(metaBucket)
			if err != nil {
				return err
			}
			return meta.Put(formatKey, []byte(format))
		})
	}
	return s.db.View(func(tx *bbolt.Tx) error {
		file, err := os.Stat(path)
		if err != nil {
			return err
		}
		if file.Size() < tx.Size() {
			return s.damagedBy(fmt.Errorf("account.db has %d bytes, and had %d", file.Size(), tx.Size()))
		}
		meta := tx.Bucket(metaBucket)
		if meta == nil {
			return s.damagedBy(errors.New("account.db is empty"))
		}
		if found := string(meta.Get(formatKey)); found != format {
			return fmt.Errorf("open %s: the file has format %q, this program reads format %q", path, found, format)
		}
		return nil
	})
}

// makeDir makes the directory if it is missing, and makes git ignore it: it is
// in a project, and contains the values of secrets.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil // it may not be ours
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("*\n"), 0o600)
}

// Close waits for running transactions and closes the file. A damaged one stays
// open until the process ends, because bbolt may never release its locks.
func (s *Store) Close() error {
	if s.damage.Load() != nil || s.db == nil {
		return nil
	}
	return s.db.Close()
}

// View runs fn on one consistent state of the store.
func (s *Store) View(fn func(*Tx) error) error {
	return s.guarded(func() error {
		return s.db.View(func(tx *bbolt.Tx) error { return s.run(tx, fn) })
	})
}

// Update runs fn in a read-write transaction. If it returns nil, the changes
// are on disk and survive a power cut, unless the store has NoSync. If fn
// returns an error, nothing is changed and Update returns that error.
//
// Concurrent writers share a transaction and so one fsync, which is most of a
// write's cost. So fn may run more than once, and must compute its results
// again each time.
func (s *Store) Update(fn func(*Tx) error) error {
	defer s.writers.Add(-1)
	work := func(tx *bbolt.Tx) error { return s.run(tx, fn) }
	alone := s.writers.Add(1) == 1
	return s.guarded(func() error {
		if alone {
			// bbolt's Batch always waits for others. If there are none, that
			// would slow down every upload of a client that uploads one script
			// after the other.
			return s.db.Update(work)
		}
		return s.db.Batch(work)
	})
}

func (s *Store) run(btx *bbolt.Tx, fn func(*Tx) error) error {
	tx := &Tx{tx: btx}
	err := s.guarded(func() error { return fn(tx) }) // it may run in a goroutine of bbolt
	if tx.err != nil {
		// The result of fn depends on a record that could not be read.
		return tx.err
	}
	if err == nil && len(tx.changes) > 0 {
		btx.OnCommit(func() { s.tell(tx.changes) })
	}
	return err
}

// A Tx is a transaction. It must not be used after the function that received
// it has returned.
type Tx struct {
	tx      *bbolt.Tx
	err     error
	changes []Change
}

// fail records the first failure of the transaction.
func (t *Tx) fail(err error) {
	if t.err == nil && err != nil {
		t.err = fmt.Errorf("local account: %w", err)
	}
}

// bucket returns the bucket at path. In a read-only transaction it is nil if
// the bucket does not exist; in a read-write transaction it is created.
func (t *Tx) bucket(path ...string) *bbolt.Bucket {
	if !t.tx.Writable() {
		found := t.tx.Bucket([]byte(path[0]))
		for _, name := range path[1:] {
			if found == nil {
				return nil
			}
			found = found.Bucket([]byte(name))
		}
		return found
	}
	made, err := t.tx.CreateBucketIfNotExists([]byte(path[0]))
	for _, name := range path[1:] {
		if err != nil {
			break
		}
		made, err = made.CreateBucketIfNotExists([]byte(name))
	}
	if err != nil {
		t.fail(err)
		return nil
	}
	return made
}

// drop deletes the bucket called name in the bucket at path, with everything in
// it.
func (t *Tx) drop(name string, path ...string) {
	parent := t.bucket(path...)
	if parent == nil {
		return
	}
	if err := parent.DeleteBucket([]byte(name)); err != nil && !errors.Is(err, bbolterrors.ErrBucketNotFound) {
		t.fail(err)
	}
}
