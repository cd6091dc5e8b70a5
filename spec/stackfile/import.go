package stackfile

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// Imported is a stack file that was written from what an account has, and the
// files of code that it names.
type Imported struct {
	Document []byte

	// Files are the modules, by path from the stack file's folder, sorted.
	Files []ImportedFile

	// Notes are what the account does not tell or the file cannot say, in the
	// order of addresses. Those about an entry stand above it as well.
	Notes []ImportNote

	// Unread are the kinds that the credentials cannot read; the file has none
	// of them.
	Unread []spec.Kind
}

// ImportedFile is one file of code.
type ImportedFile struct {
	Path    string
	Content []byte
}

// ImportNote is what a person has to know about one resource.
type ImportNote struct {
	Address spec.Address
	Message string
}

// SchemaFile is the file beside an imported stack file that editors complete
// with.
const SchemaFile = "wfpsync.schema.json"

// Import writes the stack file of a stack that would find everything in the
// snapshot as it is: what carries the stack's mark stays untouched, and what no
// stack manages is adopted. The Workers of the snapshot must have been read
// whole, with their code.
//
// User Workers that no stack manages are the product's, unless userWorkers says
// otherwise. What cannot be said is left out in a way that the next plan leaves it alone,
// and noted. So are the kinds that could not be read.
func Import(live *spec.Snapshot, stack string, userWorkers UserWorkers, unread ...spec.Kind) (*Imported, error) {
	im := &importer{
		live: live, stack: stack, unread: unread, userWorkers: userWorkers,
		declared: declared{
			keys: map[spec.Address]string{}, taken: map[string]bool{}, ids: map[spec.Kind]map[string]spec.Address{},
			attached: map[spec.Address][]spec.Address{}, aside: map[string][]spec.Address{}, inherit: map[spec.Address]map[string]bool{},
		},
		written: written{folders: map[string]string{}},
	}
	im.index()
	im.breakCycles()
	return im.write()
}

// importer builds a stack file.
type importer struct {
	live        *spec.Snapshot
	stack       string
	unread      []spec.Kind
	userWorkers UserWorkers // what becomes of those that no stack manages
	source      string      // the file that was imported; "" for an account

	declared
	written
}

// declared is what the file will have of the account, and by which key.
type declared struct {
	keys     map[spec.Address]string
	taken    map[string]bool                       // section and key
	ids      map[spec.Kind]map[string]spec.Address // platform ids of stores
	attached map[spec.Address][]spec.Address       // what belongs to each Worker, in order
	routes   []*spec.Route                         // of Workers
	aside    map[string][]spec.Address             // user Workers that are not written out, by namespace
	inherit  map[spec.Address]map[string]bool      // bindings to carry over, lest Workers need each other
}

// written is what there is besides the document.
type written struct {
	folders map[string]string // of each code, by digest
	files   []ImportedFile
	notes   []ImportNote
	leftOut []string
	adopts  bool
}

// nowhere is the place of values that no file has.
var nowhere = &document.Value{}

// index gives everything that the file declares its key, and finds what belongs
// to which Worker.
func (im *importer) index() {
	im.findRoutes()
	for _, a := range im.live.Addresses() {
		if im.passesOver(a) {
			continue
		}
		if r, ok := im.live.Resources[a].Resource.(spec.Attached); ok {
			im.attached[r.AttachedTo()] = append(im.attached[r.AttachedTo()], a)
			continue
		}
		if im.setAside(a) {
			continue
		}
		if reason := im.cannotImport(a); reason != "" {
			im.leaveOut(a, reason)
			continue
		}
		im.keys[a] = im.newKey(a)
		if id, ok := im.live.ID(a); ok {
			if im.ids[a.Kind] == nil {
				im.ids[a.Kind] = map[string]spec.Address{}
			}
			im.ids[a.Kind][id] = a
		}
	}
}

func (im *importer) leaveOut(a spec.Address, reason string) {
	im.notes = append(im.notes, ImportNote{a, "left out: " + reason})
	im.leftOut = append(im.leftOut, fmt.Sprintf("%s: %s", a, reason))
}

var notForKeys = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// newKey returns the name where that can be: references by name are references
// by key then.
func (im *importer) newKey(a spec.Address) string {
	key := nameOf(a)
	if a.Kind == spec.KindKVNamespace {
		key = strings.ToLower(strings.Trim(notForKeys.ReplaceAllString(a.Name, "-"), "-"))
		if key == "" {
			key = "namespace"
		}
	}
	candidate := key
	for n := 2; im.taken[string(a.Kind)+"/"+candidate]; n++ {
		if candidate = key + "-" + a.Parent; n > 2 || a.Parent == "" {
			candidate = fmt.Sprintf("%s-%d", key, n)
		}
	}
	im.taken[string(a.Kind)+"/"+candidate] = true
	return candidate
}

