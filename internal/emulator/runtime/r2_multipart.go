package runtime

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Objects can be uploaded in parts. An upload is a folder beside the objects of
// its bucket, until it is completed or aborted.
// Source:
// https://developers.cloudflare.com/r2/api/workers/workers-multipart-usage/ and
// its limits.
const (
	smallestR2Part = 5 << 20 // except the last
	maxR2Parts     = 10_000
)

// These are R2's messages, with its error codes.
// Source: https://developers.cloudflare.com/r2/api/error-codes/
var (
	errR2NoUpload  = &httpError{http.StatusBadRequest, "The specified multipart upload does not exist. (10024)"}
	errR2NoPart    = &httpError{http.StatusBadRequest, "One or more of the specified parts could not be found. (10025)"}
	errR2SmallPart = &httpError{http.StatusBadRequest, "Your proposed upload is smaller than the minimum allowed size. (10011)"}
	errR2Uneven    = &httpError{http.StatusBadRequest, "There was a problem with the multipart upload: all parts but the last must have the same size. (10048)"}
)

// An uploadedPart is a Worker's handle of a part until it completes the upload.
type uploadedPart struct {
	Number int    `json:"partNumber"`
	ETag   string `json:"etag"`
	Size   int64  `json:"size,omitempty"`
}

// uploadedObject is the file with the properties of the future object.
const uploadedObject = "object"

// uploadID matches our ids; they become names of folders.
var uploadID = regexp.MustCompile(`^[a-z2-7]{20,40}$`)

// upload returns the folder of the upload in a request, and the future object.
func (r *Runtime) upload(request *http.Request) (folder string, o object, err error) {
	dir, _, key, err := r.objectFile(request)
	if err != nil {
		return "", o, err
	}
	id := request.URL.Query().Get("upload")
	folder = filepath.Join(dir, "uploads", id)
	if !uploadID.MatchString(id) {
		return "", o, errR2NoUpload
	}
	o, err = readObject(filepath.Join(folder, uploadedObject))
	if errors.Is(err, errNotThere) || err == nil && o.Key != key {
		return "", o, errR2NoUpload
	}
	return folder, o, err
}

// createR2Upload begins an upload and returns its id.
func (r *Runtime) createR2Upload(request *http.Request) (response, error) {
	dir, _, key, err := r.objectFile(request)
	if err != nil {
		return nil, err
	}
	o, err := describedObject(request)
	if err != nil {
		return nil, err
	}
	o.Key = key
	id := strings.ToLower(rand.Text())
	folder := filepath.Join(dir, "uploads", id)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := writeObject(filepath.Join(folder, uploadedObject), o); err != nil {
		return nil, err
	}
	return jsonResponse(map[string]string{"key": key, "uploadId": id})
}

// putR2Part stores a part, and replaces an earlier one of the same number.
func (r *Runtime) putR2Part(request *http.Request) (response, error) {
	folder, _, err := r.upload(request)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(request.URL.Query().Get("part"))
	if err != nil || number < 1 || number > maxR2Parts {
		return nil, &httpError{http.StatusBadRequest, fmt.Sprintf("Part number must be between 1 and %d, inclusive. (10026)", maxR2Parts)}
	}
	fresh := filepath.Join(folder, "new-"+strings.ToLower(rand.Text()))
	size, etag, err := writeContent(fresh, request.Body)
	if err != nil {
		return nil, err
	}
	part := uploadedPart{Number: number, ETag: etag, Size: size}
	if err := os.Rename(fresh, filepath.Join(folder, part.file())); err != nil {
		return nil, err
	}
	return jsonResponse(uploadedPart{Number: number, ETag: etag})
}

// file returns the name of a part's content. Different parts of one number are
// stored side by side; completing the upload chooses one.
func (p uploadedPart) file() string { return fmt.Sprintf("%d-%s", p.Number, p.ETag) }

var partETag = regexp.MustCompile(`^[0-9a-f]{32}$`)

// completeR2Upload makes an object from the parts that the request lists.
func (r *Runtime) completeR2Upload(request *http.Request) (response, error) {
	folder, o, err := r.upload(request)
	if err != nil {
		return nil, err
	}
	var parts []uploadedPart
	if err := json.NewDecoder(request.Body).Decode(&parts); err != nil {
		return nil, err
	}
	slices.SortFunc(parts, func(a, b uploadedPart) int { return a.Number - b.Number })
	whole, etags := []io.Reader{}, md5.New()
	for i, part := range parts {
		if !partETag.MatchString(part.ETag) || i > 0 && parts[i-1].Number == part.Number {
			return nil, errR2NoPart
		}
		content, err := os.Open(filepath.Join(folder, part.file()))
		if err != nil {
			return nil, errR2NoPart
		}
		defer content.Close()
		info, err := content.Stat()
		if err != nil {
			return nil, err
		}
		parts[i].Size = info.Size()
		whole = append(whole, content)
		sum, _ := hex.DecodeString(part.ETag) // it was matched
		etags.Write(sum)
	}
	if err := checkR2Parts(parts); err != nil {
		return nil, err
	}
	o.ETag = fmt.Sprintf("%x-%d", etags.Sum(nil), len(parts))
	if o, err = r.storeObject(request, o, io.MultiReader(whole...)); err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, _ *http.Request) { o.describe(w) }, os.RemoveAll(folder)
}

func checkR2Parts(parts []uploadedPart) error {
	if len(parts) == 0 {
		return errR2NoPart
	}
	for _, part := range parts[:len(parts)-1] {
		if part.Size < smallestR2Part {
			return errR2SmallPart
		}
		if part.Size != parts[0].Size {
			return errR2Uneven
		}
	}
	if parts[len(parts)-1].Size > parts[0].Size {
		return errR2Uneven
	}
	return nil
}

// abortR2Upload removes an upload. It succeeds if there is none.
func (r *Runtime) abortR2Upload(request *http.Request) (response, error) {
	folder, _, err := r.upload(request)
	if errors.Is(err, errR2NoUpload) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, os.RemoveAll(folder)
}

// describedObject returns the properties of an object in a request that writes
// it.
func describedObject(request *http.Request) (object, error) {
	var o object
	about, err := url.PathUnescape(request.Header.Get(objectHeader))
	if err == nil {
		err = json.Unmarshal([]byte(about), &o)
	}
	return o, err
}

// storeObject writes an object under the key of a request. It keeps an ETag
// that the object has already.
func (r *Runtime) storeObject(request *http.Request, o object, content io.Reader) (object, error) {
	dir, file, key, err := r.objectFile(request)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return o, err
	}
	o.Key, o.Version, o.Uploaded = key, strings.ToLower(rand.Text()), time.Now().UTC().Truncate(time.Millisecond)
	previous, _ := readObject(file) // one that is missing or broken is replaced
	size, etag, err := writeContent(filepath.Join(dir, o.Version), content)
	if err != nil {
		return o, err
	}
	o.Size = size
	if o.ETag == "" {
		o.ETag = etag
	}
	if err := writeObject(file, o); err != nil {
		return o, err
	}
	if previous.Version != "" {
		_ = os.Remove(filepath.Join(dir, previous.Version)) // no object has this content any more
	}
	return o, nil
}
