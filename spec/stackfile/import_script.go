package stackfile

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// oldestDate is what the platform takes for no compatibility date. Source: as of
// [loader.loadCompatibilityDate].
const oldestDate = "2021-11-02"

var (
	modulePath = regexp.MustCompile(`^[A-Za-z0-9_@+~=,.-]+(/[A-Za-z0-9_@+~=,.-]+)*$`)
	hiddenPath = regexp.MustCompile(`(^|/)(\.[^/]*/|\.{1,2}$|node_modules/)`)
)

// writeScript writes what Workers and user Workers have in common.
func (im *importer) writeScript(m *members, live *spec.Live) (comments []string) {
	a, s := live.Resource.Address(), live.Resource.(spec.Scripted).AsScript()
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
		m.set("compatibility_flags", canon.SortedStrings(s.CompatibilityFlags))
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
	for _, name := range spec.ScriptOptions {
		if value, set := c[name]; set {
			m.set(name, value)
		}
	}
	if len(s.Tags) > 0 {
		m.set("tags", canon.SortedStrings(s.Tags))
	}
	for i := range comments {
		comments[i] = commentText(comments[i])
	}
	return comments
}

// code names a Worker's code, which is in a folder that it shares with all
// Workers of the same code.
func (im *importer) code(m *members, a spec.Address, code *spec.Code) {
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

func (im *importer) newFolder(a spec.Address) string {
	name := a.Name
	for n := 2; im.taken["folder/"+name]; n++ {
		name = fmt.Sprintf("%s-%d", a.Name, n)
	}
	im.taken["folder/"+name] = true
	return name
}

// rulesFor returns the rules by which no_bundle takes the modules beside the
// main one: each by its name.
func rulesFor(code *spec.Code) []any {
	globs := map[string][]string{}
	for _, module := range code.Modules {
		if module.Name != code.MainModule {
			name := ruleName(module.Type)
			globs[name] = append(globs[name], module.Name)
		}
	}
	var rules []any
	for _, name := range slices.Sorted(maps.Keys(globs)) {
		rules = append(rules, spec.Object{"type": name, "globs": canon.SortedStrings(globs[name])})
	}
	return rules
}

// ruleName returns wrangler's name of a type of modules; "" for one without.
func ruleName(kind spec.ModuleType) string {
	for name, t := range ruleTypes {
		if t == kind {
			return name
		}
	}
	return ""
}

// cannotReproduce says why uploading files would not give the same modules; ""
// when it would.
func cannotReproduce(code *spec.Code) string {
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
		case module.Name == code.MainModule && module.Type != spec.ESModule:
			return fmt.Sprintf("its code is of type %q, and wfpsync uploads ES modules", module.Type)
		case ruleName(module.Type) == "":
			return fmt.Sprintf("its module %q is of type %q, which no rule covers", module.Name, module.Type)
		case !modulePath.MatchString(module.Name) || hiddenPath.MatchString(module.Name):
			return fmt.Sprintf("its module %q cannot be a file under that name", module.Name)
		}
	}
	return ""
}
