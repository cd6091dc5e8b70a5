// Package differential_test holds what wfpsync bundles against what wrangler
// bundles: it bundles projects with both, runs both on one workerd, and sends
// both the same requests.
package differential_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A result is how the bundles of both tools compare, as the table shows it.
type result string

const (
	same         result = "."
	wfpsyncOnly  result = "+"
	wranglerOnly result = "-"
	unlike       result = "~" // both answer, and not the same
	bothFail     result = "x"
)

// results are those that are listed with a reason.
var results = []result{wfpsyncOnly, wranglerOnly, unlike, bothFail}

// A cell is what came out for a project in a column.
type cell struct {
	result       result
	theirs, ours string // the first wrong answer
}

func (c cell) why() string { return fmt.Sprintf("  wrangler: %s\n  wfpsync:  %s", c.theirs, c.ours) }

// TestDifferential runs the quick projects, or all in all columns if
// WFPSYNC_DIFFERENTIAL is "all".
func TestDifferential(t *testing.T) {
	whole := os.Getenv("WFPSYNC_DIFFERENTIAL") == "all"
	if testing.Short() {
		t.Skip("it takes longer than the short tests may")
	}
	workerd, w := findWorkerd(t), openWrangler(t)
	env, list := startServers(t), readDifferences(t)
	table := map[string]map[int]cell{}
	for _, p := range readProjects(t) {
		var wanted []int
		for _, n := range p.columns {
			if whole || p.quick && slices.Contains(quick, columns[n].name) {
				wanted = append(wanted, n)
			}
		}
		if len(wanted) == 0 {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(npm, "starters", "node_modules", ".package-lock.json")); p.build != nil && err != nil {
				t.Skip("there are no frameworks to build it with: `make differential` installs them")
			}
			table[p.name] = compare(t, w, workerd, p, wanted, env)
			check(t, list, p, table[p.name])
		})
	}
	if t.Log("\n" + render(table)); len(table) == 0 {
		t.Error("no project was run")
	}
}

// compare bundles a project with both tools in each of some columns, and runs
// what they have made.
func compare(t *testing.T, w *wrangler, workerd string, p project, wanted []int, env map[string]string) map[int]cell {
	t.Helper()
	theirs, ours, err := both(w, p, wanted)
	if err != nil {
		t.Fatal(err)
	}
	r := startRunner(t, workerd)
	cells := map[int]cell{}
	for i, n := range wanted {
		a := r.run(t, fmt.Sprintf("%d-wrangler", n), theirs[i], columns[n], env, p.requests)
		b := r.run(t, fmt.Sprintf("%d-wfpsync", n), ours[i], columns[n], env, p.requests)
		c := cell{same, wrong(a, p.requests), wrong(b, p.requests)}
		switch good, also := right(a, p.requests), right(b, p.requests); {
		case good && !also:
			c.result = wranglerOnly
		case !good && also:
			c.result = wfpsyncOnly
		case !good:
			c.result = bothFail
		default:
			if i := firstUnlike(a, b); i >= 0 {
				c = cell{unlike, a[i].of(p.requests[i]), b[i].of(p.requests[i])}
			}
		}
		cells[n] = c
	}
	return cells
}

// firstUnlike is the number of the first answers that are not the same, -1
// where all are.
func firstUnlike(theirs, ours []answer) int {
	for i := range theirs {
		if theirs[i] != ours[i] {
			return i
		}
	}
	return -1
}

// render draws the table, and below it what is wrong: of each project and
// result, in the first column.
func render(table map[string]map[int]cell) string {
	var head, rows, reasons strings.Builder
	fmt.Fprintf(&head, "%-24s", "")
	for _, c := range columns {
		fmt.Fprintf(&head, " %8s", strings.TrimPrefix(c.name, "20"))
	}
	count := map[result]int{}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		fmt.Fprintf(&rows, "\n%-24s", name)
		where := map[result][]int{}
		for n := range columns {
			c := table[name][n]
			where[c.result] = append(where[c.result], n)
			fmt.Fprintf(&rows, " %8s", c.result)
		}
		for r, in := range where {
			count[r] += len(in)
		}
		for _, r := range results {
			if in := where[r]; len(in) > 0 {
				fmt.Fprintf(&reasons, "\n%s %s %s\n%s", r, name, columnNames(in), table[name][in[0]].why())
			}
		}
	}
	return fmt.Sprintf("%s%s\n\n%d projects: %d same (.), %d wfpsync only (+), %d wrangler only (-), %d not alike (~), %d both fail (x)\n%s\n",
		head.String(), rows.String(), len(table), count[same], count[wfpsyncOnly], count[wranglerOnly], count[unlike], count[bothFail], reasons.String())
}

// TestWranglerInOneProcess compares the wrangler that bundles one project after
// the other with one that is started alone.
func TestWranglerInOneProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes longer than the short tests may")
	}
	w := openWrangler(t)
	c := columns[columnNamed("2025-10-08")]
	for _, p := range readProjects(t) {
		if p.name != "node-modules" && p.name != "modules" {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			p.name += "-twice" // another folder than that of the other test
			theirs, _, err := both(w, p, []int{columnNamed(c.name), columnNamed("default")})
			if err != nil {
				t.Fatal(err)
			}
			config, err := filepath.Abs(filepath.Join(npm, p.configFile(c)))
			if err != nil {
				t.Fatal(err)
			}
			upload := filepath.Join(t.TempDir(), "upload")
			cmd := exec.Command(w.command[0], append([]string{"--no-warnings", w.command[len(w.command)-1]}, dryRun(config, upload)...)...)
			cmd.Dir, cmd.Env = filepath.Dir(config), wranglerEnvironment()
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			file, err := os.Open(upload)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			alone, err := readUpload(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(alone.Modules) == 0 || !reflect.DeepEqual(alone, theirs[0]) {
				t.Error("wrangler by itself has made something else")
			}
		})
	}
}
