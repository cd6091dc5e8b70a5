package report

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// What every format says of rollouts, in safe words.

// waveWords say in which wave of a rollout a change is; nothing if it is in none.
func waveWords(c planner.Change) string {
	if c.Rollout == nil {
		return ""
	}
	return fmt.Sprintf("wave %d of the rollout %s", c.Rollout.Wave, safe(c.Rollout.Name))
}

// rolloutLines say how a plan's fleets are rolled out.
func rolloutLines(plan *planner.Plan) []string {
	var lines []string
	for _, r := range plan.Rollouts {
		lines = append(lines, "Rollout "+safe(r.Name)+": "+rolloutRule(plan, r)+".")
		for i, wave := range r.Waves {
			if wave.Changes > 0 || plan.Partial == nil {
				lines = append(lines, "  "+waveLine(i+1, len(r.Waves), wave))
			}
		}
		if n := len(r.Then); n > 0 {
			lines = append(lines, "  then "+countKind(n, spec.KindUserWorker)+" to destroy")
		}
	}
	return lines
}

// rolloutRule says what comes between two waves, and what ends the rollout.
func rolloutRule(plan *planner.Plan, r planner.Rollout) string {
	parts := []string{count(len(r.Waves), "wave", "waves")}
	if r.Pause > 0 && len(r.Waves) > 1 {
		parts[0] += " with a pause of " + r.Pause.String() + " between them"
	}
	if probed(plan, r.Name) {
		parts = append(parts, "each user Worker must answer its probe")
	}
	end := "it stops when more than " + r.MaxFailures.String() + " of a wave have failed"
	if r.OnFailure == spec.RollBack {
		end += ", and rolls that wave back"
	}
	return strings.Join(append(parts, end), "; ")
}

func probed(plan *planner.Plan, rollout string) bool {
	for _, c := range plan.Changes {
		if c.Rollout != nil && c.Rollout.Name == rollout && c.Rollout.Probe != nil {
			return true
		}
	}
	return false
}

// waveLine is like "wave 1 of 3 (5%): 5 user Workers".
func waveLine(wave, waves int, w planner.Wave) string {
	head := fmt.Sprintf("wave %d of %d", wave, waves)
	if w.Of != "" {
		head += " (" + safe(w.Of) + ")"
	}
	switch w.Changes {
	case 0:
		return head + ": nothing to do"
	case w.Members:
		return head + ": " + countKind(w.Changes, spec.KindUserWorker)
	default:
		return fmt.Sprintf("%s: %s of %s", head, number(w.Changes), countKind(w.Members, spec.KindUserWorker))
	}
}

// failuresWords say why a wave has failed.
func failuresWords(failures, most int) string {
	return fmt.Sprintf("%s failed, and at most %s may", countKind(failures, spec.KindUserWorker), number(most))
}

// rolloutEventLine returns an event of a rollout as a line of progress, "" for
// any other.
func rolloutEventLine(style Style, e applier.Event) string {
	switch e := e.(type) {
	case applier.WaveStarted:
		return style.rollout(e.Rollout, bold, fmt.Sprintf("wave %d of %d begins: %s", e.Wave, e.Waves, countKind(e.Changes, spec.KindUserWorker)))
	case applier.WaveFinished:
		text := fmt.Sprintf("wave %d of %d is done", e.Wave, e.Waves)
		if e.Failures > 0 {
			text += ", with " + count(e.Failures, "failure", "failures")
		}
		return style.rollout(e.Rollout, green, text)
	case applier.WaveFailed:
		return style.rollout(e.Rollout, red, fmt.Sprintf("wave %d of %d has failed: %s", e.Wave, e.Waves, failuresWords(e.Failures, e.MaxFailures)))
	case applier.Paused:
		return style.rollout(e.Rollout, "", fmt.Sprintf("waiting %s before wave %d of %d", e.For, e.Wave, e.Waves))
	case applier.ProbeFailed:
		return style.progress(e.Address, yellow, fmt.Sprintf("Probe %d of %d failed: %s", e.Attempt, e.Limit, oneLine(errorText(e.Err))))
	case applier.RolledBack:
		return style.progress(e.Address, yellow, fmt.Sprintf("Rolled back after %s", seconds(e.Took))+lostWords(e.Lost))
	case applier.RollbackFailed:
		return style.progress(e.Address, red, fmt.Sprintf("Rollback failed after %s: %s", seconds(e.Took), oneLine(errorText(e.Err))))
	}
	return ""
}

// lostWords name the secrets that a rollback could not bring back.
func lostWords(lost []string) string {
	if len(lost) == 0 {
		return ""
	}
	names := make([]string, len(lost))
	for i, name := range lost {
		names[i] = safe(name)
	}
	return ", without the secrets that the change had removed: " + strings.Join(names, ", ")
}

// rollout returns what there is to say about a rollout.
func (s Style) rollout(name, color, text string) string {
	return s.paint(bold, "Rollout "+safe(name)+":") + " " + s.paint(color, text)
}

// stoppedRollouts say which rollouts did not come to their end, where, and why.
func stoppedRollouts(result *applier.Result) []string {
	var lines []string
	for _, r := range result.Rollouts {
		line := fmt.Sprintf("rollout %s stopped in wave %d of %d", safe(r.Name), r.Wave, r.Waves)
		switch r.Status {
		case applier.RolloutComplete:
			continue
		case applier.RolloutInterrupted:
			if line += ", with the run"; r.Wave == 0 {
				line = fmt.Sprintf("rollout %s has not begun", safe(r.Name))
			}
		case applier.RolloutRolledBack:
			line += ": " + failuresWords(r.Failures, r.MaxFailures) + "; the wave was rolled back"
		case applier.RolloutNotRolledBack:
			line += ": " + failuresWords(r.Failures, r.MaxFailures) + "; not all of the wave could be rolled back"
		default:
			line += ": " + failuresWords(r.Failures, r.MaxFailures)
		}
		lines = append(lines, line)
	}
	return lines
}
