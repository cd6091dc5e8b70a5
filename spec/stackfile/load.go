// Package stackfile reads the stack file, and writes it.
//
// [Load] turns a file into a [spec.Stack], with a diagnostic for everything that is
// wrong with it; [Render] writes it again with all that environments, profiles and
// lists make of it. [Import] writes a file for what an account has, and
// [ImportWrangler] one for a configuration of wrangler's.
//
// How the file spells a kind of resource stands in a file that bears the kind's
// name; the table of sections in load.go lists those that the file declares at its
// top.
package stackfile

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/list"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/wrangler"
)

// Load reads a stack file of a project. Every complaint about it is in the
// diagnostics, in the order of places; the stack is what could be read all the
// same, and is not to be used when there are errors. Code is not built yet: each
// [spec.Code] of the stack holds its source only.
//
// Load asks nothing but the files that the stack file names, all of them in the
// project, and the variables that it declares: no network, no secrets.
func Load(root fs.FS, name string, options Options) (*spec.Stack, diag.List) {
	l, list := open(root, name)
	if l == nil {
		return &spec.Stack{}, list
	}
	list = l.run(options)
	return l.stack, list
}

// open reads a stack file. The loader is nil when there is nothing to load, and
// the diagnostics then say why.
func open(root fs.FS, name string) (*loader, diag.List) {
	content, err := readFile(root, name)
	if err != nil {
		return nil, diag.List{unreadable(name, err, "name the stack file with -f, run this where wfpsync.yaml is, or write one to start from with `wfpsync init`")}
	}
	value, diagnostics := document.Parse(name, content)
	if value == nil {
		return nil, diagnostics.Sorted()
	}
	l := newLoader(name, value)
	l.files, l.diagnostics = root, diagnostics
	return l, nil
}

// Parse is [Load] on a text that names no other file.
func Parse(name string, content []byte) (*spec.Stack, diag.List) {
	return Load(oneFile{name, content}, name, Options{})
}

// oneFile is a project of one file.
type oneFile struct {
	name    string
	content []byte
}

func (f oneFile) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadFile implements [fs.ReadFileFS].
func (f oneFile) ReadFile(name string) ([]byte, error) {
	if name != f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return f.content, nil
}

// run does everything that is to be done with a document.
func (l *loader) run(options Options) diag.List {
	l.options = options
	l.include()
	environments, base := l.root.Get("environments"), l.root.Without("environments")
	l.overlay(options.Environment)
	l.checkSchema()
	l.readVariables(options)
	l.checkEnvironments(environments, base, options)
	l.readLists()
	l.readGuards()
	l.readPolicies()
	l.readRemoved()
	l.load()
	l.checkPlaceholders()
	return l.withoutMasked(l.withoutIgnored(l.withRepeats()).Sorted())
}

// readFile reads a file. A pipe or a device is not opened, because that alone can
// wait forever.
func readFile(files fs.FS, name string) ([]byte, error) {
	if info, err := fs.Stat(files, name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("it is not a regular file")}
	}
	return fs.ReadFile(files, name)
}

// unreadable is what is said of a file that cannot be read, with a hint for one that is not there.
func unreadable(name string, err error, missing string) diag.Diagnostic {
	d := diag.Diagnostic{Severity: diag.Error, Rule: spec.RuleUnreadable, Message: "cannot be read: " + err.Error(), Range: diag.Range{File: name}}
	if errors.Is(err, fs.ErrNotExist) {
		d.Message = "there is no such file"
		d.Hint = missing
	}
	return d
}

// loader turns a document into a stack.
type loader struct {
	name        string // of the stack file
	files       fs.FS
	root        *document.Value
	sources     map[string]*document.Value // by file, for source lines
	options     Options
	environment string
	stack       *spec.Stack
	diagnostics diag.List

	// repeated counts complaints of one rule at one place: a mistake in a
	// template is made again for every item.
	repeated map[repeat]int

	// broken are the pointers that the schema complained about. What they lead
	// to is not checked further: one mistake is one message.
	broken map[string]bool

	// masked are values that must not be repeated; see [loader.mask].
	masked []string

	variables  map[string]any
	lists      map[string]*list.List
	wrangler   wranglerFiles
	templates  map[templateKey]*template
	conditions map[*document.Value]*document.Value
	merged     map[mergeKey]*document.Value
	shapes     map[string]bool // of instances that the schema has seen
	shape      []byte          // of the present one; one place serves all of a fleet

	bindingNames map[string]bool       // that have been checked, and are good
	boundNames   map[string]diag.Range // of the present Worker
	sharedJSON   map[*document.Value]any
	names        []string // that expressions can use; see [loader.scope]
	namesKey     string

	// declared are the keys of each section, and the address each stands for,
	// so that a reference can name the key. The instances of a `for_each` are
	// declared as key[item], and generated says through which lists a key goes.
	declared  map[spec.Kind]map[string]spec.Address
	generated map[spec.Kind]map[string]string

	// current is the entry being loaded, and resolved the references in it that
	// mean the one of many for its item.
	current  entry
	resolved map[*document.Value]string

	// userWorkers are the keys of `user_workers`.
	userWorkers map[string]declaration

	// removed are the addresses of `removed`, as [Render] writes them.
	removed []*document.Value

	// removedFor is the item of a list that an address of `removed` was made of.
	removedFor map[spec.Address][]diag.Related

	// definitions are where each address was first defined.
	definitions map[spec.Address]diag.Range

	// ordered are what resources come after without referring to it.
	ordered map[spec.Address][]spec.Reference

	// fleets are those that have a rollout, by name.
	fleets map[string]*fleet

	// standIn says that an entry is loaded for an item that there is not, and
	// templated are the addresses that templates defined.
	standIn   bool
	templated map[spec.Address]bool

	// rendering takes the entries as they were loaded, when they are wanted; see
	// [Render].
	rendering *rendering

	// codes holds each distinct source once.
	codes map[codeSource]*spec.Code

	// noCode is that of all Workers without any, keptCode that of those whose code
	// a template leaves as it is, and assets holds the files of each directory once.
	noCode   *spec.Code
	keptCode *spec.Code
	assets   map[string]*spec.AssetFiles
}

