package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Events writes an apply as events, each a JSON object on a line of its own:
// the plan, its diagnostics and its changes; what happens to each change; and at
// the end what became of it all. The schema of events says what each type holds.
type Events struct {
	w   io.Writer
	now func() time.Time
}

// NewEvents returns events that are written to w, with times of a clock.
func NewEvents(w io.Writer, now func() time.Time) *Events { return &Events{w, now} }

// eventHead is what every event begins with.
type eventHead struct {
	Type string    `json:"type"`
	Time time.Time `json:"time"`
}

func (e *Events) head(kind string) eventHead { return eventHead{kind, e.now().UTC()} }

// write writes one event.
func (e *Events) write(event any) error {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(event); err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	_, err := e.w.Write(escapeJSON(encoded.Bytes()))
	return err
}

// Plan begins the events: what is about to be done.
func (e *Events) Plan(plan *planner.Plan) error {
	err := e.write(struct {
		eventHead
		FormatVersion string          `json:"format_version"`
		Tool          string          `json:"tool"`
		Stack         string          `json:"stack"`
		Account       spec.Account    `json:"account"`
		Mode          planner.Mode    `json:"mode"`
		Summary       planner.Summary `json:"summary"`
		Digest        string          `json:"digest"`
	}{e.head("plan"), FormatVersion, plan.Tool, plan.Stack, plan.Account, plan.Mode, plan.Summary, plan.Digest})
	for _, d := range plan.Diagnostics.Sorted() {
		if err == nil {
			err = e.write(struct {
				eventHead
				Diagnostic diag.Diagnostic `json:"diagnostic"`
			}{e.head("diagnostic"), d})
		}
	}
	for _, c := range plan.Changes {
		if err == nil {
			err = e.write(struct {
				eventHead
				Address spec.Address   `json:"address"`
				Action  planner.Action `json:"action"`
				Reason  planner.Reason `json:"reason"`
				Level   int            `json:"level"`
				Blocked *planner.Block `json:"blocked,omitempty"`
				waveKeys
			}{e.head("planned_change"), c.Address, c.Action, c.Reason, c.Level, c.Blocked, waveOf(c)})
		}
	}
	return err
}

// changeEvent is what happens to one change.
type changeEvent struct {
	eventHead
	Address spec.Address   `json:"address"`
	Action  planner.Action `json:"action"`
	Error   string         `json:"error,omitempty"`
	Because spec.Address   `json:"because,omitzero"`
	Took    time.Duration  `json:"took_ns,omitempty"`
	Lost    []string       `json:"lost_secrets,omitempty"`
	waveKeys
}

// waveKeys tell a wave of a rollout.
type waveKeys struct {
	Rollout string `json:"rollout,omitempty"`
	Wave    int    `json:"wave,omitempty"`
	Waves   int    `json:"waves,omitempty"`
}

func waveOf(c planner.Change) waveKeys {
	if c.Rollout == nil {
		return waveKeys{}
	}
	return waveKeys{Rollout: c.Rollout.Name, Wave: c.Rollout.Wave}
}

// waveEvent is what happens to a wave.
type waveEvent struct {
	eventHead
	waveKeys
	Size     int           `json:"size,omitempty"`
	Failures *int          `json:"failures,omitempty"`
	Most     *int          `json:"max_failures,omitempty"`
	Pause    time.Duration `json:"pause_ns,omitempty"`
}

// Applied returns one event of the applier.
func (e *Events) Applied(event applier.Event) error {
	switch event := event.(type) {
	case applier.Started:
		return e.write(changeEvent{eventHead: e.head("apply_start"), Address: event.Address, Action: event.Action})
	case applier.Succeeded:
		return e.write(changeEvent{eventHead: e.head("apply_complete"), Address: event.Address, Action: event.Action, Took: event.Took})
	case applier.Failed:
		return e.write(changeEvent{eventHead: e.head("apply_errored"), Address: event.Address, Action: event.Action, Took: event.Took, Error: errorText(event.Err)})
	case applier.Vanished:
		return e.write(changeEvent{eventHead: e.head("apply_skipped"), Address: event.Address, Action: event.Action, Took: event.Took, Error: errorText(event.Err)})
	case applier.Skipped:
		return e.write(changeEvent{eventHead: e.head("apply_skipped"), Address: event.Address, Action: event.Action, Because: event.Because, waveKeys: waveKeys{Rollout: event.Rollout}})
	case applier.Overwritten:
		return e.write(changeEvent{eventHead: e.head("apply_overwritten"), Address: event.Address, Action: event.Action, Error: errorText(event.Err)})
	case applier.Unconfirmed:
		return e.write(unconfirmedEvent{e.head("apply_unconfirmed"), errorText(event.Err)})
	}
	return e.rollout(event)
}

