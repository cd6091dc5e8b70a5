package report

import (
	"slices"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// countRow says what happens to how many resources of a kind, in the columns of
// its table.
type countRow struct {
	Kind  string
	Cells []countCell
}

// countCell is a column's head or a number in it, "" for none, and the class of
// its action in the page's style.
type countCell struct{ Class, Text string }

// countKinds returns a table of how many resources of each kind are created,
// changed or deleted, with columns only for actions that happen.
func countKinds(plan *planner.Plan) (columns []countCell, rows []countRow) {
	counted := map[spec.Kind]map[planner.Action]int{}
	var kinds []spec.Kind
	var happening []planner.Action
	for _, c := range plan.Changes {
		kind := c.Address.Kind
		if counted[kind] == nil {
			counted[kind] = map[planner.Action]int{}
			kinds = append(kinds, kind)
		}
		counted[kind][c.Action]++
		if !slices.Contains(happening, c.Action) {
			happening = append(happening, c.Action)
		}
	}
	slices.SortStableFunc(happening, func(a, b planner.Action) int { return wordsOf(a).order - wordsOf(b).order })
	for _, action := range happening {
		columns = append(columns, countCell{classOf(action), wordsOf(action).todo})
	}
	for _, kind := range kinds {
		row, total := countRow{}, 0
		for _, action := range happening {
			n := counted[kind][action]
			total += n
			cell := countCell{Class: classOf(action)}
			if n > 0 {
				cell.Text = number(n)
			}
			row.Cells = append(row.Cells, cell)
		}
		row.Kind = countKind(total, kind)
		rows = append(rows, row)
	}
	return columns, rows
}

// classOf returns an action's class in the page's style.
func classOf(action planner.Action) string {
	switch action {
	case planner.Create:
		return "create"
	case planner.Delete, planner.Replace:
		return "delete"
	}
	return "update"
}
