package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/wfpsync/wfpsync/internal/diag"
	"github.com/wfpsync/wfpsync/schema"
	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// Load reads a stack file. Every complaint about it is in the diagnostics, in
// the order of places; the stack is what could be read all the same, and is not
// to be used when there are errors. Code is not built yet: each [Code] of the
// stack holds its source only.
//
// Load asks nothing but the file: no environment, no network, no secrets.
func Load(root fs.FS, name string) (*Stack, diag.List) {
	content, err := fs.ReadFile(root, name)
	if err != nil {
		return &Stack{}, diag.List{unreadable(name, err)}
	}
	return Parse(name, content)
}

// Parse is [Load] on a text.
func Parse(name string, content []byte) (*Stack, diag.List) {
	value, diagnostics := document.Parse(name, content)
	if value == nil {
		return &Stack{}, diagnostics.Sorted()
	}
	l := newLoader(value)
	l.diagnostics = diagnostics
	l.checkSchema()
	l.load()
	l.checkPlaceholders()
	return l.stack, l.withoutMasked(l.withoutIgnored(l.diagnostics).Sorted())
}

func unreadable(name string, err error) diag.Diagnostic {
	d := diag.Diagnostic{Severity: diag.Error, Rule: RuleUnreadable, Message: "cannot be read: " + err.Error(), Range: diag.Range{File: name}}
	if errors.Is(err, fs.ErrNotExist) {
		d.Message = "there is no such file"
		d.Hint = "name the stack file with -f, or run this where wfpsync.yaml is"
	}
	return d
}

// loader turns a document into a stack.
type loader struct {
	root        *document.Value
	stack       *Stack
	diagnostics diag.List

	// broken are the pointers that the schema complained about. What they lead
	// to is not checked further: one mistake is one message.
	broken map[string]bool

	// declared are the keys of each section, and the address each stands for,
	// so that a reference can name the key.
	declared map[Kind]map[string]Address

	// definitions are where each address was first defined.
	definitions map[Address]diag.Range

	// masked are values that must not be repeated; see [loader.mask].
	masked []string

	// codes holds each distinct source once.
	codes map[codeSource]*Code
}

// section is a top-level map of the stack file that declares resources of one
// kind. Keys are names unless the entry gives another.
type section struct {
	key    string
	kind   Kind
	nameBy string // the field that gives another name

	// parentOf is the container that an entry names for what refers to it by
	// its key; nil where there is none.
	parentOf func(entry *document.Value) string

	// load adds the entry's resources to the stack.
	load func(l *loader, entry entry)
}

// entry is one key of a section.
type entry struct {
	section section
	key     string
	pointer string
	name    string
	nameAt  diag.Range
	value   *document.Value
	at      diag.Range // the key's place
}

// sections are in the order in which entries are loaded. A new kind that the
// file declares at the top level is a line here.
var sections = []section{
	{key: "dispatch_namespaces", kind: KindDispatchNamespace, nameBy: "name", load: (*loader).loadDispatchNamespace},
	{key: "kv_namespaces", kind: KindKVNamespace, nameBy: "title", load: (*loader).loadKVNamespace},
	{key: "d1_databases", kind: KindD1Database, nameBy: "name", load: (*loader).loadD1Database},
	{key: "r2_buckets", kind: KindR2Bucket, nameBy: "name", parentOf: bucketParent, load: (*loader).loadR2Bucket},
	{key: "queues", kind: KindQueue, nameBy: "name", load: (*loader).loadQueue},
	{key: "workers", kind: KindWorker, nameBy: "name", load: (*loader).loadWorker},
	{key: "user_workers", kind: KindUserWorker, nameBy: "name", load: (*loader).loadUserWorker},
}

func newLoader(root *document.Value) *loader {
	return &loader{
		root:        root,
		stack:       &Stack{},
		broken:      map[string]bool{},
		declared:    map[Kind]map[string]Address{},
		definitions: map[Address]diag.Range{},
		codes:       map[codeSource]*Code{},
	}
}

