package runtime

import (
	"context"
	"io/fs"
	"path/filepath"

	"github.com/wfpsync/wfpsync/internal/npm"
)

// Install installs the pinned workerd into the cache, and again where something
// else is in its place.
func Install(ctx context.Context, client npm.Client, cache string) (string, error) {
	p, err := pinned()
	if err != nil {
		return "", err
	}
	return p.install(ctx, client, cache)
}

func (p pin) install(ctx context.Context, client npm.Client, cache string) (string, error) {
	files, err := fs.Sub(pins, "npm")
	if err != nil {
		return "", err
	}
	folder, err := npm.Project{Name: "workerd", Package: p.name, Version: p.version, Files: files, Check: p.check}.Install(ctx, client, cache)
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, p.file()), nil
}
