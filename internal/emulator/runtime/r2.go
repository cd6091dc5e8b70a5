package runtime

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// An object is everything about an object except its content.
type object struct {
	Key            string            `json:"key"`
	Version        string            `json:"version"`
	Size           int64             `json:"size"`
	ETag           string            `json:"etag"`
	Uploaded       time.Time         `json:"uploaded"`
	HTTPMetadata   map[string]any    `json:"httpMetadata"`
	CustomMetadata map[string]string `json:"customMetadata"`
	StorageClass   string            `json:"storageClass"`
	Checksums      map[string]string `json:"checksums,omitempty"` // from the put, besides the MD5; in hex by algorithm
}

// objectHeader has an object without its content, in escaped JSON.
const objectHeader = "X-Object"

const (
	maxR2KeyBytes = 1024
	maxR2Page     = 1000
)

// bucketDir returns the folder of the bucket in a request. For each object it
// has one file with its properties, and one with its content, named after the
// version.
func (r *Runtime) bucketDir(request *http.Request) (string, error) {
	jurisdiction, bucket := request.PathValue("jurisdiction"), request.PathValue("bucket")
	err := r.parts.Store.View(func(tx *store.Tx) error {
		if _, found := tx.R2Bucket(r.options.Account, jurisdiction, bucket); !found {
			return &httpError{http.StatusGone, "The specified bucket does not exist. (10006)"}
		}
		return nil
	})
	return filepath.Join(r.parts.Dir, "r2", jurisdiction, bucket), err
}

// objectFile returns the file of an object. Its name is a hash, because keys
// are too long, and have unsuitable characters.
func (r *Runtime) objectFile(request *http.Request) (dir, file, key string, err error) {
	dir, err = r.bucketDir(request)
	key = request.URL.Query().Get("key")
	if err == nil && (key == "" || len(key) > maxR2KeyBytes) {
		err = &httpError{http.StatusBadRequest, "The specified object name is not valid. (10020)"}
	}
	sum := sha256.Sum256([]byte(key))
	return dir, filepath.Join(dir, hex.EncodeToString(sum[:])+".json"), key, err
}

// readObject reads what writeObject wrote.
func readObject(file string) (object, error) {
	var o object
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return o, errNotThere
	}
	if err == nil {
		err = json.Unmarshal(raw, &o)
	}
	return o, err
}

// getR2 handles GET and HEAD.
func (r *Runtime) getR2(request *http.Request) (response, error) {
	dir, file, _, err := r.objectFile(request)
	if err != nil {
		return nil, err
	}
	o, err := readObject(file)
	if err != nil {
		return nil, err
	}
	content, err := os.Open(filepath.Join(dir, o.Version))
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, request *http.Request) {
		defer content.Close()
		o.describe(w)
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, request, "", time.Time{}, content)
	}, nil
}

func (o object) describe(w http.ResponseWriter) {
	raw, _ := json.Marshal(o) // nothing in it can fail
	w.Header().Set(objectHeader, url.PathEscape(string(raw)))
}

// putR2 handles PUT of an object, or of a part of one.
func (r *Runtime) putR2(request *http.Request) (response, error) {
	if request.URL.Query().Has("upload") {
		return r.putR2Part(request)
	}
	o, err := describedObject(request)
	if err != nil {
		return nil, err
	}
	o.ETag = "" // we compute it
	if o, err = r.storeObject(request, o, request.Body); err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, _ *http.Request) { o.describe(w) }, nil
}

// postR2 handles all other operations.
func (r *Runtime) postR2(request *http.Request) (response, error) {
	switch query := request.URL.Query(); {
	case query.Has("uploads"):
		return r.createR2Upload(request)
	case query.Has("upload"):
		return r.completeR2Upload(request)
	}
	return r.listR2(request)
}

func writeContent(name string, body io.Reader) (size int64, etag string, err error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, "", err
	}
	sum := md5.New() // R2's etags are MD5
	size, err = io.Copy(io.MultiWriter(file, sum), body)
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(name)
		return 0, "", err
	}
	return size, hex.EncodeToString(sum.Sum(nil)), nil
}

// writeObject makes the properties of an object visible, whole or not at all.
func writeObject(file string, o object) error {
	raw, err := json.Marshal(o)
	if err != nil {
		return err
	}
	whole := file + "." + o.Version
	if err := os.WriteFile(whole, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(whole, file)
}

func (r *Runtime) deleteR2(request *http.Request) (response, error) {
	if request.URL.Query().Has("upload") {
		return r.abortR2Upload(request)
	}
	dir, file, _, err := r.objectFile(request)
	if err != nil {
		return nil, err
	}
	o, err := readObject(file)
	if errors.Is(err, errNotThere) {
		return nil, nil
	}
	return nil, errors.Join(err, os.Remove(file), os.Remove(filepath.Join(dir, o.Version)))
}

// An r2Page is the result of list().
type r2Page struct {
	Objects   []object `json:"objects"`
	Prefixes  []string `json:"delimitedPrefixes"`
	Truncated bool     `json:"truncated"`
	Cursor    string   `json:"cursor,omitempty"` // the last key of this page
}

func (r *Runtime) listR2(request *http.Request) (response, error) {
	query := request.URL.Query()
	limit, err := pageSize(query, maxR2Page)
	if err != nil {
		return nil, err
	}
	dir, err := r.bucketDir(request)
	if err != nil {
		return nil, err
	}
	objects, err := readObjects(dir)
	if err != nil {
		return nil, err
	}
	page := r2Page{Objects: []object{}, Prefixes: []string{}}
	prefix, delimiter := query.Get("prefix"), query.Get("delimiter")
	after := max(query.Get("cursor"), query.Get("start_after"))
	for _, o := range objects {
		rest, has := strings.CutPrefix(o.Key, prefix)
		if !has || o.Key <= after {
			continue
		}
		folder, _, inFolder := strings.Cut(rest, delimiter)
		inFolder = inFolder && delimiter != ""
		folder = prefix + folder + delimiter
		if inFolder && slices.Contains(page.Prefixes, folder) {
			page.Cursor = o.Key
			continue
		}
		if len(page.Objects)+len(page.Prefixes) == limit {
			page.Truncated = true
			break
		}
		if page.Cursor = o.Key; inFolder {
			page.Prefixes = append(page.Prefixes, folder)
		} else {
			page.Objects = append(page.Objects, o)
		}
	}
	if !page.Truncated {
		page.Cursor = ""
	}
	return jsonResponse(page)
}

// readObjects returns all objects of a bucket, sorted by key.
func readObjects(dir string) ([]object, error) {
	files, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.json"))
	if err != nil {
		return nil, err
	}
	var objects []object
	for _, file := range files {
		o, err := readObject(file)
		if errors.Is(err, errNotThere) {
			continue // deleted since
		}
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	slices.SortFunc(objects, func(a, b object) int { return strings.Compare(a.Key, b.Key) })
	return objects, nil
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