// section is a top-level map of the stack file that declares resources of one
// kind. Keys are names unless the entry gives another.
type section struct {
	spec.KindInfo
	nameBy string // the field that gives another name

	// parentOf is the container that an entry names for what refers to it by
	// its key; nil where there is none.
	parentOf func(entry *document.Value) string

	// addressName is the name that an entry's resource has in its address, by the
	// name of the entry; nil where they are the same.
	addressName func(name string, entry *document.Value) string

	// worker says that entries take over `defaults` and profiles.
	worker bool

	// unnamed says that nothing refers to an entry by its key: there may be too
	// many to know each.
	unnamed bool

	// declare notes what a key says without any of its entries; nil for nothing.
	declare func(l *loader, d declaration)

	// load adds the entry's resources to the stack.
	load func(l *loader, entry entry)

	// write adds what an imported resource has to its entry, besides its name, and
	// returns what is to be said above it; nil where the name is all there is.
	write func(im *importer, m *members, live *spec.Live) []string
}

// entry is one resource, or a Worker with its routes: a key of a section, or
// one of those that its `for_each` makes.
type entry struct {
	declaration
	key     string // with the item's key, for one of many
	itemKey string
	name    string
	nameAt  diag.Range
	value   *document.Value // with defaults and profile, expressions replaced
	items   []chosen
	values  map[string]any // what expressions can read; good only while the entry is loaded

	// dependsOn is what the entry comes after without referring to it.
	dependsOn []spec.Reference

	// imported is what `from_wrangler` gives, nil where there is none. It is
	// missing where there should be some.
	imported *wrangler.Config
	missing  bool
}

// sections are in the order in which entries are loaded. A new kind that the
// file declares at the top level is a line here.
var sections = []section{
	{KindInfo: spec.KindDispatchNamespace.Info(), nameBy: "name", load: (*loader).loadDispatchNamespace, write: (*importer).writeDispatchNamespace},
	{KindInfo: spec.KindKVNamespace.Info(), nameBy: "title", load: (*loader).loadKVNamespace},
	{KindInfo: spec.KindD1Database.Info(), nameBy: "name", load: (*loader).loadD1Database, write: (*importer).writeD1Database},
	{KindInfo: spec.KindR2Bucket.Info(), nameBy: "name", parentOf: bucketParent, load: (*loader).loadR2Bucket, write: (*importer).writeR2Bucket},
	{KindInfo: spec.KindQueue.Info(), nameBy: "name", load: (*loader).loadQueue, write: (*importer).writeQueue},
	{KindInfo: spec.KindDNSRecord.Info(), nameBy: "name", parentOf: zoneParent, addressName: recordAddressName, load: (*loader).loadDNSRecord, write: (*importer).writeDNSRecord},
	{KindInfo: spec.KindCustomHostname.Info(), nameBy: "hostname", parentOf: zoneParent, addressName: hostnameAddressName, load: (*loader).loadCustomHostname, write: (*importer).writeCustomHostname},
	{KindInfo: spec.KindWorker.Info(), nameBy: "name", worker: true, load: (*loader).loadWorker, write: (*importer).writeWorker},
	{KindInfo: spec.KindUserWorker.Info(), nameBy: "name", worker: true, unnamed: true, declare: (*loader).noteUserWorkers, load: (*loader).loadUserWorker, write: (*importer).writeUserWorker},
	{KindInfo: spec.KindKVPair.Info(), nameBy: "key", unnamed: true, declare: (*loader).declareKVNamespaceOfPairs, load: (*loader).loadKVPair},
}

