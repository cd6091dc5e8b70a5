package store

import (
	"encoding/binary"
	"time"
)

const (
	versionsBucket    = "versions"
	deploymentsBucket = "deployments"

	// kept is how many versions and deployments a Worker keeps. Older ones are
	// removed.
	kept = 100
)

// A Version is a snapshot of an account Worker's code and settings. Only
// account Workers have versions.
type Version struct {
	ID          string            `json:"id"`
	Number      int               `json:"number"`
	CreatedOn   time.Time         `json:"created_on"`
	Source      string            `json:"source"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Script      Script            `json:"script"`
}

// A Deployment says which versions serve requests.
type Deployment struct {
	ID          string            `json:"id"`
	CreatedOn   time.Time         `json:"created_on"`
	Source      string            `json:"source"`
	Strategy    string            `json:"strategy"`
	Versions    []VersionShare    `json:"versions"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// A VersionShare is a version's part of the traffic.
type VersionShare struct {
	VersionID  string  `json:"version_id"`
	Percentage float64 `json:"percentage"`
}

// History is the history of one account Worker. It belongs to the Worker's tag,
// so a Worker that is deleted and created again starts without one.
type History struct {
	tx      *Tx
	account string
	tag     string
}

// History returns the versions and deployments of the account Worker with the
// given tag.
func (t *Tx) History(account, tag string) History { return History{tx: t, account: account, tag: tag} }

// Versions returns all versions, newest first.
func (h History) Versions() []Version { return newestFirst(h.versions().all()) }

// Version returns a version by its id.
func (h History) Version(id string) (Version, bool) {
	for _, version := range h.versions().after("") {
		if version.ID == id {
			return version, true
		}
	}
	return Version{}, false
}

// AddVersion numbers a version and stores it.
func (h History) AddVersion(v Version) Version {
	versions := h.versions()
	newest, _ := versions.last()
	v.Number = newest.Number + 1
	h.tx.retain(nil, v.Script.files())
	versions.put(sequence(v.Number), v)
	if old, ok := versions.get(sequence(v.Number - kept)); ok {
		h.tx.retain(old.Script.files(), nil)
		versions.delete(sequence(old.Number))
	}
	return v
}

// Deployments returns all deployments, newest first.
func (h History) Deployments() []Deployment { return newestFirst(h.deployments().all()) }

// AddDeployment stores a deployment as the newest one.
func (h History) AddDeployment(d Deployment) {
	deployments := h.deployments()
	if deployments.bucket == nil {
		return
	}
	number, err := deployments.bucket.NextSequence()
	if err != nil {
		h.tx.fail(err)
		return
	}
	deployments.put(sequence(int(number)), d)
	deployments.delete(sequence(int(number) - kept))
}

// Delete deletes the whole history.
func (h History) Delete() {
	for _, version := range h.versions().after("") {
		h.tx.retain(version.Script.files(), nil)
	}
	h.tx.drop(h.tag, accountDataBucket, h.account, versionsBucket)
	h.tx.drop(h.tag, accountDataBucket, h.account, deploymentsBucket)
}

func (h History) versions() collection[Version] {
	return collect[Version](h.tx, accountDataBucket, h.account, versionsBucket, h.tag)
}

func (h History) deployments() collection[Deployment] {
	return collect[Deployment](h.tx, accountDataBucket, h.account, deploymentsBucket, h.tag)
}

// sequence returns a key that sorts like its number.
func sequence(n int) string { return string(binary.BigEndian.AppendUint64(nil, uint64(n))) }

func newestFirst[T any](oldestFirst []T) []T {
	reversed := make([]T, 0, len(oldestFirst))
	for i := len(oldestFirst) - 1; i >= 0; i-- {
		reversed = append(reversed, oldestFirst[i])
	}
	return reversed
}
