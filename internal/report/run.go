package report

import (
	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
)

// Run tells an apply in one format. The plan is text for a person whatever the
// format, because a person may be asked about it.
type Run interface {
	// Plan tells what is about to be done.
	Plan(plan *planner.Plan) error

	// Applied tells an event of the applier.
	Applied(e applier.Event) error

	// Result tells what became of the plan.
	Result(plan *planner.Plan, result *applier.Result) error

	// Refused tells a program why the plan may not be applied as it is.
	Refused(plan *planner.Plan) error

	// Unexpected tells that the plan is not the one that was reviewed.
	Unexpected(plan *planner.Plan, expected string) error

	// Stale tells what has moved since the plan was made, and what the plan would
	// be now; nil for none.
	Stale(moved []applier.StaleChange, now *planner.Plan) error
}

var tellPlan = Plans.In(Text)

type textRun struct{ Output }

func (r textRun) Plan(plan *planner.Plan) error { return tellPlan(r.Output, plan) }

func (textRun) Applied(applier.Event) error { return nil } // the progress shows it

func (textRun) Refused(*planner.Plan) error { return nil } // the error says it

func (r textRun) Result(plan *planner.Plan, result *applier.Result) error {
	return ResultText(r.Out, r.Out.Style, plan, result)
}

func (r textRun) Unexpected(plan *planner.Plan, expected string) error {
	return UnexpectedText(r.Err, r.Err.Style, plan, expected)
}

func (r textRun) Stale(moved []applier.StaleChange, now *planner.Plan) error {
	if err := MovedText(r.Err, r.Err.Style, moved); err != nil || now == nil {
		return err
	}
	return PlanText(r.Out, r.Out.Style, now)
}

// jsonRun writes one document, when all is over.
type jsonRun struct{ Output }

func (r jsonRun) Plan(plan *planner.Plan) error { return tellPlan(r.beside(), plan) }

func (jsonRun) Applied(applier.Event) error { return nil }

func (r jsonRun) Refused(plan *planner.Plan) error { return PlanJSON(r.Out, plan) }

func (r jsonRun) Result(plan *planner.Plan, result *applier.Result) error {
	return ResultJSON(r.Out, plan, result)
}

func (r jsonRun) Unexpected(plan *planner.Plan, expected string) error {
	return UnexpectedJSON(r.Out, plan, expected)
}

func (r jsonRun) Stale(moved []applier.StaleChange, now *planner.Plan) error {
	return StaleJSON(r.Out, moved, now)
}

// eventRun writes events as they happen.
type eventRun struct {
	*Events
	Output
}

func (r eventRun) Plan(plan *planner.Plan) error {
	if err := r.Events.Plan(plan); err != nil {
		return err
	}
	return tellPlan(r.beside(), plan)
}
