package runtime

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// files are the files of processes, in a folder of their own: our modules, the
// configuration of each process, and the sockets between them and us.
type files struct {
	dir     string
	objects string // folder of the Durable Objects

	workerModules []string // names of those for the isolates of Workers
}

// workerFolder has those of our modules that are in the isolate of every
// Worker.
const workerFolder = "worker"

// longestSocket is the length limit of the folder of a Unix socket, with room
// for our names.
const longestSocket = 107 - len("/control-0000000000.sock")

// writeFiles writes our modules. objects is the folder of the Durable Objects;
// if it is empty, they are with the files.
func writeFiles(objects string) (files, error) {
	dir, err := makeFolder(os.TempDir())
	if err == nil && len(dir) > longestSocket {
		_ = os.Remove(dir) // it is empty
		dir, err = makeFolder("/tmp")
	}
	if err != nil {
		return files{}, err
	}
	f := files{dir: dir, objects: cmp.Or(objects, dir)}
	ours, err := fs.Sub(host, "host")
	if err != nil {
		return f, err
	}
	if err := os.CopyFS(dir, ours); err != nil {
		return f, err
	}
	modules, err := fs.ReadDir(ours, workerFolder)
	for _, module := range modules {
		f.workerModules = append(f.workerModules, module.Name())
	}
	return f, err
}

// makeFolder makes a folder for this process, and removes those of killed
// processes.
func makeFolder(parent string) (string, error) {
	const prefix = "wfpsync-run-"
	left, err := filepath.Glob(filepath.Join(escapeGlob(parent), prefix+"*"))
	if err != nil {
		return "", err
	}
	for _, folder := range left {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), prefix), "-")
		if pid, err := strconv.Atoi(owner); err == nil && ended(pid) {
			_ = os.RemoveAll(folder) // folders of other users stay
		}
	}
	return os.MkdirTemp(parent, fmt.Sprintf("%s%d-", prefix, os.Getpid()))
}

// ended reports whether a process has certainly ended.
func ended(pid int) bool {
	process, err := os.FindProcess(pid)
	return err == nil && errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

func (f files) accountSocket() string { return filepath.Join(f.dir, "account.sock") }

// controlSocket returns the socket on which a process takes orders. Each
// process has its own.
func (f files) controlSocket(generation int) string {
	return filepath.Join(f.dir, fmt.Sprintf("control-%d.sock", generation))
}

// serve serves the host.
func (f files) serve(handler http.Handler) (*http.Server, error) {
	listener, err := net.Listen("unix", f.accountSocket())
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return server, nil
}

func (f files) remove() {
	if f.dir != "" {
		_ = os.RemoveAll(f.dir) // otherwise the next run removes it
	}
}
