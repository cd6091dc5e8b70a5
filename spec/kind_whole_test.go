package spec

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
	"github.com/wfpsync/wfpsync/internal/tabletest"
)

// The descriptions of kinds and of binding types are compared with other
// sources: the schemas, the Go types, and the local account, which knows the
// platform independently. Differences are named.

func TestKindsAreWhole(t *testing.T) {
	w := readWorld(t)
	tabletest.Table[KindInfo]{
		Rows: kinds, File: "spec/kind.go",
		Name:    func(k KindInfo) string { return string(k.Kind) },
		RowFile: func(k KindInfo) string { return fileOf(k.Kind) },
		Ask:     func(rows []KindInfo) []string { return w.missing(rows, otherBindings) },
	}.Check(t)
}

func TestBindingTypesAreWhole(t *testing.T) {
	w := readWorld(t)
	tabletest.Table[BindingType]{
		Rows: otherBindings, File: bindingFile,
		Name:    func(b BindingType) string { return b.Name },
		RowFile: func(BindingType) string { return bindingFile },
		Ask:     func(rows []BindingType) []string { return w.missing(kinds, rows) },
	}.Check(t)
}

const bindingFile = "spec/binding_type.go"

func fileOf(k Kind) string { return "spec/" + string(k) + ".go" }

// world is what is known of kinds and binding types outside of this package.
type world struct {
	kinds      []Kind // in plans
	properties map[string]schemaOf
	defs       map[string]schemaOf
	bindings   []string // in the local account
}

// schemaOf is what is read of a schema.
type schemaOf struct {
	Description          string
	Properties           map[string]schemaOf
	AdditionalProperties any
	Items                *schemaOf
	Enum                 []any
	Defs                 map[string]schemaOf `json:"$defs"`
}

func readWorld(t *testing.T) world {
	t.Helper()
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	var stack, plan schemaOf
	for name, into := range map[string]*schemaOf{"schema/stack.schema.json": &stack, "schema/plan.schema.json": &plan} {
		if err := json.Unmarshal(read(name), into); err != nil {
			t.Fatal(err)
		}
	}
	table := read("internal/emulator/store/binding_type.go")
	w := world{properties: stack.Properties, defs: stack.Defs, bindings: []string{store.SecretText}}
	for _, name := range plan.Defs["kind"].Enum {
		w.kinds = append(w.kinds, Kind(name.(string)))
	}
	for _, m := range regexp.MustCompile(`BindingType\{Name: "(\w+)"`).FindAllSubmatch(table, -1) {
		w.bindings = append(w.bindings, string(m[1]))
	}
	return w
}

// section returns the key that declares resources of a kind; "" for none.
func (w world) section(k Kind) string {
	for key, p := range w.properties {
		if ref, ok := p.AdditionalProperties.(map[string]any); ok && ref["$ref"] == "#/$defs/"+string(k) {
			return key
		}
	}
	return ""
}

// missing returns a sentence for everything that the tables lack.
func (w world) missing(kinds []KindInfo, others []BindingType) (sentences []string) {
	say := func(format string, args ...any) { sentences = append(sentences, fmt.Sprintf(format, args...)) }
	byKind := map[Kind]KindInfo{}
	for _, k := range kinds {
		byKind[k.Kind] = k
		if !slices.Contains(w.kinds, k.Kind) {
			say("schema/plan.schema.json has no kind %q, which %s describes", k.Kind, fileOf(k.Kind))
		}
	}
	for _, name := range w.kinds {
		if _, found := byKind[name]; !found {
			say("no row of spec/kind.go has the Kind %q of schema/plan.schema.json: is it described in %s?", name, fileOf(name))
		}
	}
	for _, k := range kinds {
		lacks := func(field, format string, args ...any) {
			say("%s of %s, in %s, is wrong: %s", field, k.Kind, fileOf(k.Kind), fmt.Sprintf(format, args...))
		}
		w.askWords(k, lacks)
		w.askSchema(k, lacks)
		w.askResource(k, byKind, lacks)
		w.askReached(k, lacks)
		for _, b := range k.Bindings {
			w.askBinding(b, k.Kind, func(field, format string, args ...any) {
				lacks(field, "of its binding type %q: %s", b.Name, fmt.Sprintf(format, args...))
			})
		}
	}
	for _, b := range others {
		w.askBinding(b, "", func(field, format string, args ...any) {
			say("%s of the binding type %q, in %s, is wrong: %s", field, b.Name, bindingFile, fmt.Sprintf(format, args...))
		})
	}
	return append(sentences, w.undescribed(kinds, others)...)
}