// load reads the sections: first every name, so that references may point
// forward, then every entry.
func (l *loader) load() {
	l.stack.Name = l.root.Get("name").String()
	l.stack.AccountID = l.root.Get("account_id").String()
	var entries []entry
	for _, s := range sections {
		l.declared[s.kind] = map[string]Address{}
		value := l.root.Get(s.key)
		if value == nil {
			continue
		}
		for _, m := range value.Members {
			e := newEntry(s, m)
			entries = append(entries, e)
			if s.kind != KindUserWorker { // nothing refers to a user Worker
				l.declared[s.kind][m.Key] = e.address()
			}
		}
		l.declareCollection(s.kind)
	}
	for _, e := range entries {
		if !l.isBroken(e.pointer) {
			e.section.load(l, e)
		}
	}
	l.finish()
}

func newEntry(s section, m document.Member) entry {
	e := entry{
		section: s, key: m.Key, pointer: "/" + s.key + "/" + document.EscapeStep(m.Key),
		name: m.Key, nameAt: m.Range(), value: m.Value, at: m.Range(),
	}
	if name := m.Value.Get(s.nameBy); name.String() != "" {
		e.name, e.nameAt = name.String(), name.Range()
	}
	return e
}

// declareCollection notes that the file has a section, if only an empty one, and
// so declares the live resources of that kind to be its own. The user Workers of
// a namespace are declared by the namespace.
func (l *loader) declareCollection(kind Kind) {
	if kind != KindUserWorker {
		l.stack.Collections = append(l.stack.Collections, Collection{Kind: kind})
	}
}

// address is the address of an entry that something may refer to by its key.
func (e entry) address() Address {
	a := Address{Kind: e.section.kind, Name: e.name}
	if e.section.parentOf != nil {
		a.Parent = e.section.parentOf(e.value)
	}
	return a
}

// meta is what an entry says about managing its resource.
func (e entry) meta() Meta { return Meta{Adopt: e.value.Get("adopt").IsTrue(), At: e.at} }

// add puts a resource into the stack, unless its address is taken.
func (l *loader) add(r Resource) {
	a := r.Address()
	at := r.Meta().At
	if first, taken := l.definitions[a]; taken {
		l.report(RuleDuplicateResource, at, fmt.Sprintf("%s is declared twice", a), "give one of the two another name",
			diag.Related{Range: first, Message: "first declared here"})
		return
	}
	l.definitions[a] = at
	l.stack.Resources = append(l.stack.Resources, r)
}

// finish puts the stack in order and runs the checks that need all of it.
func (l *loader) finish() {
	slices.SortFunc(l.stack.Resources, func(a, b Resource) int { return a.Address().Compare(b.Address()) })
	slices.SortFunc(l.stack.Collections, Collection.Compare)
	l.stack.Collections = slices.Compact(l.stack.Collections)
	l.checkCycles()
}

// report adds an error at a place of the file.
func (l *loader) report(rule string, at diag.Range, message, hint string, related ...diag.Related) {
	l.diagnose(diag.Error, rule, at, message, hint, related...)
}

// warn adds a warning, which a comment in the file can silence: its rule is one
// of those that are [ignorable].
func (l *loader) warn(rule string, at diag.Range, message, hint string) {
	l.diagnose(diag.Warning, rule, at, message, hint)
}

func (l *loader) diagnose(severity diag.Severity, rule string, at diag.Range, message, hint string, related ...diag.Related) {
	l.diagnostics = append(l.diagnostics, diag.Diagnostic{
		Severity: severity, Rule: rule, Message: message, Hint: hint, Range: at, Related: related,
		Snippet: l.root.Line(at.Line),
	})
}

// isBroken reports whether the schema complained about a value or a part of it.
func (l *loader) isBroken(pointer string) bool {
	return l.broken[pointer]
}

// breakAt marks a value and everything that holds it as complained about.
func (l *loader) breakAt(pointer string) {
	for i := range pointer {
		if i > 0 && pointer[i] == '/' {
			l.broken[pointer[:i]] = true
		}
	}
	l.broken[pointer] = true
}

// checkSchema compares the document with the JSON Schema, and says what is
// wrong in the file's own words. A key that nobody knows does not keep its
// neighbours from being checked, unless it is one of them misspelt.
func (l *loader) checkSchema() {
	for _, v := range schema.ValidateStack(l.root.JSON()) {
		d, misspelt := l.explain(v)
		l.diagnostics = append(l.diagnostics, d)
		if v.Keyword != schema.Unknown || misspelt {
			l.breakAt(v.Pointer)
		}
	}
}
