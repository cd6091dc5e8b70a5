package stackfile

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/schema"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/complaint"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/explain"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/wrangler"
)

// A Worker may take over what wrangler's own configuration says of it:
//
//	from_wrangler: ./apps/router/wrangler.jsonc
//	from_wrangler: { path: ./wrangler.toml, environment: production }
//
// It lies over `defaults` and the profile, and below what stands beside it.
// Texts in it mean what they mean to wrangler: `${…}` is no expression there.
const fromWranglerKey = "from_wrangler"

// wranglerFiles are the configurations that have been read.
type wranglerFiles struct {
	*complaint.Collector
	project fs.FS
	files   map[string]*document.Value // each once; nil where there is something wrong in it

	// imports are what Workers take over, nil after a complaint, and order
	// lists them in the order of the stack file.
	imports map[wranglerImport]*wrangler.Config
	order   []*wrangler.Config

	// said are those whose findings have been reported.
	said map[*wrangler.Config]bool
}

// wranglerImport is a place of the stack file and what it names.
type wranglerImport struct {
	file, environment string
	at                diag.Range
}

func newWranglerFiles(c *complaint.Collector, project fs.FS) *wranglerFiles {
	return &wranglerFiles{
		Collector: c,
		project:   project,
		files:     map[string]*document.Value{},
		imports:   map[wranglerImport]*wrangler.Config{},
		said:      map[*wrangler.Config]bool{},
	}
}

// importWrangler sets what an entry takes over.
func (x *expansion) importWrangler(e *entry) {
	from := e.member.Value.Get(fromWranglerKey)
	if from == nil || !e.section.worker {
		return
	}
	before := x.About(e.about()) // which complaints are about
	defer x.About(before)

	from = x.Expand(from, e.values)
	file, environment := from, (*document.Value)(nil)
	if from.Kind == document.Map {
		file, environment = from.Get("path"), from.Get("environment")
	}
	e.missing = true
	for _, v := range []*document.Value{file, environment} {
		if v.Failed() {
			return
		}
	}
	if file == nil || file.Kind != document.String {
		x.Report(spec.RuleWranglerFile, from.Range(), fmt.Sprintf("expected the path of a file, got %s", from.Describe()), wranglerFileHint)
		return
	}
	if environment != nil && environment.Kind != document.String && environment.Kind != document.Null {
		x.Report(spec.RuleWranglerEnvironment, environment.Range(), fmt.Sprintf("expected the name of an environment, got %s", environment.Describe()), "")
		return
	}
	e.imported = x.wrangler.readImport(file, environment)
	e.missing = e.imported == nil
}

// readImport returns what a file says of an environment; nil after a complaint.
func (w *wranglerFiles) readImport(file, environment *document.Value) *wrangler.Config {
	key := wranglerImport{path.Clean(file.Text), environment.String(), file.Range()}
	if config, known := w.imports[key]; known {
		return config
	}
	w.imports[key] = nil
	root := w.readWrangler(key.file, file)
	if root == nil {
		return nil
	}
	config := wrangler.Read(root, key.environment, path.Dir(key.file))
	if config == nil {
		w.reportNoWranglerEnvironment(key, root, environment)
		return nil
	}
	w.imports[key] = config
	w.order = append(w.order, config)
	if built := w.builtFrom(key.file); built != "" {
		w.Warn(spec.RuleWranglerNoEffect, file.Range(), fmt.Sprintf("wrangler deploy would take %q, which a build has made of %q", built, key.file),
			fmt.Sprintf("if the build's result is to be deployed, write from_wrangler: ./%s", built))
	}
	return config
}

// builtFrom is the configuration that a build tool has told wrangler to deploy
// instead of one beside its note; "" if none has.
func (w *wranglerFiles) builtFrom(name string) string {
	note := path.Join(path.Dir(name), ".wrangler/deploy/config.json")
	info, err := fs.Stat(w.project, note)
	if err != nil || !info.Mode().IsRegular() || info.Size() > wrangler.MaxSize {
		return ""
	}
	content, _ := fs.ReadFile(w.project, note)
	var redirect struct{ ConfigPath string }
	_ = json.Unmarshal(content, &redirect) // another form of note is wrangler's to complain about
	built := path.Join(path.Dir(note), redirect.ConfigPath)
	if info, err := fs.Stat(w.project, built); redirect.ConfigPath == "" || built == name || err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return built
}

