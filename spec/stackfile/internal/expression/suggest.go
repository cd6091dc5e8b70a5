package expression

import "github.com/wfpsync/wfpsync/diag"

// didYouMean returns a hint with the name a person most likely meant, if any is
// near, and what else there is.
func didYouMean(given string, candidates []string, otherwise string) string {
	if near := diag.Nearest(given, candidates); near != "" {
		return "did you mean `" + near + "`? " + otherwise
	}
	return otherwise
}