type complaint func(field, format string, args ...any)

// askWords checks fields that can only be checked for being set. The
// documentation shows the permission; see kinds_test.go at the top.
func (w world) askWords(k KindInfo, lacks complaint) {
	for field, value := range map[string]string{
		"Singular": k.Singular, "Plural": k.Plural, "Product": string(k.Product),
		"Scope": k.Permission.Scope, "Name": k.Permission.Name, "Level": k.Permission.Level,
	} {
		if value == "" {
			lacks(field, "there is none")
		}
	}
}

// askSchema checks what the schema of stack files tells people.
func (w world) askSchema(k KindInfo, lacks complaint) {
	section := w.section(k.Kind)
	if k.Section != section {
		lacks("Section", "it is %q, and schema/stack.schema.json declares the kind under %q", k.Section, section)
	}
	if stays := strings.Contains(w.properties[section].Description, "stays in the account, with its "); k.Store != stays {
		lacks("Store", "it is %t, and the description of %q in the schema says %t", k.Store, section, stays)
	}
	for name, p := range w.defs[string(k.Kind)].Properties {
		if says := strings.Contains(p.Description, " replaces the "); says != slices.Contains(k.ForceNew, name) {
			lacks("ForceNew", "it is %q, and the description of %q in the schema says %t", k.ForceNew, name, says)
		}
		if says := strings.Contains(p.Description, "counts only when the "); says != slices.Contains(k.CreateOnly, name) {
			lacks("CreateOnly", "it is %q, and the description of %q in the schema says %t", k.CreateOnly, name, says)
		}
	}
	guarded := strings.ReplaceAll(w.properties["guards"].Description, "user Workers", map[bool]string{true: "user Workers"}[k.Kind == KindUserWorker])
	if counted := k.Plural != "" && strings.Contains(guarded, k.Plural); k.LimitedByGuards != counted && k.Plural != "" {
		lacks("LimitedByGuards", "it is %t, and the description of `guards` in the schema says %t", k.LimitedByGuards, counted)
	}
}

// containers maps the fields that are part of an address to containers.
var containers = map[string]Container{
	"": ContainerAccount, "dispatch_namespace": ContainerDispatchNamespace, "jurisdiction": ContainerJurisdiction,
	"kv_namespace": ContainerKVNamespace, "queue": ContainerQueue, "worker": ContainerWorker, "zone": ContainerZone,
}

// askResource checks the Go type of the kind.
func (w world) askResource(k KindInfo, byKind map[Kind]KindInfo, lacks complaint) {
	if k.decode == nil {
		lacks("decode", "there is none")
		return
	}
	resource, err := k.decode([]byte("{}"))
	if err != nil {
		lacks("decode", "%v", err)
		return
	}
	v := reflect.ValueOf(resource).Elem()
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); v.Field(i).Kind() == reflect.String {
			v.Field(i).SetString(name)
		}
	}
	a := resource.Address()
	parent := a.Parent
	if parent == "" && a.Name == "worker" { // a Worker has at most one
		parent = a.Name
	}
	if k.Container != containers[parent] {
		lacks("Container", "it is %d, and the parent in the address of %s is its %q", k.Container, v.Type(), parent)
	}
	if holder, found := byKind[Kind(parent)]; found && k.Section != "" && holder.Holds != k.Kind {
		say := "Holds of %s, in %s: it is %q, and the addresses of %s have one as their parent"
		lacks(fmt.Sprintf(say, holder.Kind, fileOf(holder.Kind), holder.Holds, k.Kind), "the two disagree")
	}
	_, scripted := resource.(Scripted)
	if k.Script != scripted {
		lacks("Script", "it is %t, and that %s is Scripted is %t", k.Script, v.Type(), scripted)
	}
	if _, digested := resource.(interface{ ValueDigest() string }); k.CarriesDigest != (scripted || digested) {
		lacks("CarriesDigest", "it is %t, and %s has a digest for a mark", k.CarriesDigest, v.Type())
	}
}

// leads are the kinds, in addition to stores, that the local account knows
// bindings to lead to.
var leads = map[store.Lead]Kind{
	store.ToWorker: KindWorker, store.ToObjectClass: KindWorker, store.ToWorkflow: KindWorker, store.ToDispatchNamespace: KindDispatchNamespace,
}

