package account

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// TagCache remembers the tags of scripts in a folder, for an API whose lists do
// not show them. It is not state: an entry is good for one etag and time of
// writing of a script, and without the cache everything is only slower. It
// holds no settings, because a cache should not store what they may contain.
//
// Each file is for one dispatch namespace of an account. It is replaced whole,
// so that another process never sees half of it. A file that cannot be read, or
// is invalid, is ignored. Tags that cannot be written are not remembered.
type TagCache struct {
	dir string // "" means that only this process remembers

	mu      sync.Mutex
	learned map[string]map[string]tagEntry // by file and script, of this process
}

// NewTagCache returns the cache in a folder, which need not exist. With "" it
// is in memory.
func NewTagCache(dir string) *TagCache {
	return &TagCache{dir: dir, learned: map[string]map[string]tagEntry{}}
}

const (
	tagCacheVersion = 1
	maxCacheFiles   = 64
	maxCacheBytes   = 64 << 20 // of a file: no namespace has more than a million user Workers
)

// tagFile is a file of the cache.
type tagFile struct {
	Version int                 `json:"version"`
	Root    string              `json:"place"`
	Scripts map[string]tagEntry `json:"scripts"`
}

// tagEntry has the tags of a script at one revision.
type tagEntry struct {
	ETag       string    `json:"etag,omitempty"`
	ModifiedOn time.Time `json:"modified_on"`
	Tags       []string  `json:"tags"`
}

func (e tagEntry) describes(s *script) bool {
	sameCode := s.ETag == "" || e.ETag == s.ETag // not every list shows it
	return !s.ModifiedOn.IsZero() && sameCode && e.ModifiedOn.Equal(s.ModifiedOn)
}

// knownTags are the entries of one root.
type knownTags struct {
	cache   *TagCache
	root    string
	entries map[string]tagEntry

	mu      sync.Mutex
	changed bool
}

// open reads what is remembered below a root of the API at a URL.
func (c *TagCache) open(base string, root scriptRoot) *knownTags {
	k := &knownTags{cache: c, root: base + string(root), entries: map[string]tagEntry{}}
	if read, err := c.read(k.root); err == nil {
		k.entries = read
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, entry := range c.learned[k.root] {
		k.entries[name], k.changed = entry, true
	}
	return k
}

// of returns the tags of a script, if they are known for its revision.
func (k *knownTags) of(s *script) (tags []string, known bool) {
	entry, found := k.entries[s.ID]
	if !found || !entry.describes(s) {
		return nil, false
	}
	return entry.Tags, true
}

// learn remembers the tags of a script.
func (k *knownTags) learn(s *script) {
	if s.ModifiedOn.IsZero() {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entries[s.ID], k.changed = tagEntry{s.ETag, s.ModifiedOn, s.Tags}, true
}

// save writes the entries of the scripts that exist, and drops the others.
func (k *knownTags) save(all []script) {
	k.mu.Lock()
	defer k.mu.Unlock()
	there := make(map[string]tagEntry, len(all))
	for i := range all {
		if entry, found := k.entries[all[i].ID]; found && entry.describes(&all[i]) {
			there[all[i].ID] = entry
		}
	}
	if k.changed || len(there) != len(k.entries) {
		_ = k.cache.write(tagFile{tagCacheVersion, k.root, there}) // on an error, the next run asks again
	}
}

// learn remembers the tags of a script after a write.
func (c *TagCache) learn(base string, root scriptRoot, s *script) {
	if s.ModifiedOn.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	name := base + string(root)
	if c.learned[name] == nil {
		c.learned[name] = map[string]tagEntry{}
	}
	c.learned[name][s.ID] = tagEntry{s.ETag, s.ModifiedOn, s.Tags}
}

// keep writes what this process has learned about a root, without asking which
// scripts exist.
func (c *TagCache) keep(base string, root scriptRoot) {
	if k := c.open(base, root); k.changed {
		_ = c.write(tagFile{tagCacheVersion, k.root, k.entries}) // on an error, the next run asks again
	}
}

func (c *TagCache) file(root string) string {
	sum := sha256.Sum256([]byte(root))
	return filepath.Join(c.dir, hex.EncodeToString(sum[:16])+".json")
}

var errNoCache = errors.New("the cache has no such entry")

func (c *TagCache) read(root string) (map[string]tagEntry, error) {
	if c.dir == "" {
		return nil, errNoCache
	}
	file, err := os.Open(c.file(root))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxCacheBytes {
		return nil, cmp.Or(err, errNoCache)
	}
	var f tagFile
	if err := json.NewDecoder(io.LimitReader(file, maxCacheBytes)).Decode(&f); err != nil {
		return nil, err
	}
	if f.Version != tagCacheVersion || f.Root != root || f.Scripts == nil {
		return nil, errNoCache
	}
	return f.Scripts, nil
}

// write replaces a file. Only its owner can read it, because tags may name
// customers.
func (c *TagCache) write(f tagFile) error {
	if c.dir == "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.learned[f.Root] = f.Scripts
		return nil
	}
	data, err := json.Marshal(f)
	if err != nil || len(data) > maxCacheBytes {
		return cmp.Or(err, errNoCache)
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	temporary := filepath.Join(c.dir, temporaryPrefix+rand.Text())
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return err
	}
	defer os.Remove(temporary)
	if err := os.Rename(temporary, c.file(f.Root)); err != nil {
		return err
	}
	c.mu.Lock()
	delete(c.learned, f.Root)
	c.mu.Unlock()
	return c.prune()
}

// temporaryPrefix begins the name of a file that is being written.
const temporaryPrefix = ".new-"

// prune removes the oldest files, and what killed processes have left.
func (c *TagCache) prune() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil || len(entries) <= maxCacheFiles {
		return err
	}
	var files []fs.FileInfo
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || !strings.HasSuffix(info.Name(), ".json") && !strings.HasPrefix(info.Name(), temporaryPrefix) {
			continue // gone, or not ours
		}
		files = append(files, info)
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, old := range files[:max(0, len(files)-maxCacheFiles)] {
		_ = os.Remove(filepath.Join(c.dir, old.Name()))
	}
	return nil
}
