package bundle

import "github.com/wfpsync/wfpsync/diag"

// The rules that this package's diagnostics are documented under.
const (
	// RuleBundle: esbuild cannot make a bundle of the sources.
	RuleBundle = "WFP300"

	// RuleEntrypointMissing: there is no file where main points.
	RuleEntrypointMissing = "WFP301"

	// RuleEntrypointOutside: main, or a file that it leads to, lies outside the
	// project folder.
	RuleEntrypointOutside = "WFP302"

	// RuleNoHandler: the code has neither a default export to send requests to nor
	// classes.
	RuleNoHandler = "WFP303"

	// RuleInlineScript: a script in the stack file is not one complete module.
	RuleInlineScript = "WFP304"

	// RuleAssetDirectory: there are no static files where assets points, or
	// they cannot be read.
	RuleAssetDirectory = "WFP305"

	// RuleAssetOutside: the directory of assets, or a file in it, lies outside
	// the project folder, or cannot be reached without a link to a folder.
	RuleAssetOutside = "WFP306"

	// RuleAssetLimits: the platform does not take the files, or should not get
	// them.
	RuleAssetLimits = "WFP307"

	// RuleAdditionalModule: a file that find_additional_modules takes cannot be
	// uploaded beside the bundle.
	RuleAdditionalModule = "WFP308"

	// RuleAssetRules: a line of _headers or _redirects does not do what it says.
	RuleAssetRules = "WFP309"

	// RuleRuntimeModule: the code imports a module that the runtime does not have
	// at the Worker's compatibility date, with its flags.
	RuleRuntimeModule = "WFP310"

	// RulePolyfill: the code needs a polyfill of Node.js, and none is installed.
	RulePolyfill = "WFP311"

	// RuleRefused: the code does not start, so that an upload would be refused.
	RuleRefused = "WFP330"
)

// problem is an error about a code as a whole; [inStackFile] gives it its place.
func problem(rule, message, hint string) diag.Diagnostic {
	return diag.Diagnostic{Severity: diag.Error, Rule: rule, Message: message, Hint: hint}
}