// unconfirmedEvent says that the result could not be read again.
type unconfirmedEvent struct {
	eventHead
	Error string `json:"error"`
}

// rollout returns one event of a rollout.
func (e *Events) rollout(event applier.Event) error {
	switch event := event.(type) {
	case applier.WaveStarted:
		return e.write(waveEvent{eventHead: e.head("wave_start"), waveKeys: waveKeys{event.Rollout, event.Wave, event.Waves}, Size: event.Changes})
	case applier.WaveFinished:
		return e.write(waveEvent{eventHead: e.head("wave_complete"), waveKeys: waveKeys{event.Rollout, event.Wave, event.Waves}, Failures: &event.Failures})
	case applier.WaveFailed:
		return e.write(waveEvent{eventHead: e.head("wave_failed"), waveKeys: waveKeys{event.Rollout, event.Wave, event.Waves}, Failures: &event.Failures, Most: &event.MaxFailures})
	case applier.Paused:
		return e.write(waveEvent{eventHead: e.head("wave_pause"), waveKeys: waveKeys{event.Rollout, event.Wave, event.Waves}, Pause: event.For})
	case applier.ProbeFailed:
		return e.write(probeEvent{e.head("probe_failed"), event.Address, event.Attempt, event.Limit, errorText(event.Err)})
	case applier.RolledBack:
		return e.write(changeEvent{eventHead: e.head("rollback_complete"), Address: event.Address, Action: event.Action, Took: event.Took, Lost: event.Lost})
	case applier.RollbackFailed:
		return e.write(changeEvent{eventHead: e.head("rollback_errored"), Address: event.Address, Action: event.Action, Took: event.Took, Error: errorText(event.Err)})
	}
	return nil
}

// probeEvent is one attempt of a probe that has failed.
type probeEvent struct {
	eventHead
	Address spec.Address `json:"address"`
	Attempt int          `json:"attempt"`
	Limit   int          `json:"attempts"`
	Error   string       `json:"error"`
}

// Result ends the events of a plan that was applied.
func (e *Events) Result(plan *planner.Plan, result *applier.Result) error {
	return e.write(struct {
		eventHead
		resultDocument
	}{e.head("result"), resultOfPlan(plan, result)})
}

// Stale ends the events of a plan that the account has moved away from.
func (e *Events) Stale(moved []applier.StaleChange, now *planner.Plan) error {
	return e.write(struct {
		eventHead
		staleDocument
	}{e.head("stale"), staleOf(moved, now)})
}

// Unexpected ends the events of a plan that is not the one that was reviewed.
func (e *Events) Unexpected(plan *planner.Plan, expected string) error {
	return e.write(struct {
		eventHead
		staleDocument
	}{e.head("stale"), unexpectedOf(plan, expected)})
}

// Refused ends the events of a plan that may not be applied as it is.
func (e *Events) Refused(plan *planner.Plan) error { return e.Error(planErrors(plan)) }

// planErrors returns why a plan may not be applied.
func planErrors(plan *planner.Plan) diag.List {
	var list diag.List
	for _, text := range obstacles(plan) {
		list = append(list, diag.Diagnostic{Severity: diag.Error, Message: text})
	}
	return list
}

// Error ends the events of a run that came to nothing.
func (e *Events) Error(list diag.List) error {
	return e.write(struct {
		eventHead
		errorDocument
	}{e.head("error"), errorsOf(list)})
}
