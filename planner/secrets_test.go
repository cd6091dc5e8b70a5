package planner_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

const withSecrets = `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
workers:
  one: { script: "export default {}", vars: { PLAN: free }, secrets: { KEY: { env: A }, PIN: { env: B } } }
  two: { script: "export default {}", secrets: { KEY: { env: A } } }
`

// valuesOf returns the values of the secrets of withSecrets, by source; ""
// stands for a value that is not known.
func valuesOf(t *testing.T, key, a, b string) *spec.SecretValues {
	t.Helper()
	k, err := spec.NewSecretsKey(strings.Repeat(key, spec.SecretsKeyLength))
	if err != nil {
		t.Fatal(err)
	}
	values := &spec.SecretValues{Key: k, Values: map[spec.SecretSource]spec.Secret{}}
	for source, value := range map[string]string{"A": a, "B": b} {
		if value != "" {
			values.Values[spec.SecretSource{Env: source}] = spec.NewSecret(value)
		}
	}
	return values
}

func TestWriteSecrets(t *testing.T) {
	stack := parse(t, withSecrets)
	applied := valuesOf(t, "k", "1234", "5678")
	for name, c := range map[string]struct {
		key     *spec.SecretValues // of the marks
		now     *spec.SecretValues
		ask     bool
		targets []string
		wanted  string
		want    string
	}{
		"nothing": {key: applied, now: applied},
		"no key":  {key: applied},
		"one value": {key: applied, now: valuesOf(t, "k", "1234", "8765"), want: `
0 write-secrets worker/one (changed)
    write /bindings/PIN: differs
`},
		"a value of two Workers": {key: applied, now: valuesOf(t, "k", "4321", "5678"), want: `
0 write-secrets worker/one (changed)
    write /bindings/KEY: differs
0 write-secrets worker/two (changed)
    write /bindings/KEY: differs
`},
		"asked for, of one": {ask: true, targets: []string{"worker/two"}, want: `
0 write-secrets worker/two (asked)
    write /bindings/KEY: asked
`},
		"asked for, and one differs": {key: applied, now: valuesOf(t, "k", "1234", "8765"), ask: true, targets: []string{"worker/one"}, want: `
0 write-secrets worker/one (changed)
    write /bindings/KEY: asked
    write /bindings/PIN: differs
`},
		"with an upload": {key: applied, now: valuesOf(t, "k", "1234", "8765"), wanted: strings.Replace(withSecrets, "free", "pro", 1), want: `
0 update worker/one (changed)
    replace /bindings/PLAN/text: free -> pro
    write /bindings/KEY: uploaded
    write /bindings/PIN: differs
`},
		"without a fingerprint": {now: applied, want: `
wfpsync.yaml:6:3: warning: cannot tell whether the secrets of 2 Workers, the first of them worker/one, have changed: they were written without WFPSYNC_SECRETS_KEY [WFP418]
`},
		"with another key": {key: valuesOf(t, "o", "1234", "5678"), now: applied, want: `
wfpsync.yaml:6:3: warning: cannot tell whether the secrets of 2 Workers, the first of them worker/one, have changed: they were written with another WFPSYNC_SECRETS_KEY [WFP418]
`},
		"without a value": {key: applied, now: valuesOf(t, "k", "1234", ""), want: `
wfpsync.yaml:6:89: warning: cannot tell whether the secret PIN has changed: its value, from the environment variable B, is missing [WFP419]
`},
		"a new secret": {wanted: strings.Replace(withSecrets, "{ KEY: { env: A } }", "{ KEY: { env: A }, NEW: { env: B } }", 1), want: `
0 write-secrets worker/two (changed)
    add /bindings/NEW: missing
`},
		"a new secret, with a key": {key: applied, now: applied, wanted: strings.Replace(withSecrets, "{ KEY: { env: A } }", "{ KEY: { env: A }, NEW: { env: B } }", 1), want: `
0 write-secrets worker/two (changed)
    add /bindings/NEW: missing
    write /bindings/KEY: unproven
`},
	} {
		t.Run(name, func(t *testing.T) {
			world := live(t, stack)
			for _, r := range stack.Resources {
				mark := world.Resources[r.Address()].Revision.Mark
				*mark = mark.WithSecrets(c.key.Fingerprints(stack.Name, r.(spec.Scripted)))
			}
			wanted := stack
			if c.wanted != "" {
				wanted = parse(t, c.wanted)
			}
			p := planOn(t, world, stack, wanted, planner.Options{Secrets: c.now, WriteSecrets: c.ask, Targets: c.targets})
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), outline(p)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			roundTrip(t, p)
			for _, change := range p.Changes {
				if change.Action == planner.WriteSecrets && (p.Code != nil || p.Complete() != nil) {
					t.Error("to write secrets takes code")
				}
			}
		})
	}
}
