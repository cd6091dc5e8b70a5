package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// secretsKeyVariable holds the key of the fingerprints of secrets.
const secretsKeyVariable = "WFPSYNC_SECRETS_KEY"

// secretsKey is the key of the fingerprints of secrets, nil where there is none.
func (a *app) secretsKey() (*spec.SecretsKey, error) {
	text := a.env(secretsKeyVariable)
	if text == "" {
		return nil, nil
	}
	key, err := spec.NewSecretsKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", secretsKeyVariable, err)
	}
	return key, nil
}

// secretValues are what a plan compares with the fingerprints of secrets, nil
// without a key: then nobody reads a value before it is written. Of a value that
// cannot be read, the plan says so.
func (a *app) secretValues(stack *spec.Stack) (*spec.SecretValues, error) {
	key, err := a.secretsKey()
	if key == nil || err != nil {
		return nil, err
	}
	values := &spec.SecretValues{Key: key, Values: map[spec.SecretSource]spec.Secret{}}
	tried := map[spec.SecretSource]bool{}
	for _, r := range stack.Resources {
		script, ok := r.(spec.Scripted)
		if !ok {
			continue
		}
		for _, b := range script.Definition().Secrets() {
			if tried[*b.Secret] {
				continue
			}
			tried[*b.Secret] = true
			if value, err := a.readSecret(*b.Secret); err == nil {
				values.Values[*b.Secret] = value
			}
		}
	}
	return values, nil
}

// readSecret reads a secret's value from where the stack file says. A file ends
// in a line break that editors add, and that is not part of the value.
func (a *app) readSecret(source spec.SecretSource) (spec.Secret, error) {
	if source.File == "" {
		value, set := a.lookupEnv(source.Env)
		if !set || value == "" {
			return spec.Secret{}, fmt.Errorf("the environment variable %s is not set: set it, and start wfpsync again", source.Env)
		}
		return spec.NewSecret(value), nil
	}
	dir, _ := a.stackFile()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return spec.Secret{}, noFolder(dir, err)
	}
	defer root.Close()
	content, err := root.ReadFile(source.File)
	if err != nil {
		return spec.Secret{}, fmt.Errorf("the file %s cannot be read: %w", source.File, err)
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if value == "" {
		return spec.Secret{}, fmt.Errorf("the file %s is empty", source.File)
	}
	return spec.NewSecret(value), nil
}
