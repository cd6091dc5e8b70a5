package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long files must be quiet before they are read: editors write a
// file in several steps, and a checkout writes many files.
const settle = 40 * time.Millisecond

// maxWatched bounds the folders that are watched: systems have limits, and a
// project with more has something in it that is no source.
const maxWatched = 4096

// A watcher tells when something in a folder, or below it, has changed.
type watcher struct {
	*fsnotify.Watcher
	ignored string        // a folder that is written by ourselves
	outputs []os.FileInfo // files that are, as in `wfpsync dev > dev.log`
	folders int
}

// watch watches a folder and those below it, but not what tools keep there, nor
// a file that one of the outputs goes to.
func watch(folder, ignored string, outputs ...io.Writer) (*watcher, error) {
	fw, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", folder, err)
	}
	w := &watcher{Watcher: fw, ignored: ignored}
	for _, output := range outputs {
		if file, ok := output.(*os.File); ok {
			if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
				w.outputs = append(w.outputs, info)
			}
		}
	}
	if err := w.add(folder); err != nil {
		fw.Close()
		return nil, fmt.Errorf("watch %s: %w", folder, err)
	}
	return w, nil
}

// add watches a folder and those below it.
func (w *watcher) add(folder string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && path != folder:
			return nil // it went away, or is not ours to read; then it is no source either
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case path != folder && w.ignores(path):
			return filepath.SkipDir
		case w.folders == maxWatched:
			return filepath.SkipAll
		}
		w.folders++
		return w.Add(path)
	})
}

// ignores reports whether a path is something that no stack file names.
func (w *watcher) ignores(path string) bool {
	name := filepath.Base(path)
	return name == "node_modules" || strings.HasPrefix(name, ".") || path == w.ignored
}

// wait returns when something has changed and nothing does any more, or when the
// context ends.
func (w *watcher) wait(ctx context.Context) error {
	var quiet <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-quiet:
			return nil
		case event := <-w.Events:
			if w.ignores(event.Name) || event.Op == fsnotify.Chmod {
				continue
			}
			info, err := os.Stat(event.Name)
			if err == nil && slices.ContainsFunc(w.outputs, func(own os.FileInfo) bool { return os.SameFile(own, info) }) {
				continue
			}
			if err == nil && info.IsDir() && event.Has(fsnotify.Create) {
				_ = w.add(event.Name) // what went away again is no source
			}
			quiet = time.After(settle)
		case err := <-w.Errors:
			if err != nil {
				quiet = time.After(settle) // events were lost; look at everything
			}
		}
	}
}
