package store

import (
	"encoding/json"
	"iter"
	"time"
)

const (
	assetsBucket        = "assets"
	assetSessionsBucket = "asset sessions"
)

// An Asset is a static file in a container: any of its scripts may serve it
// under any path, whichever uploaded it.
type Asset struct {
	Hash string `json:"hash"` // the client's name for it
	Size int64  `json:"size"`
	Type string `json:"type,omitempty"` // the Content-Type it is served with; empty for none
	Blob string `json:"blob"`           // its content
}

// Assets are the static files of a script by path, and how it serves them.
type Assets struct {
	Files  []AssetFile     `json:"files"`
	Config json.RawMessage `json:"config,omitempty"` // the metadata's assets.config as it was sent
}

// An AssetFile is a path and the file that is served there.
type AssetFile struct {
	Path string `json:"path"`
	Hash string `json:"hash"`
	Size int64  `json:"size"`
}

// AssetStore holds the files of one container: an account's own Workers, or the
// user Workers of one dispatch namespace. A file exists as long as the
// container.
type AssetStore struct {
	tx        *Tx
	account   string
	container string
}

// ownContainer stands for the account's own Workers among the ids of
// namespaces.
const ownContainer = "account"

// Assets returns the files of the scripts' container.
func (s *Scripts) Assets() AssetStore {
	container := s.namespace
	if container == "" {
		container = ownContainer
	}
	return AssetStore{tx: s.tx, account: s.account, container: container}
}

// Get returns a file by its hash.
func (a AssetStore) Get(hash string) (Asset, bool) { return a.assets().get(hash) }

// Has reports whether there is a file with that hash.
func (a AssetStore) Has(hash string) bool { return a.assets().has(hash) }

// Put keeps a file and its content. A file that exists already is not changed.
func (a AssetStore) Put(asset Asset, content Blob) {
	if a.Has(asset.Hash) {
		return
	}
	a.tx.PutBlob(content)
	a.tx.addHolders(content.Hash, 1)
	asset.Blob = content.Hash
	a.assets().put(asset.Hash, asset)
}

// All yields every file, sorted by hash.
func (a AssetStore) All() iter.Seq[Asset] {
	return func(yield func(Asset) bool) {
		for _, asset := range a.assets().after("") {
			if !yield(asset) {
				return
			}
		}
	}
}

// Delete deletes the container's files.
func (a AssetStore) Delete() {
	for asset := range a.All() {
		a.tx.addHolders(asset.Blob, -1)
	}
	a.tx.drop(a.container, accountDataBucket, a.account, assetsBucket)
}

func (a AssetStore) assets() collection[Asset] {
	return collect[Asset](a.tx, accountDataBucket, a.account, assetsBucket, a.container)
}

// An AssetSession is an upload of static files that has begun.
type AssetSession struct {
	ID        string      `json:"id"` // sorts by time
	Key       []byte      `json:"key"`
	Container string      `json:"place"`
	Script    string      `json:"script"`
	Files     []AssetFile `json:"files"`
	ExpiresOn time.Time   `json:"expires_on"`
}

// IsFor reports whether the session is for a script of the scripts' container.
func (s AssetSession) IsFor(scripts *Scripts, name string) bool {
	return s.Container == scripts.Assets().container && s.Script == name
}

// AssetsOf returns the files of a session's container.
func (t *Tx) AssetsOf(account string, session AssetSession) AssetStore {
	return AssetStore{tx: t, account: account, container: session.Container}
}

// AssetSession returns a session by its id.
func (t *Tx) AssetSession(account, id string) (AssetSession, bool) {
	return t.assetSessions(account).get(id)
}

// AddAssetSession keeps a session for a script of a container, and removes
// those that are over.
func (t *Tx) AddAssetSession(account string, scripts *Scripts, session AssetSession, now time.Time) {
	session.Container = scripts.Assets().container
	sessions := t.assetSessions(account)
	var over []string
	for id, old := range sessions.after("") {
		if now.Before(old.ExpiresOn) {
			break // and so are all later ones
		}
		over = append(over, id)
	}
	for _, id := range over {
		sessions.delete(id)
	}
	sessions.put(session.ID, session)
}

func (t *Tx) assetSessions(account string) collection[AssetSession] {
	return collect[AssetSession](t, accountDataBucket, account, assetSessionsBucket)
}
