package stackfile

import (
	"fmt"
	"io/fs"
	"math"
	"math/big"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/layer"
)

// Limits of the platform on variables; secrets count as variables.
// Source: Workers platform limits; API errors 10054 and 10055.
const (
	maxVars     = 128
	maxVarBytes = 5 * 1024
)

// loadVars reads `vars`: text as it is, anything else as JSON, as wrangler does.
func (l *loader) loadVars(set *bindingSet, vars *document.Value) {
	if vars == nil {
		return
	}
	for _, m := range vars.Members {
		at := m.Range()
		b := spec.Binding{Name: m.Key, At: at}
		size := len(m.Value.Text)
		if m.Value.Kind == document.String {
			b.Type, b.Properties = spec.BindingText, spec.Properties{{Name: "text", Value: m.Value.Text}}
		} else {
			b.Type, b.Properties = spec.BindingJSON, spec.Properties{{Name: "json", Value: l.variableOf(m.Value)}}
			l.checkIntegers(m.Value)
			if size = mostJSON(m.Value); size > maxVarBytes {
				size = len(canon.MustJSON(b.Properties.Get("json")))
			}
		}
		if size > maxVarBytes {
			l.Report(spec.RuleTooManyVars, at, fmt.Sprintf("the variable %q is %d bytes; the platform allows %d", m.Key, size, maxVarBytes), "keep large values in a KV namespace")
		}
		set.add(b, at)
	}
	l.checkVarCount(vars, len(vars.Members))
}

// variableOf returns a variable's value. The Workers of a `for_each` share what
// of it is the same for all of them.
func (l *loader) variableOf(value *document.Value) any {
	if len(l.current.items) == 0 {
		return value.JSON()
	}
	return value.SharedJSON(l.values)
}

// mostJSON returns a size that the JSON of a value does not exceed, which is
// nearly always enough to know and much cheaper than to encode it.
func mostJSON(value *document.Value) int {
	const (
		escaped     = len(`\u0000`) // what becomes of one byte at most
		punctuation = len(`"":,`)
		number      = 32 // as long as any that is not written out
	)
	size := escaped*len(value.Text) + number + punctuation
	for _, item := range value.Items {
		size += mostJSON(item)
	}
	for _, m := range value.Members {
		size += escaped*len(m.Key) + punctuation + mostJSON(m.Value)
	}
	return size
}

// maxExact is the number from which on a Worker, whose numbers are those of
// JavaScript, does not tell every integer from the next.
var maxExact = big.NewInt(1 << 53)

// checkIntegers warns of every integer in a JSON variable that a Worker may
// read as another one.
func (l *loader) checkIntegers(value *document.Value) {
	if value.Kind == document.Number && math.Abs(value.Number) >= 1<<53 {
		if n, ok := new(big.Int).SetString(value.Text, 0); ok && n.CmpAbs(maxExact) > 0 {
			l.Warn(spec.RuleLargeInteger, value.Range(), fmt.Sprintf("the integer %s is beyond 2^53, where a Worker rounds integers", value.Text),
				fmt.Sprintf("quote it, and read it as text: %q", value.Text))
		}
	}
	for _, item := range value.Items {
		l.checkIntegers(item)
	}
	for _, m := range value.Members {
		l.checkIntegers(m.Value)
	}
}

func (l *loader) checkVarCount(vars *document.Value, n int) {
	if n > maxVars {
		l.Report(spec.RuleTooManyVars, vars.Range(), fmt.Sprintf("%d variables and secrets; the platform allows %d", n, maxVars), "put related values into one JSON variable")
	}
}

// loadSecrets reads `secrets`: names, and where the values are to come from.
func (l *loader) loadSecrets(set *bindingSet, secrets *document.Value) {
	if secrets == nil {
		return
	}
	for _, m := range secrets.Members {
		source := spec.SecretSource{Env: m.Value.Get("env").String(), File: layer.CleanPath(m.Value.Get("file").String())}
		if l.checkOneOf(m.Value, "env", "file", "keep") {
			l.checkSecretSource(source, m.Value)
		}
		b := spec.Binding{Name: m.Key, Type: spec.BindingSecret, Secret: &source, At: m.Range()}
		if m.Value.Get("keep").IsTrue() {
			b.Type, b.Secret = spec.BindingInherit, nil
		}
		set.add(b, m.Range())
	}
	l.checkVarCount(secrets, len(set.bindings))
}

// loadCarriedOver reads `carry_over`: names of bindings that another program
// sets.
func (l *loader) loadCarriedOver(set *bindingSet, names *document.Value) {
	for _, name := range names.ItemsOrNil() {
		set.add(spec.Binding{Name: name.String(), Type: spec.BindingInherit, At: name.Range()}, name.Range())
	}
}

// checkSecretSource refuses to hand wfpsync's own credentials to a Worker, and
// to read a file that is not the project's.
func (l *loader) checkSecretSource(source spec.SecretSource, value *document.Value) {
	if isOwnCredential(source.Env) {
		l.Report(spec.RuleSecretSource, value.Get("env").Range(), fmt.Sprintf("%q is a credential of wfpsync itself", source.Env), "give the Worker's secret an environment variable of its own")
	}
	if source.File != "" && !fs.ValidPath(source.File) {
		l.Report(spec.RuleSecretSource, value.Get("file").Range(), fmt.Sprintf("the file %q is not in the stack file's folder", value.Get("file").String()), "name a file below it, as in ./secrets/key.pem")
	}
}
