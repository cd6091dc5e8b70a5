package account

import (
	"context"
	"slices"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// The platform keeps no earlier versions of a user Worker. So what a rollout
// may have to restore is read before it is replaced, and uploaded again.

// Capture reads a whole user Worker before a change replaces it: its settings,
// and its code with all modules. Code whose digest a mark vouches for is read
// once, however many Workers run it. The values of secrets and the static files
// are missing, because no request shows them. An upload can only leave them
// unchanged.
func (a *Account) Capture(ctx context.Context, address spec.Address, prior spec.Revision) (*spec.Live, error) {
	script, err := a.userWorker(ctx, address)
	if err != nil {
		return nil, err
	}
	definition, _ := script.toSpec()
	listed := &spec.Live{Resource: scriptResource(address, definition), Revision: prior}
	live, err := inspectScript(ctx, a, listed)
	if err != nil {
		return nil, err
	}
	captured := live.Resource.(spec.Scripted).AsScript()
	if captured.Assets != nil {
		captured.Assets = &spec.Assets{Keep: true}
	}
	if len(captured.Code.Modules) == 0 && !captured.Code.IsNone() {
		captured.Code, err = a.capturedCode(ctx, address, live.Revision.Mark)
	}
	return live, err
}

// capturedCode returns the code that a mark vouches for.
func (a *Account) capturedCode(ctx context.Context, address spec.Address, mark *spec.Mark) (*spec.Code, error) {
	a.capturedMu.Lock()
	code := a.captured[mark.Code]
	a.capturedMu.Unlock()
	if code != nil {
		return code, nil
	}
	code, err := a.code(ctx, address, mark)
	if err != nil || spec.ShortDigest(code.Digest) != mark.Code {
		return code, err
	}
	a.capturedMu.Lock()
	defer a.capturedMu.Unlock()
	if a.captured == nil {
		a.captured = map[string]*spec.Code{}
	}
	a.captured[mark.Code] = code
	return code, nil
}

// Restore undoes the write of a script, unless another program has written it
// since: then the error is a [*MovedError]. A script that the write created is
// deleted. Owner and mark become what they were. A mark that vouched for what
// is restored vouches for it again.
func (a *Account) Restore(ctx context.Context, r spec.Restoration) (spec.Revision, error) {
	address := r.Written.Address()
	if err := a.stillAs(ctx, r.Stack, address, r.Revision, r.Before); err != nil {
		return spec.Revision{}, err
	}
	if r.Former == nil {
		return spec.Revision{}, a.Delete(ctx, address, r.Revision)
	}
	u, err := newUpload(spec.Write{Resource: r.Former.Resource, Prior: &r.Revision}, a.api.Now)
	if err != nil {
		return spec.Revision{}, err
	}
	u.former = formerRevision(r)
	ctx = lookFirst(ctx)
	var revision spec.Revision
	err = a.writeUntilKnown(ctx, func(ctx context.Context) (err error) {
		revision, err = a.sendScript(ctx, u)
		return err
	}, func(error) (bool, error) {
		now, err := a.Look(ctx, r.Stack, address, &r.Revision)
		switch {
		case err != nil:
			return false, err
		case now != nil && sameMark(now.Mark, u.sent.Load()):
			revision = *now
			return true, nil
		case now == nil || !sameMark(now.Mark, r.Revision.Mark):
			return false, &MovedError{Address: address, Before: &r.Revision, Now: now}
		default:
			return false, nil
		}
	})
	return revision, err
}

// formerRevision returns what a script was before a write. The values of its
// secrets stay those of the write, and so do their fingerprints.
func formerRevision(r spec.Restoration) *spec.Revision {
	former := r.Former.Revision
	if former.Mark != nil && r.Revision.Mark != nil {
		mark := *former.Mark
		mark.Secrets = r.Revision.Mark.Secrets
		former.Mark = &mark
	}
	return &former
}

// MarkUnproven marks a script that was just written as not proved yet. The prior
// revision of the write is the one that this run wrote; before are the
// revisions that it had before.
func (a *Account) MarkUnproven(ctx context.Context, w spec.Write, before []spec.Revision) (spec.Revision, error) {
	if err := a.stillAs(ctx, w.Stack, w.Resource.Address(), *w.Prior, before); err != nil {
		return spec.Revision{}, err
	}
	w.MarkOnly, w.Unproven = true, true
	return putMark(ctx, a, w)
}

// stillAs returns an error if a script is not what this run wrote. It goes by
// the mark, which has the time of the upload, because the API may word the time
// of the last write differently. A look that shows an earlier revision, or
// nothing, may be out of date, and is repeated. If it does not change, an
// earlier revision does not mean another writer, while nothing means a
// deletion.
func (a *Account) stillAs(ctx context.Context, stack string, address spec.Address, written spec.Revision, before []spec.Revision) error {
	for try := 0; ; try++ {
		now, err := a.Look(ctx, stack, address, &written)
		if err != nil {
			return err
		}
		sight := spec.Observe(now, &written, before)
		again := sight == spec.SawFormer || sight == spec.SawNothing
		switch {
		case again && try < len(spec.RereadPauses):
			if err := a.api.Sleep(ctx, spec.RereadPauses[try]); err != nil {
				return err
			}
		case sight == spec.SawOther || sight == spec.SawNothing:
			return &MovedError{Address: address, Before: &written, Now: now}
		default:
			return nil
		}
	}
}

func sameMark(a, b *spec.Mark) bool { return a == b || a != nil && b != nil && *a == *b }

// formerTags returns the tags that a script had, for another upload. A mark
// that vouched for the script gets the time of the upload. Any other mark still
// vouches for nothing.
func formerTags(own []string, former spec.Revision, now time.Time) ([]string, *spec.Mark) {
	tags := slices.Clone(own)
	if former.Owner != "" {
		tags = append(tags, spec.OwnerTag(former.Owner))
	}
	if former.Template != "" {
		tags = append(tags, spec.TemplateTag(former.Template))
	}
	if former.Mark == nil {
		return tags, nil
	}
	mark := *former.Mark
	switch {
	case former.Vouched():
		mark.Uploaded = now.UTC().Truncate(time.Second)
	case now.Sub(mark.Uploaded).Abs() <= spec.DriftTolerance: // as if it belonged to this upload
		mark.Uploaded = mark.Uploaded.Add(-2 * spec.DriftTolerance)
	}
	return append(tags, mark.Tag()), &mark
}
