package bundle

import "github.com/wfpsync/wfpsync/internal/diag"

// The rules that this package's diagnostics are documented under.
const (
	// RuleBundle: esbuild cannot make a bundle of the sources.
	RuleBundle = "WFP300"

	// RuleEntrypointMissing: there is no file where main points.
	RuleEntrypointMissing = "WFP301"

	// RuleEntrypointOutside: main, or a file that it leads to, lies outside the
	// project folder.
	RuleEntrypointOutside = "WFP302"

	// RuleNoHandler: the code has no default export to send requests to.
	RuleNoHandler = "WFP303"

	// RuleInlineScript: a script in the stack file is not one complete module.
	RuleInlineScript = "WFP304"
)

// problem is an error about a code as a whole; [inStackFile] gives it its place.
func problem(rule, message, hint string) diag.Diagnostic {
	return diag.Diagnostic{Severity: diag.Error, Rule: rule, Message: message, Hint: hint}
}
