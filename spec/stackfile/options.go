package stackfile

import (
	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// Options are what the meaning of a stack file depends on besides the file.
type Options struct {
	// Environment is the overlay of `environments` to lay over the file; ""
	// for the file as it stands.
	Environment string

	// AsIf is what expressions read as the environment where none is laid over
	// the file: to tell what is wrong with a file from what needs a name.
	AsIf string

	// Variables are values given on the command line, which come first.
	Variables map[string]any

	// Live is what the account has where the file's lists look for user Workers;
	// see [spec.Stack.Discoveries]. Without it nobody has asked the account, and there
	// are no resources for what is in those lists.
	Live *spec.Snapshot

	// LookupVariable reads a variable of the environment. Only names that begin
	// with [VariablePrefix] are asked for: a pull request must not be able to
	// print the secrets of the machine that plans it.
	LookupVariable func(name string) (string, bool)
}

// VariablePrefix begins the names of the environment variables that a stack
// file may read values from.
const VariablePrefix = "WFPSYNC_VAR_"

// ParseVariables reads a file of variables: a YAML or JSON mapping of names to
// values.
func ParseVariables(name string, content []byte) (map[string]any, diag.List) {
	value, list := document.Parse(name, content)
	if value == nil {
		return nil, list
	}
	if value.Kind != document.Map {
		list = append(list, diag.Diagnostic{Severity: diag.Error, Rule: spec.RuleVariable, Message: "a file of variables is a mapping of names to values, and this is " + value.Describe(), Range: value.Range(), Snippet: value.Line(value.Range().Line)})
		return nil, list
	}
	return value.JSON().(map[string]any), list
}