func (w *wranglerFiles) reportNoWranglerEnvironment(key wranglerImport, root, environment *document.Value) {
	names := wrangler.Environments(root)
	hint := "it has no environments"
	if near := diag.Nearest(key.environment, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if len(names) > 0 {
		hint = "its environments are " + strings.Join(names, ", ")
	}
	w.Report(spec.RuleWranglerEnvironment, environment.Range(), fmt.Sprintf("%[2]q has no environment %[1]q", key.environment, key.file), hint)
}

const wranglerFileHint = "name a wrangler.jsonc, wrangler.json or wrangler.toml in the stack file's folder, as in ./apps/router/wrangler.jsonc"

// readWrangler reads a file of the project; nil after a complaint.
func (w *wranglerFiles) readWrangler(name string, given *document.Value) *document.Value {
	if value, known := w.files[name]; known {
		return value
	}
	refuse := func(message, hint string) *document.Value {
		w.Report(spec.RuleWranglerFile, given.Range(), message, hint)
		return nil
	}
	if !fs.ValidPath(name) || strings.Contains(name, `\`) {
		return refuse(fmt.Sprintf("%q is not in the stack file's folder", given.Text), wranglerFileHint)
	}
	if !slices.Contains(wrangler.Extensions, path.Ext(name)) {
		return refuse(fmt.Sprintf("%q is not a wrangler configuration", given.Text), wranglerFileHint)
	}
	// A pipe or a device is not opened, because that alone can wait forever.
	info, err := fs.Stat(w.project, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refuse(fmt.Sprintf("file %q not found", given.Text), "write the path from the stack file's folder")
	case err == nil && !info.Mode().IsRegular():
		return refuse(fmt.Sprintf("%q is not a file", given.Text), wranglerFileHint)
	case err == nil && info.Size() > wrangler.MaxSize:
		return refuse(fmt.Sprintf("%q is larger than %d bytes", given.Text, wrangler.MaxSize), "is this the right file?")
	}
	var content []byte
	if err == nil {
		content, err = fs.ReadFile(w.project, name)
	}
	if err != nil {
		return refuse(fmt.Sprintf("%q cannot be read: %v", given.Text, err), "")
	}
	value, diagnostics := wrangler.Parse(name, content)
	w.Add(diagnostics)
	w.files[name] = value
	if value != nil {
		w.AddSource(name, value)
	}
	return value
}

// givenName returns the name that the entry gives, itself or by what it takes
// over.
func (e entry) givenName() *document.Value {
	name := e.member.Value.Get(e.section.nameBy)
	switch {
	case e.imported == nil:
		return name
	case name == nil:
		return e.imported.Worker.Get("name")
	case isNull(name):
		return nil
	}
	return name
}

// own returns what the entry says itself or takes over, without what is below.
func (e entry) own() *document.Value {
	if e.imported == nil {
		return e.member.Value
	}
	return document.Merge(e.imported.Worker, e.member.Value)
}

// withImported lays what the entry says itself over what it takes over, and that
// over what is below. A null beside `from_wrangler` has done its work then.
func (e entry) withImported(below *document.Value) *document.Value {
	if e.imported == nil {
		return document.Merge(below, e.member.Value)
	}
	merged := document.Merge(document.Merge(below, e.imported.Worker), e.member.Value.Without(fromWranglerKey))
	return merged.Without(e.takenAway()...)
}

func isNull(v *document.Value) bool {
	return v != nil && v.Kind == document.Null && !v.Failed()
}

// takenAway returns the keys beside `from_wrangler` that are null.
func (e entry) takenAway() []string {
	var keys []string
	for _, m := range e.member.Value.Members {
		if isNull(m.Value) {
			keys = append(keys, m.Key)
		}
	}
	return keys
}

var besideImport = regexp.MustCompile(`^(/(?:workers|user_workers)/[^/]+)/[^/]+$`)

// takesAway reports whether a violation is about a null beside `from_wrangler`,
// which leaves out what that file says; see also [loader.checkTakenAway].
func takesAway(root *document.Value, v schema.Violation, value *document.Value) bool {
	m := besideImport.FindStringSubmatch(v.Pointer)
	if m == nil || value.Kind != document.Null {
		return false
	}
	worker, _ := root.Find(m[1])
	return worker.Get(fromWranglerKey) != nil
}

// checkImported says what of wrangler's configuration is not taken over.
func (l *loader) checkImported(e entry) {
	if e.imported == nil {
		return
	}
	l.checkRequiredSecrets(e)
	if l.wrangler.said[e.imported] {
		return
	}
	l.wrangler.said[e.imported] = true
	l.checkTakenAway(e)
	l.checkImportedAccount(e)
	beside := e.member.Value
	for _, f := range e.imported.Findings {
		given := beside.Get(f.Member.Key)
		if f.Within != "" {
			given = beside.Get(f.Within)
		}
		if f.Confidential {
			l.Mask(f.Member.Value)
		}
		switch f.Kind {
		case wrangler.Unknown:
			if !isNull(given) {
				l.reportUnknownWranglerKey(f)
			}
		case wrangler.Refused:
			if !isNull(given) && (given == nil || f.Within == "") {
				l.Report(spec.RuleWranglerKey, f.Member.Range(), f.Message, nativeGroups(f))
			}
		default:
			if given == nil || f.Within != "" && given.Member(f.Member.Key) == nil {
				l.Warn(spec.RuleWranglerNoEffect, f.Member.Range(), f.Message, f.Hint)
			}
		}
	}
}

// nativeGroups returns the hint of a finding. For bindings that wrangler sends
// unchecked, the hint names the keys that are for their types.
func nativeGroups(f wrangler.Finding) string {
	var keys []string
	for _, item := range f.Member.Value.Get("bindings").ItemsOrNil() {
		group := groupOf(item.Get("type").String())
		if key := cmp.Or(group.byName, strings.ReplaceAll(group.key, "/", ".")); key != "" && group.of != "" {
			keys = append(keys, fmt.Sprintf("%q under `%s`", item.Get("name").String(), key))
		}
	}
	if f.Member.Key != "unsafe" || len(keys) == 0 {
		return f.Hint
	}
	return fmt.Sprintf("write %s, and any other into `bindings`; `unsafe: null` beside `from_wrangler` leaves them out", strings.Join(keys, " and "))
}

// checkTakenAway refuses a null that takes nothing away, and so is misspelt.
func (l *loader) checkTakenAway(e entry) {
	for _, key := range e.takenAway() {
		if e.imported.Has(key) || slices.Contains(wrangler.Keys(), key) || slices.Contains(schema.WorkerKeys(), key) {
			continue
		}
		m, hint := e.member.Value.Member(key), ""
		if near := diag.Nearest(key, wrangler.Keys()); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		l.Report(spec.RuleUnknownKey, m.Range(), fmt.Sprintf("unknown key %q", key), hint)
	}
}

func (l *loader) reportUnknownWranglerKey(f wrangler.Finding) {
	d := diag.Diagnostic{Rule: spec.RuleUnknownKey, Message: f.Message}
	switch near := diag.Nearest(f.Member.Key, wrangler.Keys()); {
	case f.Confidential:
		d.Hint = "the only key here is required: a list of names"
	case slices.Contains(schema.WorkerKeys(), f.Member.Key):
		d.Hint = "it is a key of the stack file: write it there, beside `from_wrangler`"
	case near != "":
		d.Hint = fmt.Sprintf("did you mean %q?", near)
	default:
		d.Hint = fmt.Sprintf("wfpsync does not know this key of wrangler; `%s: null` beside `from_wrangler` leaves it out", f.Member.Key)
	}
	explain.Credentials(l.Collector, &d, f.Member)
	l.Report(d.Rule, f.Member.Range(), d.Message, d.Hint)
}

// checkImportedAccount refuses to deploy to another account than wrangler would.
func (l *loader) checkImportedAccount(e entry) {
	account, ours := e.imported.AccountID, l.stack.AccountID
	if account == nil || account.Text == ours || isNull(e.member.Value.Get("account_id")) {
		return
	}
	hint := fmt.Sprintf("write account_id: %s at the top of the stack file, or account_id: null beside `from_wrangler`", account.Text)
	if ours != "" {
		hint = fmt.Sprintf("the stack file is for %s: correct one of the two, or write account_id: null beside `from_wrangler`", ours)
	}
	l.Report(spec.RuleWranglerKey, account.Range(), fmt.Sprintf("wrangler would deploy this to the account %q, and the stack file names another", account.Text), hint)
}

// checkRequiredSecrets refuses a Worker without the secrets that wrangler
// requires to deploy it.
func (l *loader) checkRequiredSecrets(e entry) {
	for _, name := range e.imported.RequiredSecrets {
		if e.value.Get("secrets").Get(name.Text) == nil {
			l.Report(spec.RuleRequiredSecret, name.Range(), fmt.Sprintf("%q needs the secret %q, and nothing says where it comes from", e.key, name.Text),
				fmt.Sprintf("write secrets: { %[1]s: { env: %[1]s } } beside `from_wrangler`, and set that variable where wfpsync runs", name.Text))
		}
	}
}
