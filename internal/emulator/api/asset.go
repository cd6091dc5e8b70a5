package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// Static files are uploaded before the script that serves them. A session
// receives the list of files. Its response says which of them the script's
// container does not have, and has the token to send them with. The response to
// the last one, or of the session itself if nothing is missing, has the token
// that the upload of the script must show.
// Source:
// https://developers.cloudflare.com/workers/static-assets/direct-upload/

const (
	assetSessionLife = time.Hour
	maxAssets        = 100_000 // paid accounts; 20,000 on the free plan
	maxAssetBytes    = 25 << 20

	// The largest bucket is not documented; wrangler's authors expect 50 MiB.
	// In base64 it must fit into a request.
	bucketFiles = 500
	bucketBytes = 50 << 20
)

func (s *Server) assetRoutes() []route {
	return []route{{"POST", "/accounts/{account}/workers/assets/upload", s.uploadAssets}}
}

// assetSessionView is the response to a new session.
type assetSessionView struct {
	JWT     string     `json:"jwt"`
	Buckets [][]string `json:"buckets"`
}

// createAssetSession handles POST …/assets-upload-session. The script need not
// exist yet.
func (s *Server) createAssetSession(c *call, sc scriptContainer) (reply, error) {
	var body struct {
		Manifest map[string]struct {
			Hash string `json:"hash"`
			Size int64  `json:"size"`
		} `json:"manifest"`
	}
	if err := c.json(&body, errAssetManifest); err != nil {
		return reply{}, err
	}
	var files []store.AssetFile
	for path, file := range body.Manifest {
		files = append(files, store.AssetFile{Path: path, Hash: file.Hash, Size: file.Size})
	}
	slices.SortFunc(files, func(a, b store.AssetFile) int { return strings.Compare(a.Path, b.Path) })
	if err := checkManifest(files); err != nil {
		return reply{}, err
	}
	now := s.now()
	session := store.AssetSession{
		ID: fmt.Sprintf("%016x-%s", now.UnixNano(), newID()), Key: make([]byte, sha256.Size), Script: c.param("script"),
		Files: files, ExpiresOn: now.Add(assetSessionLife),
	}
	_, _ = rand.Read(session.Key) // never fails, see crypto/rand
	view := assetSessionView{}
	err := c.update(func(tx *store.Tx) error {
		scripts, err := sc.scripts(c, tx)
		if err != nil {
			return err
		}
		if err := sc.checkName(session.Script); err != nil && !scripts.Has(session.Script) {
			return err
		}
		tx.AddAssetSession(c.account, scripts, session, now)
		view.Buckets = buckets(files, scripts.Assets())
		view.JWT = signAssetToken(session, len(view.Buckets) == 0)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

var assetHash = regexp.MustCompile(`^[0-9a-f]{32}$`)

func checkManifest(files []store.AssetFile) error {
	if len(files) == 0 || len(files) > maxAssets {
		return errAssetManifest.because(fmt.Errorf("it has %d files; 1 to %d are allowed", len(files), maxAssets))
	}
	sizes := map[string]int64{}
	for _, file := range files {
		size, again := sizes[file.Hash]
		switch {
		case !strings.HasPrefix(file.Path, "/"):
			return errAssetManifest.because(fmt.Errorf("the path %q does not begin with a slash", file.Path))
		case !assetHash.MatchString(file.Hash):
			return errAssetManifest.because(fmt.Errorf("the hash of %q is not 32 hexadecimal digits", file.Path))
		case file.Size < 0 || file.Size > maxAssetBytes:
			return errAssetManifest.because(fmt.Errorf("%q has %d bytes; %d are allowed", file.Path, file.Size, maxAssetBytes))
		case again && size != file.Size:
			return errAssetManifest.because(fmt.Errorf("%q has the hash of a file of another size", file.Path))
		}
		sizes[file.Hash] = file.Size
	}
	return nil
}

// buckets returns the hashes of the files that a container does not have, in
// the groups in which they are to be sent.
func buckets(files []store.AssetFile, known store.AssetStore) [][]string {
	all := [][]string{}
	var bucket []string
	var size int64
	asked := map[string]bool{}
	for _, file := range files {
		if asked[file.Hash] || known.Has(file.Hash) {
			continue
		}
		asked[file.Hash] = true
		if len(bucket) > 0 && (len(bucket) == bucketFiles || size+file.Size > bucketBytes) {
			all, bucket, size = append(all, bucket), nil, 0
		}
		bucket, size = append(bucket, file.Hash), size+file.Size
	}
	if len(bucket) > 0 {
		all = append(all, bucket)
	}
	return all
}

// uploadAssets handles POST /workers/assets/upload: files of a session, which
// the token names, in base64.
func (s *Server) uploadAssets(c *call) (reply, error) {
	if c.query().Get("base64") != "true" {
		return reply{}, fail(http.StatusBadRequest, workersMissingParameter, "The query parameter base64 must be true")
	}
	mediaType, params := c.contentType()
	if mediaType != "multipart/form-data" || params["boundary"] == "" {
		return reply{}, errContentType
	}
	_, token, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	parts, err := readParts(c.r.Body, params["boundary"])
	if err != nil {
		return reply{}, err
	}
	files, err := decodeAssets(parts)
	if err != nil {
		return reply{}, err
	}
	c.observed().Files = len(files)
	var view assetSessionView
	complete := false
	err = c.update(func(tx *store.Tx) error {
		session, kind := s.assetSession(tx, c.account, token)
		if kind != uploadToken {
			return fail(http.StatusUnauthorized, workersAssetTokenInvalid, "The token of the upload session is invalid or has expired")
		}
		known := tx.AssetsOf(c.account, session)
		sizes := map[string]int64{}
		for _, file := range session.Files {
			sizes[file.Hash] = file.Size
		}
		for _, file := range files {
			switch size, announced := sizes[file.Hash]; {
			case !announced:
				return fail(http.StatusBadRequest, workersInvalidAssets, "The file '%s' is not in the manifest of this session", file.Hash)
			case size != file.Size:
				return fail(http.StatusBadRequest, workersInvalidAssets, "The file '%s' has %d bytes, and %d in the manifest", file.Hash, file.Size, size)
			}
			known.Put(file.Asset, file.content)
		}
		complete = len(buckets(session.Files, known)) == 0
		view = assetSessionView{Buckets: [][]string{}}
		if complete {
			view.JWT = signAssetToken(session, true)
		}
		return nil
	})
	switch {
	case err != nil:
		return reply{}, err
	case !complete:
		return reply{status: http.StatusAccepted, result: map[string]any{"jwt": nil}}, nil
	}
	return reply{status: http.StatusCreated, result: view}, nil
}

type uploadedAsset struct {
	store.Asset
	content store.Blob
}

func decodeAssets(parts []part) ([]uploadedAsset, error) {
	files := make([]uploadedAsset, 0, len(parts))
	for _, p := range parts {
		data, err := base64.StdEncoding.DecodeString(string(p.data))
		if err != nil {
			return nil, fail(http.StatusBadRequest, workersInvalidAssets, "The file '%s' is not base64: %v", p.field, err)
		}
		kind := p.contentType
		if kind == "application/null" { // clients send this for "no type"
			kind = ""
		}
		files = append(files, uploadedAsset{store.Asset{Hash: p.field, Size: int64(len(data)), Type: kind}, store.NewBlob(data)})
	}
	return files, nil
}

// A session issues two kinds of tokens.
type tokenKind int

const (
	noToken tokenKind = iota
	uploadToken
	completionToken
)

// assetClaims are the content of a token. They are not secret: clients read
// when it expires.
type assetClaims struct {
	Session  string `json:"session"`
	Complete bool   `json:"complete"`
	Expires  int64  `json:"exp"`
}

var assetTokenHead = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))

// signAssetToken makes a JSON Web Token.
func signAssetToken(session store.AssetSession, complete bool) string {
	claims, err := json.Marshal(assetClaims{Session: session.ID, Complete: complete, Expires: session.ExpiresOn.Unix()})
	if err != nil {
		panic(err) // strings and numbers
	}
	signed := assetTokenHead + "." + base64.RawURLEncoding.EncodeToString(claims)
	return signed + "." + assetSignature(session, signed)
}

func assetSignature(session store.AssetSession, signed string) string {
	mac := hmac.New(sha256.New, session.Key)
	mac.Write([]byte(signed))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// assetSession returns the session of a token, and what the token is for.
func (s *Server) assetSession(tx *store.Tx, account, token string) (store.AssetSession, tokenKind) {
	var claims assetClaims
	dot := strings.LastIndexByte(token, '.')
	if dot < 0 {
		return store.AssetSession{}, noToken
	}
	head, payload, _ := strings.Cut(token[:dot], ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || head != assetTokenHead || json.Unmarshal(raw, &claims) != nil {
		return store.AssetSession{}, noToken
	}
	session, found := tx.AssetSession(account, claims.Session)
	switch {
	case !found, !s.now().Before(session.ExpiresOn):
		return store.AssetSession{}, noToken
	case !hmac.Equal([]byte(token[dot+1:]), []byte(assetSignature(session, token[:dot]))):
		return store.AssetSession{}, noToken
	case claims.Complete:
		return session, completionToken
	}
	return session, uploadToken
}

// assembleAssets returns what an uploaded script serves: the files of its
// token, or with keep_assets those of its predecessor. With neither, it serves
// nothing.
func (s *Server) assembleAssets(tx *store.Tx, a assembly) (*store.Assets, error) {
	var wanted struct {
		JWT    string          `json:"jwt"`
		Config json.RawMessage `json:"config"`
	}
	var keep bool
	raw := a.up.metadata["assets"]
	if raw != nil {
		if err := json.Unmarshal(raw, &wanted); err != nil {
			return nil, named(err, "assets")
		}
	}
	if raw := a.up.metadata["keep_assets"]; raw != nil {
		if err := json.Unmarshal(raw, &keep); err != nil {
			return nil, named(err, "keep_assets")
		}
	}
	if err := checkAssetConfig(wanted.Config, a.up.code); err != nil {
		return nil, err
	}
	switch {
	case wanted.JWT != "":
		files, err := s.tokenFiles(tx, a, wanted.JWT)
		return &store.Assets{Files: files, Config: wanted.Config}, err
	case keep && a.old != nil && a.old.Assets != nil:
		kept := *a.old.Assets
		if wanted.Config != nil {
			kept.Config = wanted.Config
		}
		return &kept, nil
	case raw != nil && string(raw) != "null":
		return nil, fail(http.StatusBadRequest, workersNoAssetsManifest, "The assets of this upload have no token, and there are none to keep")
	}
	return nil, nil
}

// tokenFiles returns the files of a completion token.
func (s *Server) tokenFiles(tx *store.Tx, a assembly, token string) ([]store.AssetFile, error) {
	session, kind := s.assetSession(tx, a.account, token)
	switch {
	case kind == noToken:
		return nil, fail(http.StatusBadRequest, workersNoAssetsManifest, "The token of the assets is invalid or has expired")
	case !session.IsFor(a.scripts, a.name):
		return nil, fail(http.StatusBadRequest, workersNoAssetsManifest, "The token of the assets belongs to the upload session of another script or namespace")
	case kind == uploadToken, len(buckets(session.Files, a.scripts.Assets())) > 0:
		return nil, fail(http.StatusBadRequest, workersPartialAssets, "Not all files of the assets were uploaded")
	}
	return session.Files, nil
}

func checkAssetConfig(raw json.RawMessage, k code) error {
	var config struct {
		HTMLHandling     string          `json:"html_handling"`
		NotFoundHandling string          `json:"not_found_handling"`
		RunWorkerFirst   json.RawMessage `json:"run_worker_first"`
		Headers          string          `json:"_headers"`
		Redirects        string          `json:"_redirects"`
	}
	if raw == nil {
		return nil
	}
	if err := json.Unmarshal(raw, &config); err != nil {
		return named(err, "assets.config")
	}
	first := string(config.RunWorkerFirst)
	switch {
	case !slices.Contains([]string{"", "auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"}, config.HTMLHandling):
		return invalid("Unknown html_handling %q", config.HTMLHandling)
	case !slices.Contains([]string{"", "none", "404-page", "single-page-application"}, config.NotFoundHandling):
		return invalid("Unknown not_found_handling %q", config.NotFoundHandling)
	case first != "" && first != "null" && first != "false" && first != "true" && !strings.HasPrefix(first, "["):
		return invalid("run_worker_first is neither true, false nor a list of paths")
	case (first == "true" || strings.HasPrefix(first, "[")) && len(k.modules) == 0:
		return invalid("run_worker_first needs a script")
	}
	return checkAssetRules(config.Headers, config.Redirects, config.HTMLHandling != "none")
}

// checkAssetsBinding refuses a binding to assets if the script has none.
func checkAssetsBinding(script *store.Script) error {
	for _, binding := range script.Bindings {
		if store.BindingTypeOf(binding.Type).Leads == store.ToAssets && script.Assets == nil {
			return fail(http.StatusBadRequest, workersAssetsBindingAlone, "The binding '%s' is for assets, but the script has none", binding.Name)
		}
	}
	return nil
}

// A ServedAsset is a static file as a script serves it.
type ServedAsset struct {
	Path    string
	Type    string // Content-Type; empty for none
	Hash    string
	Content []byte
}

// ServedAssets returns the static files of a script, sorted by path. The API
// does not show them. The namespace "" stands for the account itself.
func (s *Server) ServedAssets(account, namespace, script string) ([]ServedAsset, error) {
	var served []ServedAsset
	err := s.store.View(func(tx *store.Tx) error {
		_, scripts, err := find(tx, account, namespace)
		if err != nil {
			return err
		}
		found, exists := scripts.Get(script)
		if !exists {
			return errScriptNotFound
		}
		if found.Assets == nil {
			return nil
		}
		for _, file := range found.Assets.Files {
			asset, known := scripts.Assets().Get(file.Hash)
			if !known {
				return fmt.Errorf("the static file %s of %s is missing", file.Path, script)
			}
			served = append(served, ServedAsset{file.Path, asset.Type, file.Hash, tx.Blob(asset.Blob)})
		}
		return nil
	})
	return served, err
}
