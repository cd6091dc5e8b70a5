package applier_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// A replacement is a deletion and then a creation. What refers to it waits for
// both, and is skipped if either fails.
func TestReplace(t *testing.T) {
	database := &spec.D1Database{Name: "orders", Jurisdiction: "eu"}
	code := new(spec.Code)
	code.Complete("index.js", []spec.Module{{Name: "index.js", Type: spec.ESModule, Content: []byte("export default {}")}})
	worker := &spec.Worker{Name: "shop", Script: spec.Script{Code: code, Bindings: []spec.Binding{{Name: "DB", Type: spec.BindingD1, Ref: database.Address()}}}}
	plan := &planner.Plan{Stack: "platform", Changes: []planner.Change{
		{Address: database.Address(), Action: planner.Replace, Desired: database, Prior: &spec.Revision{ID: "old"}},
		{Address: worker.Address(), Action: planner.Update, Desired: worker, Prior: &spec.Revision{ETag: "x"}, DependsOn: []spec.Address{database.Address()}},
	}}
	run := func(target *target) *applier.Result {
		result, err := applier.Run(t.Context(), target, plan, applier.Options{}, func(applier.Event) {})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	fine := &target{}
	if result := run(fine); !result.Complete() {
		t.Errorf("%+v", result)
	}
	if want := []string{"delete d1_database/orders", "put d1_database/orders", "put worker/shop"}; !slices.Equal(fine.calls, want) {
		t.Errorf("calls %v, want %v", fine.calls, want)
	}
	if w := fine.writes["d1_database/orders"]; w.Prior != nil {
		t.Errorf("it was created over %+v", w.Prior)
	}
	if id := fine.writes["worker/shop"].Resource.(*spec.Worker).Bindings[0].Properties.Get("id"); id != "id of d1_database/orders" {
		t.Errorf("the Worker was bound to %v", id)
	}
	refused := &target{fail: map[string]error{"d1_database/orders": errors.New("not now")}}
	if result := run(refused); result.Failed != 1 || result.Skipped != 1 || len(refused.calls) != 1 {
		t.Errorf("%+v after %v", result, refused.calls)
	}
}
