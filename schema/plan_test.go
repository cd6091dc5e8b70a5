package schema

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func samplePlan(t *testing.T) map[string]any {
	t.Helper()
	data, err := os.ReadFile("testdata/plan.json")
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, string(data)).(map[string]any)
}

func TestPlanAcceptsEverythingItDescribes(t *testing.T) {
	for _, v := range ValidatePlan(samplePlan(t)) {
		t.Errorf("%+v", v)
	}
}

func TestPlanMessages(t *testing.T) {
	change := func(plan map[string]any, i int) map[string]any {
		return plan["changes"].([]any)[i].(map[string]any)
	}
	for name, test := range map[string]struct {
		spoil func(plan map[string]any)
		want  string
	}{
		"other format":     {func(p map[string]any) { p["format_version"] = "2.0" }, `/format_version pattern: expected a version 1.x, got "2.0"`},
		"no changes":       {func(p map[string]any) { delete(p, "changes") }, ` required: missing the key "changes"`},
		"mode":             {func(p map[string]any) { p["mode"] = "dream" }, `/mode enum: expected one of "apply", "destroy", got the text "dream"`},
		"negative count":   {func(p map[string]any) { p["summary"].(map[string]any)["add"] = -1.0 }, `/summary/add minimum: expected at least 0, got -1`},
		"kind":             {func(p map[string]any) { change(p, 0)["address"] = "moon/a" }, `/changes/0/address pattern: expected an address that starts with a kind, got "moon/a"`},
		"resource of kind": {func(p map[string]any) { change(p, 0)["desired"] = map[string]any{"title": "x"} }, "/changes/0/desired required: missing the key \"name\"\n/changes/0/desired/title unknown: unknown key \"title\""},
		"unknown key":      {func(p map[string]any) { change(p, 1)["when"] = "now" }, `/changes/1/when unknown: unknown key "when"`},
		"code digest":      {func(p map[string]any) { p["code"] = map[string]any{"abc": map[string]any{}} }, "/code/abc pattern: expected 64 hexadecimal digits, got \"abc\"\n/code/abc required: missing the keys \"main_module\", \"modules\""},
	} {
		t.Run(name, func(t *testing.T) {
			plan := samplePlan(t)
			test.spoil(plan)
			var got []string
			for _, v := range ValidatePlan(plan) {
				got = append(got, fmt.Sprintf("%s %s: %s", v.Pointer, v.Keyword, v.Message))
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}
