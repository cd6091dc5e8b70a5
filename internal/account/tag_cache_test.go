package account

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
)

// countSettings returns how many of the requests since the last call read
// settings.
func (l *local) countSettings() int {
	n := 0
	for _, request := range l.Asked() {
		if strings.HasSuffix(request, "/settings") {
			n++
		}
	}
	return n
}

// If lists do not show tags, the settings are read once, by any process. Until
// a script is written, lists are enough.
func TestTagsAreReadOnce(t *testing.T) {
	for _, shape := range []api.ListShape{{WithoutTags: true}, {WithoutTags: true, WithoutETag: true, Nested: true}} {
		t.Run(fmt.Sprintf("%+v", shape), func(t *testing.T) {
			l, dir := openLocal(t), filepath.Join(t.TempDir(), "new", "tags")
			l.seed(t, "customers", 500, mixed)
			want := l.read(t, usersOf("customers"))
			l.Emulator.ForTests().SetListShape(shape)
			l.tags = NewTagCache(dir)
			l.Asked()

			first := l.read(t, usersOf("customers"))
			if n := l.countSettings(); n != 100 {
				t.Errorf("read the settings of %d Workers, want our 100", n)
			}
			l.tags = NewTagCache(dir) // another process
			second := l.read(t, usersOf("customers"))
			if asked := l.Asked(); len(asked) > 3 {
				t.Errorf("asked %v, want no more than the list and those of ours", asked)
			}
			if diff := cmp.Diff(first, second); diff != "" {
				t.Error(diff)
			}
			for a, live := range want.Resources {
				if live.Revision.Owner == "platform" && second.Resources[a].Revision.Mark == nil {
					t.Fatalf("%s has no mark", a)
				}
			}

			// Only a Worker that was written is read again.
			var ours spec.Address
			for a, live := range want.Resources {
				if live.Revision.Owner == "platform" {
					ours = a
				}
			}
			change := api.Tampering{ModifiedOn: time.Now().Add(time.Hour)}
			if err := l.Emulator.ForTests().Tamper(testAccount, "customers", ours.Name, change); err != nil {
				t.Fatal(err)
			}
			l.read(t, usersOf("customers"))
			if n := l.countSettings(); n != 1 {
				t.Errorf("read the settings of %d Workers, want the one that was written", n)
			}

			// Without the cache everything is the same, but slower.
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			third := l.read(t, usersOf("customers"))
			if n := l.countSettings(); n != 100 {
				t.Errorf("read the settings of %d Workers, want 100 again", n)
			}
			if len(third.Resources) != 500 {
				t.Errorf("%d Workers", len(third.Resources))
			}
		})
	}
}

// The tags of this process's own uploads are known without a request, to the
// next process too.
func TestTagsOfUploadsAreKnown(t *testing.T) {
	l, dir := openLocal(t), t.TempDir()
	l.Emulator.ForTests().SetListShape(api.ListShape{WithoutTags: true})
	l.tags = NewTagCache(dir)
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	for i := range 5 {
		put(t, l.Account, userWorker("customers", fmt.Sprintf("u%d", i)), nil)
	}
	if _, err := l.Read(t.Context(), "", []spec.Collection{usersOf("customers")}); err != nil { // as at the end of an apply
		t.Fatal(err)
	}
	l.tags = NewTagCache(dir)
	l.Asked()
	snap := l.read(t, usersOf("customers"))
	if n := l.countSettings(); n != 0 {
		t.Errorf("read the settings of %d Workers", n)
	}
	for a, live := range snap.Resources {
		if live.Revision.Owner != "platform" || live.Revision.Mark == nil {
			t.Errorf("%s: %+v", a, live.Revision)
		}
	}
}

