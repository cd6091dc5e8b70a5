package spec

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec/internal/document"
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

	// Unread are the kinds that the credentials may not read, and of which there
	// is nothing in the file.
	Unread []Kind
}

// ImportedFile is one file of code.
type ImportedFile struct {
	Path    string
	Content []byte
}

// ImportNote is what a person has to know about one resource.
type ImportNote struct {
	Address Address
	Message string
}

// SchemaFile is the file beside an imported stack file that editors complete
// with.
const SchemaFile = "wfpsync.schema.json"

// Import writes the stack file of a stack that would find everything in the
// snapshot as it is: what carries the stack's mark stays untouched, and what
// nobody manages is adopted. The Workers of the snapshot must have been read
// whole, with their code.
//
// What cannot be said is left out in a way that the next plan leaves it alone,
// and noted. So are the kinds that could not be read.
func Import(live *Snapshot, stack string, unread ...Kind) (*Imported, error) {
	im := &importer{
		live: live, stack: stack, unread: unread,
		keys: map[Address]string{}, taken: map[string]bool{}, ids: map[Kind]map[string]Address{},
		attached: map[Address][]Address{}, folders: map[string]string{}, inherit: map[Address]map[string]bool{},
	}
	im.index()
	im.breakCycles()
	return im.write()
}

// importer is a stack file in the making.
type importer struct {
	live     *Snapshot
	stack    string
	keys     map[Address]string          // of what the file declares
	taken    map[string]bool             // section and key
	ids      map[Kind]map[string]Address // platform ids of stores
	attached map[Address][]Address       // what belongs to each Worker, in order
	routes   []*Route                    // of Workers
	folders  map[string]string           // of each code, by digest
	inherit  map[Address]map[string]bool // bindings to carry over, lest Workers need each other
	files    []ImportedFile
	notes    []ImportNote
	leftOut  []string
	unread   []Kind
	adopts   bool
	source   string // the file that was imported; "" for an account
}

// nowhere is the place of values that no file has.
var nowhere = &document.Value{}

// members are the members of a map in the making.
type members []document.Member

// set adds a value that is written as it is: what looks like an expression in
// it is none.
func (m *members) set(key string, value any) {
	*m = append(*m, document.NewMember(key, document.FromJSON(withoutExpressions(value), nowhere)))
}

func (m *members) put(key string, value *document.Value) {
	*m = append(*m, document.NewMember(key, value))
}

// append adds an item to the list of a key.
func (m *members) append(key string, item any) {
	list := &document.Value{Kind: document.List}
	if i := m.find(key); i >= 0 {
		list = (*m)[i].Value
	}
	items := append(slices.Clone(list.Items), document.FromJSON(withoutExpressions(item), nowhere))
	m.replace(key, list.WithItems(items))
}

// inner are the members of the map of a key.
func (m members) inner(key string) members {
	if i := m.find(key); i >= 0 {
		return slices.Clone(m[i].Value.Members)
	}
	return nil
}

// replace gives a key another value, or its first one.
func (m *members) replace(key string, value *document.Value) {
	if i := m.find(key); i >= 0 {
		(*m)[i].Value = value
		return
	}
	m.put(key, value)
}

func (m members) find(key string) int {
	return slices.IndexFunc(m, func(member document.Member) bool { return member.Key == key })
}

func (m members) value() *document.Value {
	return document.FromJSON(Object{}, nowhere).WithMembers(m)
}

func withoutExpressions(value any) any {
	switch v := value.(type) {
	case string:
		return escaped(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = withoutExpressions(item)
		}
		return out
	case Object:
		out := Object{}
		for name, item := range v {
			out[name] = withoutExpressions(item)
		}
		return out
	}
	return value
}

// index gives everything that the file declares its key, and finds what belongs
// to which Worker.
func (im *importer) index() {
	im.findRoutes()
	for _, a := range im.live.Addresses() {
		if im.passesOver(a) {
			continue
		}
		if r, ok := im.live.Resources[a].Resource.(Attached); ok {
			im.attached[r.AttachedTo()] = append(im.attached[r.AttachedTo()], a)
			continue
		}
		if reason := im.cannotImport(a); reason != "" {
			im.leaveOut(a, reason)
			continue
		}
		im.keys[a] = im.newKey(a)
		if id, ok := im.live.ID(a); ok {
			if im.ids[a.Kind] == nil {
				im.ids[a.Kind] = map[string]Address{}
			}
			im.ids[a.Kind][id] = a
		}
	}
}

func (im *importer) leaveOut(a Address, reason string) {
	im.notes = append(im.notes, ImportNote{a, "left out: " + reason})
	im.leftOut = append(im.leftOut, fmt.Sprintf("%s: %s", a, reason))
}

