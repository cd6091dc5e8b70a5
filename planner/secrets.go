package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/text"
	"github.com/wfpsync/wfpsync/spec"
)

// Secrets cannot be read back. A list shows that one is missing, and only a
// fingerprint shows that its value has changed. Every upload writes all of
// them.

// onlyMissingSecrets reports whether the only differences are missing secrets
// whose values the file can provide. Those are written without an upload.
func onlyMissingSecrets(desired spec.Scripted, fields []FieldChange) bool {
	for _, f := range fields {
		if f.Op != FieldAdd || !slices.ContainsFunc(desired.AsScript().Secrets(), func(b spec.Binding) bool { return secretPath(b) == f.Path }) {
			return false
		}
	}
	return true
}

func secretPath(b spec.Binding) string { return "/bindings/" + text.EscapePointer(b.Name) }

// compareSecrets plans to write secrets of a Worker that does not differ
// otherwise; nil if there are none to write.
func (p *planning) compareSecrets(r spec.Resource, live *spec.Live, missing []FieldChange) *Change {
	desired := r.(spec.Scripted)
	fields := p.secretFields(desired, live, missing, "")
	if len(fields) == 0 {
		p.noteUnverified(desired, live)
		return nil
	}
	c := &Change{Action: WriteSecrets, Reason: ReasonChanged, Fields: fields}
	switch {
	case len(missing) > 0:
		c.Reason = p.changeReason(desired, live)
	case !slices.ContainsFunc(fields, func(f FieldChange) bool { return f.WriteReason != SecretAsked }):
		c.Reason = ReasonAsked
	}
	return c
}

// withSecrets adds to the differences of a Worker, which is about to be
// uploaded or patched, the secrets that are written with it.
func (p *planning) withSecrets(r spec.Resource, live *spec.Live, fields []FieldChange) []FieldChange {
	desired, with := r.(spec.Scripted), SecretUploaded
	if desired.AsScript().Code.IsKept() {
		with = SecretPatched
	}
	return p.secretFields(desired, live, fields, with)
}

// secretFields adds to the differences the secrets that are written, each with
// its most specific reason. Secrets without one are written for the reason
// others, or not at all if it is "".
func (p *planning) secretFields(desired spec.Scripted, live *spec.Live, fields []FieldChange, others SecretReason) []FieldChange {
	secrets := desired.AsScript().Secrets()
	if len(secrets) == 0 {
		return fields
	}
	changed, known := p.changedSecrets(desired, live)
	out := slices.Clone(fields)
	if len(fields) > 0 && others == "" && !known && p.options.Secrets != nil {
		others = SecretUnverified // the new mark needs a fingerprint of each
	}
	for i, b := range secrets {
		reason := others
		switch {
		case slices.Contains(changed, i):
			reason = SecretDiffers
		case p.options.WriteSecrets:
			reason = SecretAsked
		}
		if at := slices.IndexFunc(out, func(f FieldChange) bool { return f.Path == secretPath(b) }); at >= 0 {
			out[at].WriteReason = SecretMissing
		} else if reason != "" {
			out = append(out, FieldChange{Path: secretPath(b), Op: FieldWrite, Sensitive: true, WriteReason: reason})
		}
	}
	return out
}

// changedSecrets returns the indexes of the secrets whose values do not match
// the fingerprints in the Worker's mark. known is false if the mark has no
// fingerprints that can be compared.
func (p *planning) changedSecrets(desired spec.Scripted, live *spec.Live) (changed []int, known bool) {
	if p.options.Secrets == nil || live.Revision.Mark == nil {
		return nil, false
	}
	return live.Revision.Mark.Secrets.Changed(p.options.Secrets.Fingerprints(p.desired.Name, desired))
}

// secretFindings collects what to warn of about secrets that are not written.
type secretFindings struct {
	unverified, otherKey secretsCount
	unavailable          map[spec.SecretSource]spec.Binding
}

type secretsCount struct {
	first spec.Address
	at    diag.Range
	n     int
}

func (c *secretsCount) add(r spec.Resource) {
	if c.n++; c.n == 1 {
		c.first, c.at = r.Address(), r.Meta().At
	}
}

// noteUnverified records a Worker for which it cannot be told whether its secrets
// have changed.
func (p *planning) noteUnverified(desired spec.Scripted, live *spec.Live) {
	values, secrets := p.options.Secrets, desired.AsScript().Secrets()
	if values == nil || len(secrets) == 0 {
		return
	}
	for _, b := range secrets {
		if values.Knows(*b.Secret) {
			continue
		}
		if p.secrets.unavailable == nil {
			p.secrets.unavailable = map[spec.SecretSource]spec.Binding{}
		}
		if _, noted := p.secrets.unavailable[*b.Secret]; !noted {
			p.secrets.unavailable[*b.Secret] = b
		}
	}
	if _, known := p.changedSecrets(desired, live); known {
		return
	}
	if mark := live.Revision.Mark; mark != nil && mark.Secrets != "" && !mark.Secrets.SameKey(values.Fingerprints(p.desired.Name, desired)) {
		p.secrets.otherKey.add(desired)
	} else {
		p.secrets.unverified.add(desired)
	}
}

// warnSecrets warns of secrets for which it cannot be told whether they have
// changed. They are not written for that reason: losing or replacing a key must
// not rewrite a whole fleet unasked.
func (p *planning) warnSecrets() {
	warn := func(rule, message, hint string, at diag.Range) {
		p.diagnostics = append(p.diagnostics, diag.Diagnostic{Severity: diag.Warning, Rule: rule, Message: message, Hint: hint, Range: at})
	}
	const hint = "`--write-secrets` writes them once more, with fingerprints; `--target` limits it to some Workers"
	if c := p.secrets.unverified; c.n > 0 {
		warn(RuleUnverifiedSecrets, "cannot tell whether the secrets of "+c.words()+" have changed: they were written without WFPSYNC_SECRETS_KEY", hint, c.at)
	}
	if c := p.secrets.otherKey; c.n > 0 {
		warn(RuleUnverifiedSecrets, "cannot tell whether the secrets of "+c.words()+" have changed: they were written with another WFPSYNC_SECRETS_KEY", hint+", or use the old key", c.at)
	}
	for source, b := range p.secrets.unavailable {
		where := strings.Replace(source.String(), "env ", "the environment variable ", 1)
		warn(RuleSecretUnavailable, fmt.Sprintf("cannot tell whether the secret %s has changed: its value, from %s, is missing", b.Name, where), "give `plan` the value too, or plan without WFPSYNC_SECRETS_KEY", b.At)
	}
}

func (c secretsCount) words() string {
	if c.n == 1 {
		return c.first.String()
	}
	return fmt.Sprintf("%d Workers, the first of them %s,", c.n, c.first)
}