// If a Worker's owner tag was removed or added, the filtered list decides, even
// if that does not count as a write to the API.
func TestOwnerTagIsNotRemembered(t *testing.T) {
	l := openLocal(t)
	l.Emulator.ForTests().SetListShape(api.ListShape{WithoutTags: true})
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	put(t, l.Account, userWorker("customers", "u"), nil)
	address := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "u"}
	before := l.read(t, usersOf("customers")).Resources[address].Revision
	tags := api.Tampering{Settings: []byte(`{"tags":["mine"]}`), ModifiedOn: before.ModifiedOn}
	if err := l.Emulator.ForTests().Tamper(testAccount, "customers", "u", tags); err != nil {
		t.Fatal(err)
	}
	after := l.read(t, usersOf("customers")).Resources[address]
	if after.Revision.Owner != "" || !after.Revision.ModifiedOn.Equal(before.ModifiedOn) {
		t.Errorf("%+v", after.Revision)
	}
}

// A file that is broken, another user's, too large or not a file is ignored and
// replaced. Only its owner can read what is written.
func TestBrokenTagCache(t *testing.T) {
	for name, breakIt := range map[string]func(file string) error{
		"empty": func(file string) error { return os.WriteFile(file, nil, 0o600) },
		"half":  func(file string) error { return os.Truncate(file, 100) },
		"other": func(file string) error {
			return os.WriteFile(file, []byte(`{"version":1,"place":"x","scripts":{}}`), 0o600)
		},
		"later":       func(file string) error { return os.WriteFile(file, []byte(`{"version":2}`), 0o600) },
		"wrong types": func(file string) error { return os.WriteFile(file, []byte(`{"version":1,"scripts":[1]}`), 0o600) },
		"no file": func(file string) error {
			if err := os.Remove(file); err != nil {
				return err
			}
			return os.Mkdir(file, 0o700)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, dir := openLocal(t), t.TempDir()
			l.seed(t, "customers", 10, mixed)
			l.Emulator.ForTests().SetListShape(api.ListShape{WithoutTags: true})
			l.tags = NewTagCache(dir)
			want := l.read(t, usersOf("customers"))
			files, err := os.ReadDir(dir)
			if err != nil || len(files) != 1 {
				t.Fatalf("%v, %v", files, err)
			}
			file := filepath.Join(dir, files[0].Name())
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			if err := breakIt(file); err != nil {
				t.Fatal(err)
			}
			l.tags = NewTagCache(dir)
			if diff := cmp.Diff(want, l.read(t, usersOf("customers"))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A folder that cannot be written is not an error.
func TestTagCacheNowhere(t *testing.T) {
	l := openLocal(t)
	l.seed(t, "customers", 10, mixed)
	l.Emulator.ForTests().SetListShape(api.ListShape{WithoutTags: true})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.tags = NewTagCache(filepath.Join(file, "below"))
	if got := l.read(t, usersOf("customers")); len(got.Resources) != 10 {
		t.Errorf("%d Workers", len(got.Resources))
	}
}

// Processes do not wait for each other, and never see half a file. The folder
// does not grow without end.
func TestTagCacheTogether(t *testing.T) {
	dir := t.TempDir()
	at := time.Now().UTC()
	var group sync.WaitGroup
	for process := range 8 {
		group.Go(func() {
			c := NewTagCache(dir)
			for i := range 40 {
				p := dispatchScripts(testAccount, fmt.Sprintf("namespace-%d", (process+i)%(2*maxCacheFiles)))
				all := []script{{ID: "a", ETag: "e", ModifiedOn: at, Tags: []string{"t"}}}
				known := c.open("https://api", p)
				if tags, remembered := known.of(&all[0]); remembered && len(tags) != 1 {
					t.Errorf("remembered %v", tags)
				}
				known.learn(&all[0])
				known.save(all)
			}
		})
	}
	group.Wait()
	c := NewTagCache(dir)
	for i := range 2 * maxCacheFiles {
		p := dispatchScripts(testAccount, fmt.Sprintf("other-%d", i))
		known := c.open("https://api", p)
		known.learn(&script{ID: "a", ModifiedOn: at})
		known.save([]script{{ID: "a", ModifiedOn: at}})
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > maxCacheFiles {
		t.Errorf("%d files, %v", len(files), err)
	}
}
