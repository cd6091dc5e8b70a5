package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// writeFile writes a file that is created with a mode. A regular file appears
// whole or not at all; what is at the other end of a link, a pipe or a device
// stays what it is and is written to.
func writeFile(name string, mode os.FileMode, write func(io.Writer) error) error {
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return writeThrough(name, os.O_TRUNC, mode, write)
	}
	temporary := filepath.Join(filepath.Dir(name), ".wfpsync-"+rand.Text())
	defer os.Remove(temporary)
	if err := writeThrough(temporary, os.O_EXCL, mode, write); err != nil {
		if failed := (*fs.PathError)(nil); errors.As(err, &failed) && failed.Path == temporary {
			failed.Path = name // which is what was asked for
		}
		return err
	}
	return os.Rename(temporary, name)
}

// appendFile writes behind what a file holds.
func appendFile(name string, data []byte) error {
	return writeThrough(name, os.O_APPEND, 0o666, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func writeThrough(name string, flag int, mode os.FileMode, write func(io.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|flag, mode)
	if err != nil {
		return err
	}
	buffer := bufio.NewWriter(file)
	err = write(buffer)
	if err == nil {
		err = buffer.Flush()
	}
	return errors.Join(err, file.Close())
}
