package planner

import (
	"fmt"
	"testing"

	"github.com/wfpsync/wfpsync/internal/tabletest"
	"github.com/wfpsync/wfpsync/spec"
)

// TestEveryKindIsWhole asks the columns for what the descriptions of kinds need of them.
func TestEveryKindIsWhole(t *testing.T) {
	tabletest.Table[column]{
		Rows: table, File: "planner/kind.go",
		Name:    func(c column) string { return string(c.kind) },
		RowFile: func(c column) string { return fileOf(c.kind) },
		Ask:     missingInColumns,
	}.Check(t)
}

func fileOf(kind spec.Kind) string { return "planner/" + string(kind) + ".go" }

// missingInColumns returns a sentence for everything that columns lack.
func missingInColumns(rows []column) (sentences []string) {
	columns := byKind(rows)
	for kind := range columns {
		if kind.Info().Kind == "" {
			sentences = append(sentences, fmt.Sprintf("planner has a column of %q, which spec does not describe", kind))
		}
	}
	for _, k := range spec.Kinds() {
		c := columns[k.Kind]
		lacks := func(field string, wrong bool, why string) {
			if wrong {
				sentences = append(sentences, fmt.Sprintf("the column of %s, which is in %s and listed in planner/kind.go by its kind, lacks %s, or has it for nothing: %s", k.Kind, fileOf(k.Kind), field, why))
			}
		}
		marked := k.CarriesDigest || k.LimitedByGuards
		lacks("compare", c.compare == nil, "nothing plans a change")
		lacks("standing", c.standing == nil, "nothing says what becomes of one that the file does not have")
		lacks("removable", c.removable == nil, "nothing says whether `removed` may list one")
		lacks("replaces", (c.replaces != nil) != (len(k.ForceNew) > 0), "some settings force a new one, or none does")
		lacks("inspect", (c.inspect != nil) != (k.CarriesDigest || k.Store && k.Holds == ""), "a list shows it all, or does not")
		lacks("undeclared", (c.undeclared != nil) != marked, "what carries the stack's mark may be in a collection that the file does not declare")
		lacks("rivals and describeRival", (c.rivals != nil) != (c.describeRival != nil), "they belong together")
		lacks("follow", (c.follow != nil) != k.InZones(), "what the file declares in zones leads requests to Workers")
		guard := ""
		switch {
		case k.Holds != "":
			guard = GuardNamespaceDelete
		case k.Store:
			guard = GuardStoreDelete
		}
		lacks("guard", c.guard != guard, fmt.Sprintf("it is %q, and should be %q", c.guard, guard))
	}
	return append(sentences, unfollowed(columns)...)
}

// unfollowed are the parts of the index of traffic that no kind fills.
func unfollowed(columns map[spec.Kind]column) (sentences []string) {
	at := trafficIndex{map[string][]spec.Address{}, map[string][]spec.Address{}, map[string][]spec.Address{}}
	for kind, c := range columns {
		if c.traffic != nil {
			c.traffic(at, spec.Address{Kind: kind, Parent: "example.com", Name: "A/b.example.com"})
		}
	}
	for kind, filled := range map[spec.Kind]map[string][]spec.Address{spec.KindRoute: at.routes, spec.KindDNSRecord: at.records, spec.KindUserWorker: at.userWorkers} {
		if len(filled) == 0 {
			sentences = append(sentences, fmt.Sprintf("traffic of %s, in %s, notes nothing that others follow", kind, fileOf(kind)))
		}
	}
	return sentences
}
