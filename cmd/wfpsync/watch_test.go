package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestWatchOwnOutput: what dev itself writes, into a file that lies among the sources, is no saved file, or dev would look
// at the project again and again, and say so there.
func TestWatchOwnOutput(t *testing.T) {
	folder := t.TempDir()
	output, err := os.Create(filepath.Join(folder, "dev.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	files, err := watch(folder, filepath.Join(folder, "account"), output)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	if _, err := output.WriteString("Ready"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*settle)
	defer cancel()
	if err := files.wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("its own output is a saved file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "worker.js"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := files.wait(ctx); err != nil {
		t.Errorf("a saved file is none: %v", err)
	}
}