func newLoader(name string, root *document.Value) *loader {
	l := &loader{
		name:         name,
		root:         root,
		sources:      map[string]*document.Value{name: root},
		stack:        &spec.Stack{Sections: map[spec.Kind]diag.Range{}},
		repeated:     map[repeat]int{},
		broken:       map[string]bool{},
		templates:    map[templateKey]*template{},
		conditions:   map[*document.Value]*document.Value{},
		merged:       map[mergeKey]*document.Value{},
		shapes:       map[string]bool{},
		bindingNames: map[string]bool{},
		boundNames:   map[string]diag.Range{},
		sharedJSON:   map[*document.Value]any{},
		ordered:      map[spec.Address][]spec.Reference{},
		declared:     map[spec.Kind]map[string]spec.Address{},
		generated:    map[spec.Kind]map[string]string{},
		definitions:  map[spec.Address]diag.Range{},
		userWorkers:  map[string]declaration{},
		removedFor:   map[spec.Address][]diag.Related{},
		codes:        map[codeSource]*spec.Code{},
		wrangler:     newWranglerFiles(),
		noCode:       spec.NoCode(),
		keptCode:     spec.KeptCode(),
		templated:    map[spec.Address]bool{},
		assets:       map[string]*spec.AssetFiles{},
		fleets:       map[string]*fleet{},
	}
	l.scope()
	return l
}

// load reads the sections: first every name that something may refer to, so
// that references may point forward, then every entry.
func (l *loader) load() {
	l.stack.Name = l.stackName()
	l.stack.AccountID = l.root.Get("account_id").String()
	for _, s := range sections {
		l.declared[s.Kind], l.generated[s.Kind] = map[string]spec.Address{}, map[string]string{}
	}
	declarations := l.declarations()
	for _, d := range declarations {
		if !d.section.unnamed {
			l.declareNames(d)
		}
	}
	for _, d := range declarations {
		if d.section.declare != nil {
			d.section.declare(l, d)
		}
	}
	l.loadEntries(declarations)
	l.current = entry{}
	l.finish()
}

// declareNames notes the keys that references can name.
func (l *loader) declareNames(d declaration) {
	if len(d.loops) > 0 {
		l.generated[d.section.Kind][d.member.Key] = d.lists()
	}
	l.each(d, func(e entry) {
		l.declared[d.section.Kind][e.key] = l.keyAddress(e)
	})
}

func (l *loader) loadEntry(e entry) {
	l.current = e
	if e.missing {
		return // what is wrong with the file has been said
	}
	e.value = l.entryValue(e)
	l.checkImported(e)
	if !l.checkShape(e) {
		return
	}
	l.resolved = map[*document.Value]string{}
	if e.isExternal() {
		l.loadExternal(e)
		e.value = l.expand(e.member.Value, e.values) // no defaults reach it
	} else {
		e.dependsOn = l.dependsOn(e)
		l.current = e
		e.section.load(l, e)
	}
	if l.rendering != nil && !e.isDiscovered() {
		l.render(e)
	}
}

// keyAddress is the address of an entry that something may refer to by its key.
func (l *loader) keyAddress(e entry) spec.Address {
	a := spec.Address{Kind: e.section.Kind, Name: e.name}
	if e.section.parentOf == nil {
		return a
	}
	value := l.expand(e.value, e.values)
	a.Parent = e.section.parentOf(value)
	if e.section.addressName != nil {
		a.Name = e.section.addressName(e.name, value)
	}
	return a
}

// meta is what an entry says about managing its resource.
func (e entry) meta() spec.Meta {
	return spec.Meta{
		Adopt:       e.value.Get("adopt").IsTrue(),
		Protect:     e.value.Get("protect").IsTrue(),
		RenamedFrom: e.value.Get("renamed_from").String(),
		DependsOn:   addressesOf(e.dependsOn),
		At:          e.at,
	}
}

// add puts a resource into the stack, unless its address is taken.
func (l *loader) add(r spec.Resource) {
	a := r.Address()
	at := r.Meta().At
	if l.isAside(r) {
		return
	}
	if first, taken := l.definitions[a]; taken {
		d := spec.DeclaredTwice(a, first)
		l.report(d.Rule, at, d.Message, l.current.nameHint(), d.Related...)
		return
	}
	l.definitions[a] = at
	if l.current.isDiscovered() {
		l.templated[a] = true
	}
	if r.Meta().DependsOn != nil {
		l.ordered[a] = l.current.dependsOn
	}
	l.stack.Resources = append(l.stack.Resources, r)
}

// nameHint says how an entry whose name is taken gets another.
func (e entry) nameHint() string {
	if e.imported != nil && len(e.items) > 0 && e.member.Value.Get(e.section.nameBy) == nil {
		return fmt.Sprintf("wrangler's configuration gives each item the same name: write name: ${%s.KEY}, or name: null for that of the item, beside `from_wrangler`", e.loops[0].alias)
	}
	return "give one of the two another name"
}

// finish puts the stack in order and runs the checks that need all of it.
func (l *loader) finish() {
	l.stack.Sort()
	sortReferences(l.stack.External)
	l.checkRemoved()
	l.checkDependsOn()
	l.checkRenamed()
	l.assignWaves()
	slices.SortFunc(l.stack.Collections, spec.Collection.Compare)
	l.stack.Collections = slices.Compact(l.stack.Collections)
	l.stack.Files = slices.Sorted(maps.Keys(l.sources))
	l.checkCycles()
	l.checkRecords()
	l.checkConsumers()
}
