package main

import (
	"os"
	"path/filepath"
)

// cacheVariable names the folder for what only makes a run faster; set and empty,
// it says that nothing is to be kept on disk.
const cacheVariable = "WFPSYNC_CACHE_DIR"

// tagCacheDir is the folder that remembers the tags of user Workers, where lists
// do not show them; "" where there is none.
func (a *app) tagCacheDir() string {
	if dir, set := a.lookupEnv(cacheVariable); set {
		if dir == "" {
			return ""
		}
		return filepath.Join(dir, "tags")
	}
	dir, err := os.UserCacheDir() // which knows XDG_CACHE_HOME, and where other systems have it
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "wfpsync", "tags")
}
