package account

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/wfpsync/wfpsync/internal/tabletest"
	"github.com/wfpsync/wfpsync/spec"
)

// TestEveryKindIsWhole checks the operations of each kind against the kind's
// description, what goes over the wire, and what the local account answers.
func TestEveryKindIsWhole(t *testing.T) {
	local := openLocal(t)
	zone := local.ensureZone(t, "example.com")
	known := map[string]error{} // each check is sent once
	asked := pagesOnTheWire(t)
	tabletest.Table[kindOps]{
		Rows: table, File: "internal/account/account.go",
		Name:    func(c kindOps) string { return string(c.kind) },
		RowFile: func(c kindOps) string { return fileOf(c.kind) },
		Ask: func(rows []kindOps) []string {
			return missingInOps(rows, asked, func(e endpoints) error {
				id := map[string]string{"accounts": local.id, "zones": zone}[e.scope]
				path, query := e.checkRequest(id)
				request := path + "?" + query.Encode()
				if _, sent := known[request]; !sent {
					_, known[request] = local.api.Send(t.Context(), http.MethodGet, path, query, nil)
				}
				return known[request]
			})
		},
	}.Check(t)
}

func fileOf(kind spec.Kind) string { return "internal/account/" + string(kind) + ".go" }

// pagesOnTheWire returns how many resources the list of each kind asks for at
// once.
func pagesOnTheWire(t *testing.T) map[spec.Kind]int {
	t.Helper()
	asked := map[spec.Kind]int{}
	for _, c := range table {
		if c.kind.Info().Container == spec.ContainerKVNamespace {
			continue // it looks for the namespace first
		}
		client := craft(t, func(w http.ResponseWriter, r *http.Request) {
			query := r.URL.Query()
			if n, err := strconv.Atoi(cmp.Or(query.Get("per_page"), query.Get("limit"))); err == nil {
				asked[c.kind] = n
			}
			success("[]")(w, r)
		})
		parent, _ := someOf(c.kind)
		_, _ = client.Account(testAccount).Read(t.Context(), "platform", []spec.Collection{{Kind: c.kind, Parent: parent}}) // only the requests count
	}
	return asked
}

// missingInOps returns a sentence for everything that the operations lack.
func missingInOps(table []kindOps, asked map[spec.Kind]int, check func(endpoints) error) (sentences []string) {
	byKind := map[spec.Kind]kindOps{}
	for _, c := range table {
		if byKind[c.kind] = c; c.kind.Info().Kind == "" {
			sentences = append(sentences, fmt.Sprintf("account has operations of %q, which spec does not describe", c.kind))
		}
	}
	all := endpointsIn(table)
	for _, k := range spec.Kinds() {
		c, found := byKind[k.Kind]
		lacks := func(field string, wrong bool, why string) {
			if wrong {
				sentences = append(sentences, fmt.Sprintf("the operations of %s, in %s, lack %s, or has it for nothing: %s", k.Kind, fileOf(k.Kind), field, why))
			}
		}
		lacks("a line in internal/account/account.go, or its kind", !found, "there is none")
		lacks("list", c.list == nil, "nothing reads it")
		lacks("put", c.put == nil, "nothing writes it")
		lacks("delete", c.delete == nil, "nothing deletes it")
		lacks("look", (c.look != nil) != (k.Script || k.LimitedByGuards), "writes of what carries an owner are looked up one by one")
		lacks("inspect", (c.inspect != nil) != (k.CarriesDigest || k.Kind == spec.KindR2Bucket && !r2Bucket{}.live("").Detailed), "a list shows it all, or does not")
		apart := k.Section != "" && (k.Container == spec.ContainerZone || k.Container == spec.ContainerKVNamespace)
		lacks("search", (c.search != nil) != apart, "a mark may be in any zone or namespace")
		lacks("page", asked[k.Kind] != 0 && cmp.Or(c.page, pageLimit) != asked[k.Kind], fmt.Sprintf("the list asks for %d at once", asked[k.Kind]))
		served := slices.ContainsFunc(all, func(e endpoints) bool { return slices.Contains(e.kinds(), k.Kind) })
		lacks("path of the endpoints", !served, fmt.Sprintf("doctor does not check the permission for the product %q", k.Product))
	}
	for _, c := range table {
		lacks := func(field string, wrong bool, why any) {
			if wrong {
				sentences = append(sentences, fmt.Sprintf("%s of the endpoints of %s, in %s, is wrong: %v", field, c.kind, fileOf(c.kind), why))
			}
		}
		for _, e := range endpointsIn([]kindOps{c}) {
			err := check(e)
			lacks("path, or check,", err != nil, err)
			lacks("missing", len(e.missing) == 0, "no code says that something is not there")
			lacks("exists", len(e.exists) == 0, "no code says that something is there already")
			lacks("pageSize", (e.pageSize == "") != (asked[c.kind] == 0), "a list that takes a page's size is asked for the smallest")
		}
	}
	return sentences
}