// cannotImport says why a resource cannot be part of the file; "" when it can.
func (im *importer) cannotImport(a spec.Address) string {
	live := im.live.Resources[a]
	script, ok := live.Resource.(spec.Scripted)
	if !ok {
		return im.cannotImportFromZone(live)
	}
	rule := workerName
	if a.Kind == spec.KindUserWorker {
		rule = userWorkerName
	}
	definition := script.AsScript()
	switch owner := live.Revision.Owner; {
	case owner != "" && owner != im.stack:
		return fmt.Sprintf("it belongs to the stack %q", owner)
	case live.Revision.Template != "":
		return fmt.Sprintf("another program uploads it, and a template of the stack %q writes it", live.Revision.Template)
	case !rule.allows(a.Name):
		return "its name is none that wfpsync takes: " + rule.hint
	case len(definition.Tags) > maxTags-spec.ReservedTags:
		return fmt.Sprintf("it has %d tags of its own, and wfpsync needs %d of the platform's %d", len(definition.Tags), spec.ReservedTags, maxTags)
	case slices.ContainsFunc(definition.Tags, func(tag string) bool { return strings.ContainsAny(tag, ",&") || strings.HasPrefix(tag, spec.TagPrefix) }):
		return fmt.Sprintf("its tags are %q, and those with a comma or an ampersand cannot be written", definition.Tags)
	}
	for _, b := range definition.Bindings {
		if g := groupOf(b.Type); g.refused != nil && g.write == nil {
			return fmt.Sprintf("it has a binding of type %q, which wfpsync does not upload", b.Type)
		}
		if !bindingName.MatchString(b.Name) {
			return fmt.Sprintf("the name of its binding %q is not a JavaScript identifier", b.Name)
		}
	}
	return cannotReproduce(definition.Code)
}

// breakCycles finds the bindings by which Workers need each other, so that none
// of them could be uploaded first; one of each circle is carried over instead.
func (im *importer) breakCycles() {
	open, closed := map[spec.Address]bool{}, map[spec.Address]bool{}
	var visit func(a spec.Address)
	visit = func(a spec.Address) {
		open[a] = true
		for _, b := range im.live.Resources[a].Resource.(spec.Scripted).AsScript().Bindings {
			for _, ref := range b.References() {
				switch {
				case ref.To == a || im.keys[ref.To] == "" || ref.To.Kind != spec.KindWorker || closed[ref.To]:
				case open[ref.To]:
					if im.inherit[a] == nil {
						im.inherit[a] = map[string]bool{}
					}
					im.inherit[a][b.Name] = true
				default:
					visit(ref.To)
				}
			}
		}
		delete(open, a)
		closed[a] = true
	}
	for _, a := range im.live.Addresses() {
		if a.Kind == spec.KindWorker && im.keys[a] != "" && !closed[a] {
			visit(a)
		}
	}
}

// write puts the file together.
func (im *importer) write() (*Imported, error) {
	var body [][]byte
	var head members
	head.set("version", 1.0)
	head.set("name", im.stack)
	if im.live.Account.ID != "" {
		head.set("account_id", im.live.Account.ID)
	}
	parts := []*document.Value{head.value()}
	lists, templates := im.writeAside()
	if len(lists) > 0 {
		var section members
		section.put("lists", lists.value())
		parts = append(parts, section.value())
	}
	for _, s := range sections {
		var entries members
		for _, a := range im.live.Addresses() {
			if a.Kind != s.Kind || im.keys[a] == "" {
				continue
			}
			var m members
			if im.keys[a] != nameOf(a) {
				m.set(s.nameBy, nameOf(a))
			}
			var comments []string
			if s.write != nil {
				comments = s.write(im, &m, im.live.Resources[a])
			}
			entry := document.NewMember(im.keys[a], m.value())
			entry.Comment = strings.Join(comments, "\n")
			entries = append(entries, entry)
			for _, comment := range comments {
				im.notes = append(im.notes, ImportNote{a, comment})
			}
		}
		if s.Kind == spec.KindUserWorker {
			entries = append(entries, templates...)
		}
		if len(entries) > 0 {
			var section members
			section.put(s.Section, entries.value())
			parts = append(parts, section.value())
		}
	}
	for _, part := range parts {
		var text bytes.Buffer
		if err := document.Write(&text, part); err != nil {
			return nil, err
		}
		body = append(body, text.Bytes())
	}
	slices.SortStableFunc(im.notes, func(a, b ImportNote) int { return a.Address.Compare(b.Address) })
	slices.SortFunc(im.files, func(a, b ImportedFile) int { return strings.Compare(a.Path, b.Path) })
	return &Imported{Document: append(im.header(), bytes.Join(body, []byte("\n"))...), Files: im.files, Notes: im.notes, Unread: im.unread}, nil
}

func (im *importer) header() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# yaml-language-server: $schema=./%s\n", SchemaFile)
	if im.source != "" {
		fmt.Fprintf(&b, "# Written by `wfpsync import` from %s, which is not needed any more.\n", im.source)
		return b.Bytes()
	}
	b.WriteString("# Written by `wfpsync import` from what the account has.\n")
	if im.adopts {
		b.WriteString("# What has `adopt: true` carries no mark yet: the first `wfpsync apply` writes it,\n" +
			"# and changes nothing else.\n")
	}
	for _, kind := range im.unread {
		fmt.Fprintf(&b, "# The credentials may not read what is a %s: nothing of it is in this file.\n", kind)
	}
	if len(im.leftOut) > 0 {
		b.WriteString("#\n# Not in this file, and left alone:\n")
		for _, text := range im.leftOut {
			fmt.Fprintf(&b, "#   %s\n", commentText(text))
		}
	}
	return b.Bytes()
}

// commentText returns text on one line.
func commentText(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, text)
}
