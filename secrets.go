package wfpsync

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// Secret reads the value of a secret from its source: a variable of
// [Options.LookupEnv], or a file in the project. A final line break in a file,
// as editors add it, is not part of the value. Secret is made for
// [applier.Options].
func (p *Project) Secret(source spec.SecretSource) (spec.Secret, error) {
	return SecretIn(p.dir, p.options.lookupEnv)(source)
}

// SecretIn returns a function that reads secrets from the environment and from
// files in a folder, for a saved plan without a project.
func SecretIn(dir string, lookupEnv func(name string) (string, bool)) func(spec.SecretSource) (spec.Secret, error) {
	return func(source spec.SecretSource) (spec.Secret, error) {
		if source.File != "" {
			return secretFile(dir, source.File)
		}
		value, set := lookupEnv(source.Env)
		if !set || value == "" {
			return spec.Secret{}, fmt.Errorf("the environment variable %s is not set: set it, and start wfpsync again", source.Env)
		}
		return spec.NewSecret(value), nil
	}
}

func secretFile(dir, name string) (spec.Secret, error) {
	root, err := openFolder(dir)
	if err != nil {
		return spec.Secret{}, err
	}
	defer root.Close()
	content, err := root.ReadFile(name)
	if err != nil {
		return spec.Secret{}, fmt.Errorf("the file %s cannot be read: %w", name, err)
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if value == "" {
		return spec.Secret{}, fmt.Errorf("the file %s is empty", name)
	}
	return spec.NewSecret(value), nil
}

// secretValues returns the values to compare with fingerprints; nil without a
// key: values are then read only to be written. The plan reports values that
// cannot be read.
func (p *Project) secretValues() *spec.SecretValues {
	if p.options.SecretsKey == nil {
		return nil
	}
	values := &spec.SecretValues{Key: p.options.SecretsKey, Values: map[spec.SecretSource]spec.Secret{}}
	tried := map[spec.SecretSource]bool{}
	for _, r := range p.stack.Resources {
		script, ok := r.(spec.Scripted)
		if !ok {
			continue
		}
		for _, b := range script.AsScript().Secrets() {
			if tried[*b.Secret] {
				continue
			}
			tried[*b.Secret] = true
			if value, err := p.Secret(*b.Secret); err == nil {
				values.Values[*b.Secret] = value
			}
		}
	}
	return values
}
