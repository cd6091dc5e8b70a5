package applier

import (
	"errors"
	"fmt"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// addSecrets adds to a write the values that it writes, and the fingerprints of
// the values that the script has afterwards.
func (r *run) addSecrets(w *spec.Write, c planner.Change) {
	w.SecretsOnly = c.Action == planner.WriteSecrets
	for _, b := range c.SecretsToWrite() {
		if w.Secrets == nil {
			w.Secrets = map[string]spec.Secret{}
		}
		w.Secrets[b.Name] = r.secrets[*b.Secret]
	}
	if c.MarkOnly {
		if c.Prior != nil && c.Prior.Mark != nil {
			w.Fingerprints = c.Prior.Mark.Secrets
		}
		return
	}
	// If two secrets share a source and only one of them is written, the
	// account may still have the earlier value of the other.
	w.Fingerprints = r.options.Key.Fingerprints(r.stack, w.Resource.(spec.Scripted), func(b spec.Binding) (spec.Secret, bool) {
		value, is := w.Secrets[b.Name]
		return value, is
	})
	if c.Prior != nil && c.Prior.Mark != nil {
		w.Fingerprints = w.Fingerprints.Over(c.Prior.Mark.Secrets)
	}
}

// readSecrets reads every secret that the plan needs before anything is
// written, so that a missing one does not leave the plan half applied.
func readSecrets(plan *planner.Plan, read func(spec.SecretSource) (spec.Secret, error)) (map[spec.SecretSource]spec.Secret, error) {
	secrets := map[spec.SecretSource]spec.Secret{}
	var missing []error
	note := func(c planner.Change, what, name string, source spec.SecretSource) {
		if _, known := secrets[source]; known {
			return
		}
		value, err := read(source)
		if err != nil {
			missing = append(missing, fmt.Errorf("%s: %s %s: %w", c.Address, what, name, err))
		}
		secrets[source] = value
	}
	for _, c := range plan.Changes {
		for _, b := range c.SecretsToWrite() {
			note(c, "secret", b.Name, *b.Secret)
		}
		if probe := probeOf(c); probe != nil {
			for _, h := range probe.Headers {
				if h.Secret != nil {
					note(c, "header of the probe", h.Name, *h.Secret)
				}
			}
		}
	}
	return secrets, errors.Join(missing...)
}
