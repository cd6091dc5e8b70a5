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
	"io/fs"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/complaint"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expand"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/layer"
)

// Load reads a stack file of a project. Every complaint about it is in the
// diagnostics, in the order of places; the stack is what could be read all the
// same, and is not to be used when there are errors. Code is not built yet: each
// [spec.Code] of the stack holds its source only.
//
// Load asks nothing but the files that the stack file names, all of them in the
// project, and the variables that it declares: no network, no secrets.
func Load(root fs.FS, name string, options Options) (*spec.Stack, diag.List) {
	l, list := run(root, name, options, nil)
	if l == nil {
		return &spec.Stack{}, list
	}
	return l.stack, list
}

// Parse returns [Load] on text that names no other file.
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

// Options are what the meaning of a stack file depends on besides the file.
type Options struct {
	// Environment is the overlay of `environments` to lay over the file; ""
	// for the file as it stands.
	Environment string

	// AsIf is what expressions read as the environment where none is laid over
	// the file: to tell what is wrong with a file from what needs a name.
	AsIf string

	// Variables are values given on the command line, which come first.
	Variables map[string]any

	// Live is what the account has where the file's lists look for user
	// Workers; see [spec.Stack.Discoveries]. Without it the account has not
	// been asked, and there are no resources for what is in those lists.
	Live *spec.Snapshot

	// LookupVariable reads a variable of the environment. Only names that begin
	// with [VariablePrefix] are asked for: a pull request must not be able to
	// print the secrets of the machine that plans it.
	LookupVariable func(name string) (string, bool)
}

// VariablePrefix begins the names of the environment variables that a stack
// file may read values from.
const VariablePrefix = "WFPSYNC_VAR_"

// run takes a stack file through the phases of loading, and each phase gets the
// results of those before. The loader is nil when there is nothing to load; the
// diagnostics then say why. The entries go to the rendering as well, if there
// is one.
func run(root fs.FS, name string, options Options, rendering *rendering) (*loader, diag.List) {
	content, err := layer.ReadFile(root, name)
	if err != nil {
		return nil, diag.List{layer.Unreadable(name, err, "name the stack file with -f, run this where wfpsync.yaml is, or write one to start from with `wfpsync init`")}
	}
	value, diagnostics := document.Parse(name, content)
	if value == nil {
		return nil, diagnostics.Sorted()
	}
	c := complaint.New(name, value, diagnostics)

	// What it includes, and the environment over it.
	file := layer.Read(c, root, name, value, sectionKeys(), options.Environment, options.AsIf)
	checkSchema(c, file.Root)
	x := expand.New(c, file.Environment, readVariables(c, file.Root, options))
	checkEnvironments(c, file, options)

	// The lists that entries go through.
	stack := &spec.Stack{Environments: file.EnvironmentNames(), Sections: map[spec.Kind]diag.Range{}}
	lists := (&listReader{x, file, options.Live, stack}).read()
	entries := &expansion{Expander: x, file: file, lists: lists, wrangler: newWranglerFiles(c, root)}

	// The resources that entries are.
	l := newLoader(entries, stack, rendering)
	l.readGuards()
	l.readPolicies()
	removed := l.readRemoved()
	l.load()

	l.check(removed)
	l.checkPlaceholders()
	found, ignored := c.Finish()
	stack.Ignored = ignored
	return l, found
}

func sectionKeys() []string {
	var keys []string
	for _, s := range sections {
		keys = append(keys, s.Section)
	}
	return keys
}

// section is a top-level map of the stack file that declares resources of one
// kind. Keys are names unless the entry gives another.
type section struct {
	spec.KindInfo
	nameBy string // the field that gives another name

	// parentOf is the container that an entry names for what refers to it by
	// its key; nil if there is none.
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

// sections are in the order in which entries are loaded. A new kind that the
// file declares at the top level is a line here.
var sections = []section{
	{KindInfo: spec.KindDispatchNamespace.Info(), nameBy: "name", load: (*loader).loadDispatchNamespace, write: (*importer).writeDispatchNamespace},
	{KindInfo: spec.KindKVNamespace.Info(), nameBy: "title", load: (*loader).loadKVNamespace},
	{KindInfo: spec.KindD1Database.Info(), nameBy: "name", load: (*loader).loadD1Database, write: (*importer).writeD1Database},
	{KindInfo: spec.KindR2Bucket.Info(), nameBy: "name", parentOf: bucketParent, load: (*loader).loadR2Bucket, write: (*importer).writeR2Bucket},
	{KindInfo: spec.KindQueue.Info(), nameBy: "name", load: (*loader).loadQueue, write: (*importer).writeQueue},
	{KindInfo: spec.KindVectorizeIndex.Info(), nameBy: "name", load: (*loader).loadVectorizeIndex, write: (*importer).writeVectorizeIndex},
	{KindInfo: spec.KindDNSRecord.Info(), nameBy: "name", parentOf: zoneParent, addressName: recordAddressName, load: (*loader).loadDNSRecord, write: (*importer).writeDNSRecord},
	{KindInfo: spec.KindCustomHostname.Info(), nameBy: "hostname", parentOf: zoneParent, addressName: hostnameAddressName, load: (*loader).loadCustomHostname, write: (*importer).writeCustomHostname},
	{KindInfo: spec.KindWorker.Info(), nameBy: "name", worker: true, load: (*loader).loadWorker, write: (*importer).writeWorker},
	{KindInfo: spec.KindUserWorker.Info(), nameBy: "name", worker: true, unnamed: true, declare: (*loader).noteUserWorkers, load: (*loader).loadUserWorker, write: (*importer).writeUserWorker},
	{KindInfo: spec.KindKVPair.Info(), nameBy: "key", unnamed: true, declare: (*loader).declareKVNamespaceOfPairs, load: (*loader).loadKVPair},
}
