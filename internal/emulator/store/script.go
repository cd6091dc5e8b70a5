package store

import (
	"encoding/binary"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

const (
	workersBucket     = "workers"
	userWorkersBucket = "user workers"
	headsBucket       = "heads"
	bodiesBucket      = "bodies"
)

var countKey = []byte("count")

// A Script is a Worker: one of the account itself, or a user Worker. It is
// stored in two records, so that listing a hundred thousand scripts does not
// read their bindings.
type Script struct {
	Head
	Body
}

// A Head is the part of a script that lists show.
type Head struct {
	Name               string          `json:"name"`
	Tag                string          `json:"tag"` // an id that stays the same until the script is deleted
	Tags               []string        `json:"tags,omitzero"`
	ETag               string          `json:"etag"`
	CreatedOn          time.Time       `json:"created_on"`
	ModifiedOn         time.Time       `json:"modified_on"`
	HasModules         bool            `json:"has_modules,omitempty"`
	HasAssets          bool            `json:"has_assets,omitempty"`
	Handlers           []string        `json:"handlers,omitempty"`
	CompatibilityDate  string          `json:"compatibility_date,omitempty"`
	CompatibilityFlags []string        `json:"compatibility_flags,omitempty"`
	LastDeployedFrom   string          `json:"last_deployed_from,omitempty"`
	Logpush            bool            `json:"logpush,omitempty"`
	UsageModel         string          `json:"usage_model,omitempty"`
	MigrationTag       string          `json:"migration_tag,omitempty"`
	TailConsumers      json.RawMessage `json:"tail_consumers,omitempty"`
	Placement          json.RawMessage `json:"placement,omitempty"`
	Observability      json.RawMessage `json:"observability,omitempty"`
}

// A Body is the rest of a script.
type Body struct {
	EntryPoint   string          `json:"entry_point"` // name of the module that is started
	Modules      []Module        `json:"modules"`
	SourceMaps   []Module        `json:"source_maps,omitempty"`
	Bindings     []Binding       `json:"bindings,omitempty"`
	Assets       *Assets         `json:"assets,omitempty"`
	Limits       json.RawMessage `json:"limits,omitempty"`
	CacheOptions json.RawMessage `json:"cache_options,omitempty"`
	DeploymentID string          `json:"deployment_id"`

	// Classes are the Durable Object classes that the script's migrations have
	// created, in order. A script that was stored by an older version has none;
	// see OwnClasses.
	Classes []string `json:"classes,omitempty"`

	// Only account Workers have these.
	Subdomain Subdomain  `json:"subdomain,omitzero"`
	Schedules []Schedule `json:"schedules,omitempty"`
}

// OwnClasses returns the Durable Object classes of the script. If an older
// version stored it, they are the classes that it binds to.
func (s Script) OwnClasses() []string {
	if s.Classes != nil || s.MigrationTag == "" {
		return s.Classes
	}
	var classes []string
	for _, b := range s.Bindings {
		if BindingTypeOf(b.Type).Leads == ToObjectClass && b.Text("script_name") == "" {
			classes = append(classes, b.Text("class_name"))
		}
	}
	return classes
}

// Dispatches returns the names of the dispatch namespaces that the script is
// bound to.
func (s Script) Dispatches() []string {
	var namespaces []string
	for _, b := range s.Bindings {
		if BindingTypeOf(b.Type).Leads == ToDispatchNamespace {
			namespaces = append(namespaces, b.Text("namespace"))
		}
	}
	return namespaces
}

// files returns everything for which the script holds blobs.
func (b Body) files() []Module { return slices.Concat(b.Modules, b.SourceMaps) }

// A Module is one file of a script. Its content is the blob with that hash.
type Module struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Hash string `json:"hash"`
	Size int64  `json:"size"`
}

// A Subdomain says whether a Worker is on workers.dev.
type Subdomain struct {
	Enabled         bool `json:"enabled,omitempty"`
	PreviewsEnabled bool `json:"previews_enabled,omitempty"`
}