var notForKeys = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// newKey is the name where that can be: references by name are references by
// key then.
func (im *importer) newKey(a Address) string {
	key := nameOf(a)
	if a.Kind == KindKVNamespace {
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
func (im *importer) cannotImport(a Address) string {
	live := im.live.Resources[a]
	script, ok := live.Resource.(Scripted)
	if !ok {
		return im.cannotImportFromZone(live)
	}
	rule := workerName
	if a.Kind == KindUserWorker {
		rule = userWorkerName
	}
	definition := script.Definition()
	switch owner := live.Revision.Owner; {
	case owner != "" && owner != im.stack:
		return fmt.Sprintf("it belongs to the stack %q", owner)
	case live.Revision.Template != "":
		return fmt.Sprintf("somebody else uploads it, and a template of the stack %q writes it", live.Revision.Template)
	case !rule.pattern.MatchString(a.Name):
		return "its name is none that wfpsync takes: " + rule.hint
	case len(definition.Tags) > maxTags-ReservedTags:
		return fmt.Sprintf("it has %d tags of its own, and wfpsync needs %d of the platform's %d", len(definition.Tags), ReservedTags, maxTags)
	case slices.ContainsFunc(definition.Tags, func(tag string) bool { return strings.ContainsAny(tag, ",&") || strings.HasPrefix(tag, TagPrefix) }):
		return fmt.Sprintf("its tags are %q, and those with a comma or an ampersand cannot be written", definition.Tags)
	}
	for _, b := range definition.Bindings {
		if _, refused := rawBindingAdvice[b.Type]; refused && !b.IsSecret() && b.Type != BindingAssets {
			return fmt.Sprintf("it has a binding of type %q, which wfpsync does not upload", b.Type)
		}
		if !bindingName.MatchString(b.Name) {
			return fmt.Sprintf("the name of its binding %q is no JavaScript identifier", b.Name)
		}
	}
	return cannotReproduce(definition.Code)
}

// breakCycles finds the bindings by which Workers need each other, so that none
// of them could be uploaded first; one of each circle is carried over instead.
func (im *importer) breakCycles() {
	open, closed := map[Address]bool{}, map[Address]bool{}
	var visit func(a Address)
	visit = func(a Address) {
		open[a] = true
		for _, b := range im.live.Resources[a].Resource.(Scripted).Definition().Bindings {
			for _, ref := range b.references() {
				switch {
				case ref.To == a || im.keys[ref.To] == "" || ref.To.Kind != KindWorker || closed[ref.To]:
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
		if a.Kind == KindWorker && im.keys[a] != "" && !closed[a] {
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
	for _, s := range sections {
		var entries members
		for _, a := range im.live.Addresses() {
			if a.Kind != s.kind || im.keys[a] == "" {
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
		if len(entries) > 0 {
			var section members
			section.put(s.key, entries.value())
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

// commentText is a text on one line.
func commentText(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, text)
}

// writeScript writes what Workers and user Workers have in common.
func (im *importer) writeScript(m *members, live *Live) (comments []string) {
	a, s := live.Resource.Address(), live.Resource.(Scripted).Definition()
	im.writeAdopt(m, live)
	if mark := live.Revision.Mark; mark != nil && mark.Protected {
		m.set("protect", true)
	}
	im.code(m, a, s.Code)
	date := s.CompatibilityDate
	if date == "" {
		date = oldestDate
		comments = append(comments, "it has no compatibility date, which to the platform means this one")
	}
	m.set("compatibility_date", date)
	if len(s.CompatibilityFlags) > 0 {
		m.set("compatibility_flags", sortedStrings(s.CompatibilityFlags))
	}
	if s.Assets != nil {
		comments = append(comments, "its static files cannot be read back, so each upload keeps the ones that are there; to manage them, put them into a folder and name it with assets.directory")
	}
	if s.MigrationTag != "" {
		comments = append(comments, fmt.Sprintf("its Durable Object migrations have run up to %q, and the account does not tell what they were; before you add one, list them all under `migrations`", s.MigrationTag))
	}
	kept, carried := im.bindings(m, a, s)
	if len(kept) > 0 {
		comments = append(comments, fmt.Sprintf("the values of %s cannot be read back, so each upload keeps the ones that are there", strings.Join(kept, ", ")))
	}
	if len(carried) > 0 {
		comments = append(comments, fmt.Sprintf("each upload keeps %s as it is: a key that cannot be read back, or a Worker that needs this one, too", strings.Join(carried, ", ")))
	}
	c := s.Canonical()
	for _, name := range ScriptOptions {
		if value, set := c[name]; set {
			m.set(name, value)
		}
	}
	if len(s.Tags) > 0 {
		m.set("tags", sortedStrings(s.Tags))
	}
	for i := range comments {
		comments[i] = commentText(comments[i])
	}
	return comments
}

// oldestDate is what the platform takes for no compatibility date. Source: as of
// [loader.loadCompatibilityDate].
const oldestDate = "2021-11-02"

// code names a Worker's code, which is in a folder that it shares with all
// Workers of the same code.
func (im *importer) code(m *members, a Address, code *Code) {
	if code.IsNone() {
		return
	}
	folder, known := im.folders[code.Digest]
	if !known {
		folder = path.Join("src", im.newFolder(a))
		im.folders[code.Digest] = folder
		for _, module := range code.Modules {
			im.files = append(im.files, ImportedFile{path.Join(folder, module.Name), module.Content})
		}
	}
	m.set("main", "./"+path.Join(folder, code.MainModule))
	m.set("no_bundle", true)
	if rules := rulesFor(code); len(rules) > 0 {
		m.set("rules", rules)
	}
}

func (im *importer) newFolder(a Address) string {
	name := a.Name
	for n := 2; im.taken["folder/"+name]; n++ {
		name = fmt.Sprintf("%s-%d", a.Name, n)
	}
	im.taken["folder/"+name] = true
	return name
}

// rulesFor are the rules by which no_bundle takes the modules beside the main
// one: each by its name.
func rulesFor(code *Code) []any {
	globs := map[string][]string{}
	for _, module := range code.Modules {
		if module.Name != code.MainModule {
			name := ruleName(module.Type)
			globs[name] = append(globs[name], module.Name)
		}
	}
	var rules []any
	for _, name := range slices.Sorted(maps.Keys(globs)) {
		rules = append(rules, Object{"type": name, "globs": sortedStrings(globs[name])})
	}
	return rules
}

// ruleName is wrangler's name of a type of modules; "" for one without.
func ruleName(kind ModuleType) string {
	for name, t := range ruleTypes {
		if t == kind {
			return name
		}
	}
	return ""
}

var (
	modulePath = regexp.MustCompile(`^[A-Za-z0-9_@+~=,.-]+(/[A-Za-z0-9_@+~=,.-]+)*$`)
	hiddenPath = regexp.MustCompile(`(^|/)(\.[^/]*/|\.{1,2}$|node_modules/)`)
)

// cannotReproduce says why uploading files would not give the same modules; ""
// when it would.
func cannotReproduce(code *Code) string {
	if code.IsNone() {
		return ""
	}
	if code == nil || len(code.Modules) == 0 {
		return "its code cannot be read"
	}
	if extension := path.Ext(code.MainModule); strings.Contains(code.MainModule, "/") || extension != ".js" && extension != ".mjs" {
		return fmt.Sprintf("its main module is called %q, and wfpsync uploads main modules like index.js as they are", code.MainModule)
	}
	for _, module := range code.Modules {
		switch {
		case module.Name == code.MainModule && module.Type != ESModule:
			return fmt.Sprintf("its code is of type %q, and wfpsync uploads ES modules", module.Type)
		case ruleName(module.Type) == "":
			return fmt.Sprintf("its module %q is of type %q, for which there is no rule", module.Name, module.Type)
		case !modulePath.MatchString(module.Name) || hiddenPath.MatchString(module.Name):
			return fmt.Sprintf("its module %q cannot be a file under that name", module.Name)
		}
	}
	return ""
}

// Workers are the Workers and user Workers of a snapshot, in order.
func (s *Snapshot) Workers() []Address {
	return slices.DeleteFunc(s.Addresses(), func(a Address) bool {
		_, scripted := s.Resources[a].Resource.(Scripted)
		return !scripted
	})
}

// Owners are the stacks that own something in a snapshot, in order.
func (s *Snapshot) Owners() []string {
	owners := map[string]bool{}
	for _, live := range s.Resources {
		owners[live.Revision.Owner] = true
	}
	delete(owners, "")
	return slices.Sorted(maps.Keys(owners))
}

// Jurisdictions are the collections of buckets that Workers of a snapshot are
// bound to, and that were not read.
func (s *Snapshot) Jurisdictions() []Collection {
	found := map[Collection]bool{}
	for _, a := range s.Workers() {
		for _, ref := range s.Resources[a].Resource.References() {
			if c := ref.To.Collection(); c.Kind == KindR2Bucket && !s.Read(c) {
				found[c] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), Collection.Compare)
}

// About is the part of a snapshot that belongs to a dispatch namespace: its user
// Workers, the Workers that dispatch to it, and whatever those refer to.
func (s *Snapshot) About(namespace string) *Snapshot {
	part := NewSnapshot(s.Account)
	part.Collections = s.Collections
	byID := map[string]Address{}
	for a := range s.Resources {
		if id, ok := s.ID(a); ok && (a.Kind == KindKVNamespace || a.Kind == KindD1Database) {
			byID[id] = a
		}
	}
	var include func(a Address)
	include = func(a Address) {
		live, part := s.Resources[a], part.Resources
		if live == nil || part[a] != nil || a.Kind == KindDispatchNamespace && a.Name != namespace {
			return
		}
		part[a] = live
		for _, ref := range live.Resource.References() {
			include(ref.To)
		}
		if script, ok := live.Resource.(Scripted); ok {
			for _, b := range script.Definition().Bindings {
				id, _ := b.Canonical()[idProperty[b.Type]].(string)
				include(byID[id])
			}
		}
	}
	root := Address{Kind: KindDispatchNamespace, Name: namespace}
	include(root)
	for a, live := range s.Resources {
		refs := live.Resource.References()
		if a.Kind == KindUserWorker && a.Parent == namespace || a.Kind == KindWorker && slices.ContainsFunc(refs, func(r Reference) bool { return r.To == root }) {
			include(a)
		}
	}
	for a, live := range s.Resources {
		if r, ok := live.Resource.(Attached); ok && part.Resources[r.AttachedTo()] != nil {
			include(a)
		}
	}
	return part
}
