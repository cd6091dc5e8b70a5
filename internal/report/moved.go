package report

import (
	"fmt"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/spec"
)

// howMoved says how a resource differs from what a plan was made for.
func howMoved(m applier.StaleChange) string {
	switch {
	case m.Now == nil:
		return "no longer exists"
	case m.Before == nil:
		return "exists now" + writtenAt(*m.Now) + "; the plan would create it"
	case m.Before.Owner != m.Now.Owner:
		return fmt.Sprintf("belonged to %s and now belongs to %s", ownerName(m.Before.Owner), ownerName(m.Now.Owner))
	case m.Before.ID != m.Now.ID:
		return "was deleted and created again"
	case m.Now.ModifiedOn.After(m.Before.ModifiedOn):
		return fmt.Sprintf("has changed%s; the plan was made for its state of %s", writtenAt(*m.Now), moment(m.Before.ModifiedOn))
	}
	return "is not what it was"
}

// writtenAt returns when a revision was written and, where its mark tells, by
// which stack; nothing where that is not known.
func writtenAt(r spec.Revision) string {
	if r.ModifiedOn.IsZero() {
		return ""
	}
	text := ", written at " + moment(r.ModifiedOn)
	if r.Owner != "" && !r.Drifted() {
		text += " by the stack " + r.Owner
	}
	return text
}

func ownerName(owner string) string {
	if owner == "" {
		return "no stack"
	}
	return "the stack " + owner
}
