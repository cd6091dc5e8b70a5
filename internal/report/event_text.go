package report

import (
	"errors"
	"fmt"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// EventLine returns one event of an apply as a line of progress, without its
// end of line.
func EventLine(style Style, e applier.Event) string {
	switch e := e.(type) {
	case applier.Started:
		return style.progress(e.Address, "", wordsOf(e.Action).doing+"...")
	case applier.Succeeded:
		return style.progress(e.Address, green, fmt.Sprintf("%s complete after %s", wordsOf(e.Action).done, seconds(e.Took)))
	case applier.Failed:
		return style.progress(e.Address, red, fmt.Sprintf("%s failed after %s: %s", wordsOf(e.Action).done, seconds(e.Took), oneLine(errorText(e.Err))))
	case applier.Skipped:
		return style.progress(e.Address, yellow, skippedWords(e.Action)+" "+reasonToSkip(e.Because, e.Rollout))
	case applier.Vanished:
		return style.progress(e.Address, yellow, skippedWords(e.Action)+": "+oneLine(errorText(e.Err)))
	case applier.Overwritten:
		return style.progress(e.Address, red, oneLine(errorText(e.Err)))
	case applier.Unconfirmed:
		return style.paint(yellow, "The result could not be confirmed: "+oneLine(errorText(e.Err)))
	}
	return rolloutEventLine(style, e)
}

// progress returns what there is to say about a resource.
func (s Style) progress(a spec.Address, color, text string) string {
	return s.paint(bold, safe(a.String())+":") + " " + s.paint(color, text)
}

func skippedWords(action planner.Action) string { return wordsOf(action).done + " skipped" }

func errorText(err error) string {
	if err == nil {
		return "unknown error"
	}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		return err.Error() + "; hint: " + hinted.Hint()
	}
	return err.Error()
}