// askReached checks whether Workers reach resources of the kind.
func (w world) askReached(k KindInfo, lacks complaint) {
	has := func(name string) bool {
		return slices.ContainsFunc(k.Bindings, func(b BindingType) bool { return b.Name == name })
	}
	for _, name := range w.bindings {
		if leads[store.BindingTypeOf(name).Leads] == k.Kind && !has(name) {
			lacks("Bindings", "the local account knows that %q leads to one", name)
		}
	}
	for _, group := range w.defs {
		if group.Items != nil && k.Section != "" && strings.Contains(group.Items.Properties["ref"].Description, "`"+k.Section+"`") && len(k.Bindings) == 0 {
			lacks("Bindings", "there is none, and the schema has a `ref` for `%s`", k.Section)
		}
	}
}

// askBinding checks a binding type against the local account, the schema and
// the samples below.
func (w world) askBinding(b BindingType, kind Kind, lacks complaint) {
	local := store.BindingTypeOf(b.Name)
	if !slices.Contains(w.bindings, b.Name) {
		lacks("Name", "the local account has no type %q", b.Name)
		return
	}
	if kind != "" && b.ID == "" && b.NameBy == "" && b.targets == nil {
		lacks("ID, NameBy and targets", "nothing says which resource it leads to")
	}
	if class := local.Leads == store.ToObjectClass || local.Leads == store.ToWorkflow; b.class != class {
		lacks("class", "it is %t, and the local account says %t", b.class, class)
	}
	value, managed := "", ""
	switch {
	case local.Secret:
		managed = FieldSecrets
	case local.Size != nil:
		value, managed = local.Required, FieldVars
	case local.Leads == store.ToAssets:
		managed = FieldAssets
	}
	if b.Value != value {
		lacks("Value", "it is %q, and the local account counts the bytes of %q", b.Value, value)
	}
	if b.managedBy != managed {
		lacks("managedBy", "it is %q, and the local account says %q", b.managedBy, managed)
	}
	if (b.KeyMaterial != nil) != local.Secret {
		lacks("KeyMaterial", "it is %q, and the local account keeps values back: %t", b.KeyMaterial, local.Secret)
	}
	if want := w.isReplaceable(b.Name, local); b.Replaceable != want {
		lacks("Replaceable", "it is %t, and a binding is nothing but its name or a value that is shown: %t", b.Replaceable, want)
	}
	if forms, found := twoForms[b.Name]; found && !sameForm(b, forms) {
		lacks("canonical", "the API answers %v and %v for the same", forms[0], forms[1])
	}
}

// isReplaceable reports whether the schema has only a name for bindings of a
// type, or they are values.
func (w world) isReplaceable(name string, local store.BindingType) bool {
	group, found := w.defs[name+"_binding"]
	return found && len(group.Properties) == 1 || local.Value != nil && !local.Secret || local.Leads == store.ToAssets
}

// twoForms are properties as they are written, and as the API returns them.
var twoForms = map[string][2]Object{
	BindingD1:                {{"id": "x"}, {"database_id": "x"}},
	BindingR2Bucket:          {{"bucket_name": "x"}, {"bucket_name": "x", "jurisdiction": NoJurisdiction}},
	BindingService:           {{"service": "x"}, {"service": "x", "environment": "production"}},
	BindingDurableObject:     {{"class_name": "C"}, {"class_name": "C", "namespace_id": "1"}},
	BindingDispatchNamespace: {{"namespace": "n"}, {"namespace": "n", "outbound": nil}},
	BindingSendEmail:         {{"allowed_sender_addresses": []any{"a", "b"}}, {"allowed_sender_addresses": []any{"b", "a"}}},
}

func sameForm(b BindingType, forms [2]Object) bool {
	if b.canonical == nil {
		return false
	}
	for i := range forms {
		forms[i] = maps.Clone(forms[i])
		b.canonical(forms[i])
	}
	return cmp.Equal(forms[0], forms[1])
}

// undescribed returns the types that something is known of and that are in no
// table.
func (w world) undescribed(kinds []KindInfo, others []BindingType) (sentences []string) {
	described := map[string]bool{}
	for _, k := range kinds {
		for _, b := range k.Bindings {
			described[b.Name] = true
		}
	}
	for _, b := range others {
		described[b.Name] = true
	}
	for _, name := range w.bindings {
		local := store.BindingTypeOf(name)
		_, formed := twoForms[name]
		if known := formed || local.Secret || local.Size != nil || w.isReplaceable(name, local); known && !described[name] {
			sentences = append(sentences, fmt.Sprintf("no row of %s, and no kind, has the Name %q", bindingFile, name))
		}
	}
	return sentences
}