// A Schedule is a cron trigger.
type Schedule struct {
	Cron       string    `json:"cron"`
	CreatedOn  time.Time `json:"created_on"`
	ModifiedOn time.Time `json:"modified_on"`
}

// Scripts are the scripts of one container: an account's own Workers, or the
// user Workers of one dispatch namespace. They differ only in the container,
// which makes the difference between private and public code.
type Scripts struct {
	tx        *Tx
	account   string
	namespace string // id; empty for the account's own Workers
	root      *bbolt.Bucket
	heads     collection[Head]
	bodies    collection[Body]
}

// Workers returns the account's own Workers.
func (t *Tx) Workers(account string) *Scripts {
	return t.scripts(account, "", accountDataBucket, account, workersBucket)
}

// UserWorkers returns the user Workers of the dispatch namespace with the given
// id.
func (t *Tx) UserWorkers(account, namespaceID string) *Scripts {
	return t.scripts(account, namespaceID, accountDataBucket, account, userWorkersBucket, namespaceID)
}

func (t *Tx) scripts(account, namespace string, path ...string) *Scripts {
	return &Scripts{
		tx: t, account: account, namespace: namespace,
		root:   t.bucket(path...),
		heads:  collect[Head](t, append(slices.Clone(path), headsBucket)...),
		bodies: collect[Body](t, append(slices.Clone(path), bodiesBucket)...),
	}
}

// Has reports whether there is a script with that name.
func (s *Scripts) Has(name string) bool { return s.heads.has(name) }

// Head returns the part of a script that lists show.
func (s *Scripts) Head(name string) (Head, bool) { return s.heads.get(name) }

// Heads yields the heads of the scripts whose names come after the given one,
// sorted by name.
func (s *Scripts) Heads(after string) iter.Seq[Head] {
	return func(yield func(Head) bool) {
		for _, head := range s.heads.after(after) {
			if !yield(head) {
				return
			}
		}
	}
}

// Names yields the names of the scripts, sorted. It reads nothing else, so that
// ten thousand take milliseconds.
func (s *Scripts) Names() iter.Seq[string] { return s.heads.keys() }

// Get returns a script.
func (s *Scripts) Get(name string) (Script, bool) {
	head, ok := s.heads.get(name)
	if !ok {
		return Script{}, false
	}
	body, ok := s.bodies.get(name)
	return Script{Head: head, Body: body}, ok
}

// Put creates or replaces a script. The blobs of its modules must have been
// stored before.
func (s *Scripts) Put(script Script) {
	old, existed := s.Get(script.Name)
	s.tx.retain(old.files(), script.files())
	s.tx.refer(s.referrer(script.Name), old.Bindings, script.Bindings)
	s.heads.put(script.Name, script.Head)
	s.bodies.put(script.Name, script.Body)
	s.changed(script.Name)
	if !existed {
		s.setCount(s.Count() + 1)
	}
}

// Delete removes a script.
func (s *Scripts) Delete(name string) {
	old, existed := s.Get(name)
	if !existed {
		return
	}
	s.tx.retain(old.files(), nil)
	s.tx.refer(s.referrer(name), old.Bindings, nil)
	s.heads.delete(name)
	s.bodies.delete(name)
	s.changed(name)
	s.setCount(s.Count() - 1)
}

// Count returns the number of scripts. It is stored, because every response
// about a namespace has it.
func (s *Scripts) Count() int {
	if s.root == nil {
		return 0
	}
	raw := s.root.Get(countKey)
	if raw == nil {
		return 0
	}
	return int(binary.BigEndian.Uint64(raw))
}

func (s *Scripts) setCount(n int) {
	if s.root != nil {
		s.tx.fail(s.root.Put(countKey, binary.BigEndian.AppendUint64(nil, uint64(n))))
	}
}

func (s *Scripts) changed(name string) {
	s.tx.changed(Change{Account: s.account, NamespaceID: s.namespace, Script: name})
}

func (s *Scripts) referrer(name string) Referrer {
	return Referrer{account: s.account, NamespaceID: s.namespace, Name: name}
}
