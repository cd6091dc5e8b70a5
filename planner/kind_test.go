package planner

import (
	"fmt"
	"testing"

	"github.com/wfpsync/wfpsync/internal/tabletest"
	"github.com/wfpsync/wfpsync/spec"
)

// TestEveryKindIsWhole checks that each kind has the operations that its
// description requires.
func TestEveryKindIsWhole(t *testing.T) {
	tabletest.Table[kindOps]{
		Rows: table, File: "planner/kind.go",
		Name:    func(c kindOps) string { return string(c.kind) },
		RowFile: func(c kindOps) string { return fileOf(c.kind) },
		Ask:     missingOps,
	}.Check(t)
}

func fileOf(kind spec.Kind) string { return "planner/" + string(kind) + ".go" }

// missingOps returns a sentence for every operation that is missing.
func missingOps(rows []kindOps) (sentences []string) {
	ops := byKind(rows)
	for kind := range ops {
		if kind.Info().Kind == "" {
			sentences = append(sentences, fmt.Sprintf("planner has operations of %q, which spec does not describe", kind))
		}
	}
	for _, k := range spec.Kinds() {
		c := ops[k.Kind]
		lacks := func(field string, wrong bool, why string) {
			if wrong {
				sentences = append(sentences, fmt.Sprintf("the operations of %s, which are in %s and listed in planner/kind.go, lack %s, or do not need it: %s", k.Kind, fileOf(k.Kind), field, why))
			}
		}
		marked := k.CarriesDigest || k.LimitedByGuards
		lacks("compare", c.compare == nil, "nothing plans a change")
		lacks("disposition", c.disposition == nil, "nothing says what becomes of one that the file does not have")
		lacks("removalBlock", c.removalBlock == nil, "nothing says whether `removed` may list one")
		lacks("replaces", (c.replaces != nil) != (len(k.ForceNew) > 0), "some settings force a new one, or none does")
		lacks("inspect", (c.inspect != nil) != (k.CarriesDigest || k.Store && k.Holds == ""), "a list shows it all, or does not")
		lacks("undeclared", (c.undeclared != nil) != marked, "what carries the stack's mark may be in a collection that the file does not declare")
		lacks("conflicts and describeConflict", (c.conflicts != nil) != (c.describeConflict != nil), "they belong together")
		lacks("orderTraffic", (c.orderTraffic != nil) != k.InZones(), "what the file declares in zones leads requests to Workers")
		guard := ""
		switch {
		case k.Holds != "":
			guard = GuardNamespaceDelete
		case k.Store:
			guard = GuardStoreDelete
		}
		lacks("guard", c.guard != guard, fmt.Sprintf("it is %q, and should be %q", c.guard, guard))
	}
	return append(sentences, unfilled(ops)...)
}

// unfilled returns a sentence for every part of the traffic index that no kind
// fills.
func unfilled(ops map[spec.Kind]kindOps) (sentences []string) {
	at := trafficIndex{map[string][]spec.Address{}, map[string][]spec.Address{}, map[string][]spec.Address{}}
	for kind, c := range ops {
		if c.indexTraffic != nil {
			c.indexTraffic(at, spec.Address{Kind: kind, Parent: "example.com", Name: "A/b.example.com"})
		}
	}
	for kind, filled := range map[spec.Kind]map[string][]spec.Address{spec.KindRoute: at.routes, spec.KindDNSRecord: at.records, spec.KindUserWorker: at.userWorkers} {
		if len(filled) == 0 {
			sentences = append(sentences, fmt.Sprintf("indexTraffic of %s, in %s, records nothing", kind, fileOf(kind)))
		}
	}
	return sentences
}
