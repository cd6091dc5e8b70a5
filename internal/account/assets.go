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

// Static files are uploaded before the script that serves them: a session is
// told of all files by hash and answers with the hashes that it does not have,
// in buckets that are to be sent together. When everything is there, a token
// says so, and the upload of the script carries it.
// Source: https://developers.cloudflare.com/workers/static-assets/direct-upload/
//
// Every upload of a script with assets has a session of its own, also when only
// the code changes: an upload without assets takes them away, and that a user
// Worker's are kept on request (keep_assets) stands in the schema of the upload and
// nowhere else. A session that knows all files is one request. Files that are not
// ours are kept on request all the same: there is no other way.

const (
	// bucketsAtOnce is how many buckets of a Worker are sent at the same time,
	// as wrangler does.
	maxParallelBuckets = 3

	// assetSessions is how often a session is begun for one upload. A session
	// lasts an hour, and what it has taken in is not asked for again.
	assetSessions = 3

	// noContentType stands for a file that is to be served without a type.
	noContentType = "application/null"
)

// assetManifest is what a session is told of the files.
type assetManifest struct {
	Manifest map[string]assetEntry `json:"manifest"`
}

type assetEntry struct {
	Hash string `json:"hash"`
	Size int64  `json:"size"`
}

// assetSession is the answer. The token is the final one when no bucket is left.
type assetSession struct {
	Token   string     `json:"jwt"`
	Buckets [][]string `json:"buckets"`
}

// assetHash is what the platform knows a file of a Worker by: 32 hexadecimal
// digits of anything that differs where the file does.
//
// The platform shares files of one hash between all user Workers of a namespace.
// The hash is salted with the Worker's address, so that no customer's upload can
// name, or be answered with, another one's file. The type is part of it because
// the platform keeps it with the content.
// Source: https://developers.cloudflare.com/cloudflare-for-platforms/workers-for-platforms/configuration/static-assets/
func assetHash(account string, worker spec.Address, file spec.AssetFile) string {
	h := sha256.New()
	for _, part := range []string{account, worker.String(), file.Type, file.SHA256} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// assetUpload is the files of one Worker on their way to the account.
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

// send sees to it that the account has all files, and returns the token that
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
	var answer assetSession
	path := u.account.scriptPath(u.worker) + "/" + assetSessionEndpoint
	if _, err := u.account.api.Exchange(ctx, http.MethodPost, path, nil, cloudflare.JSON(u.manifest), &answer); err != nil {
		return "", err
	}
	if answer.Token == "" {
		return "", errors.New("the API answered no token to a new session")
	}
	buckets := slices.DeleteFunc(answer.Buckets, func(hashes []string) bool { return len(hashes) == 0 })
	if len(buckets) == 0 {
		return answer.Token, nil
	}
	var mu sync.Mutex
	completed := ""
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxParallelBuckets)
	for _, hashes := range buckets {
		g.Go(func() error {
			token, err := u.fill(ctx, answer.Token, hashes)
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
		return "", errors.New("the API has taken all files and does not say that it has them")
	}
	return completed, nil
}

// base64Contents is the only form in which the endpoint takes files.
var base64Contents = url.Values{"base64": {"true"}}

// fill sends the files of a bucket. The token in the answer is empty as long as
// other buckets are missing.
func (u *assetUpload) fill(ctx context.Context, session string, hashes []string) (string, error) {
	body := cloudflare.NewMultipart("", nil)
	for _, hash := range hashes {
		file, known := u.byHash[hash]
		if !known {
			return "", fmt.Errorf("the API asks for a file %q that it was not told of", cloudflare.Printable(hash))
		}
		addAsset(body, hash, u.files, file)
	}
	var answer assetSession
	path := cloudflare.Path("accounts", u.account.id, "workers") + "/" + assetUploadEndpoint
	_, err := u.account.api.Exchange(cloudflare.WithToken(ctx, session), http.MethodPost, path, base64Contents, body, &answer)
	var unreadable *cloudflare.BodyError
	if errors.As(err, &unreadable) {
		return "", unreadable.Unwrap() // which says more than the request that it broke off
	}
	var e *cloudflare.Error
	if errors.As(err, &e) {
		e.Message = cloudflare.MaskValues(session)(e.Message)
	}
	return answer.Token, err
}
