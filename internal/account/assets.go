package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// Static files are uploaded before the script that serves them. A session gets
// the hashes of all files and answers with the hashes that it lacks, in buckets
// that are to be sent together. When it has everything, it gives a token, and
// the upload of the script carries the token.
// Source:
// https://developers.cloudflare.com/workers/static-assets/direct-upload/
//
// Every upload of a script with assets has its own session, even if only the
// code changes, because an upload without assets removes them. There is an
// option to keep a user Worker's assets (keep_assets), but only the schema of
// the upload mentions it. A session that has all files takes one request. Files
// that are not ours are kept with that option: there is no other way.

const (
	// maxParallelBuckets is how many buckets of a Worker are sent at the same
	// time, as wrangler does.
	maxParallelBuckets = 3

	// assetSessions is how many sessions one upload may begin. A session lasts
	// an hour, and files that one has taken are not asked for again.
	assetSessions = 3

	// noContentType stands for a file that is served without a type.
	noContentType = "application/null"
)

// assetManifest lists the files for a session.
type assetManifest struct {
	Manifest map[string]assetEntry `json:"manifest"`
}

type assetEntry struct {
	Hash string `json:"hash"`
	Size int64  `json:"size"`
}

// assetSession is the response. Its token is the final one if no bucket is
// left.
type assetSession struct {
	Token   string     `json:"jwt"`
	Buckets [][]string `json:"buckets"`
}

// assetHash returns the name that the platform knows a file of a Worker by: 32
// hexadecimal digits, different for different files.
//
// The platform shares files of one hash between all user Workers of a
// namespace. The hash is salted with the Worker's address, so that no
// customer's upload can name another customer's file, or get it served. The
// type is part of it because the platform keeps it with the content.
// Source:
// https://developers.cloudflare.com/cloudflare-for-platforms/workers-for-platforms/configuration/static-assets/
func assetHash(account string, worker spec.Address, file spec.AssetFile) string {
	h := sha256.New()
	for _, part := range []string{account, worker.String(), file.Type, file.SHA256} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// assetUpload uploads the files of one Worker.
type assetUpload struct {
	account  *Account
	worker   spec.Address
	files    *spec.AssetFiles
	manifest assetManifest
	byHash   map[string]spec.AssetFile
}

func newAssetUpload(a *Account, worker spec.Address, files *spec.AssetFiles) *assetUpload {
	u := &assetUpload{
		account: a, worker: worker, files: files,
		manifest: assetManifest{map[string]assetEntry{}},
		byHash:   map[string]spec.AssetFile{},
	}
	for _, file := range files.Files {
		hash := assetHash(a.id, worker, file)
		u.manifest.Manifest[file.Path] = assetEntry{hash, file.Size}
		u.byHash[hash] = file
	}
	return u
}

// send makes sure that the account has all files, and returns the token that
// says so.
func (u *assetUpload) send(ctx context.Context) (token string, err error) {
	for range assetSessions {
		token, err = u.session(ctx)
		if !cloudflare.Is(err, sessionOver) {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("static assets of %s: %w", u.worker, err)
	}
	return token, nil
}

// session begins a session and fills its buckets.
func (u *assetUpload) session(ctx context.Context) (string, error) {
	var response assetSession
	path := u.account.scriptPath(u.worker) + "/" + assetSessionEndpoint
	if _, err := u.account.api.Exchange(ctx, http.MethodPost, path, nil, cloudflare.JSON(u.manifest), &response); err != nil {
		return "", err
	}
	if response.Token == "" {
		return "", errors.New("the API returned no token for a new session")
	}
	buckets := slices.DeleteFunc(response.Buckets, func(hashes []string) bool { return len(hashes) == 0 })
	if len(buckets) == 0 {
		return response.Token, nil
	}
	var mu sync.Mutex
	completed := ""
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxParallelBuckets)
	for _, hashes := range buckets {
		g.Go(func() error {
			token, err := u.fill(ctx, response.Token, hashes)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if token != "" {
				completed = token
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	if completed == "" {
		return "", errors.New("the API accepted all files and did not confirm them")
	}
	return completed, nil
}

// base64Contents is the only form in which the endpoint takes files.
var base64Contents = url.Values{"base64": {"true"}}

// fill sends the files of a bucket. The token in the response is empty until
// all buckets have arrived.
func (u *assetUpload) fill(ctx context.Context, session string, hashes []string) (string, error) {
	body := cloudflare.NewMultipart("", nil)
	for _, hash := range hashes {
		file, known := u.byHash[hash]
		if !known {
			return "", fmt.Errorf("the API asks for a file %q that is not in the manifest", cloudflare.Printable(hash))
		}
		addAsset(body, hash, u.files, file)
	}
	var response assetSession
	path := cloudflare.Path("accounts", u.account.id, "workers") + "/" + assetUploadEndpoint
	_, err := u.account.api.Exchange(cloudflare.WithToken(ctx, session), http.MethodPost, path, base64Contents, body, &response)
	var unreadable *cloudflare.BodyError
	if errors.As(err, &unreadable) {
		return "", unreadable.Unwrap() // it says more than the request, which only broke off
	}
	var e *cloudflare.Error
	if errors.As(err, &e) {
		e.Message = cloudflare.MaskValues(session)(e.Message)
	}
	return response.Token, err
}
