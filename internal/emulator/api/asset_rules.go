package api

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/wfpsync/wfpsync/internal/assetrules"
)

// checkAssetRules refuses texts of _headers and _redirects that the platform is
// known to refuse, in its words. Other faulty lines are dropped.
// Source: https://github.com/cloudflare/workers-sdk/issues/14547 and
// …/issues/15624
func checkAssetRules(headers, redirects string, pages bool) error {
	_, problems := assetrules.ParseHeaders(headers)
	if err := refuseRules("_headers", problems, "Expected a path before headers"); err != nil {
		return err
	}
	_, problems = assetrules.ParseRedirects(redirects, pages)
	return refuseRules("_redirects", problems,
		"Infinite loop detected in this rule. This would cause a redirect to strip `.html` or `/index` and end up triggering this rule again.")
}

func refuseRules(file string, problems []assetrules.Problem, message string) error {
	var lines strings.Builder
	for _, p := range problems {
		if p.Refused {
			fmt.Fprintf(&lines, "\nLine %d: %s", p.Line, message)
		}
	}
	if lines.Len() == 0 {
		return nil
	}
	return fail(http.StatusBadRequest, workersAssetRules, "Invalid %s configuration:%s", file, lines.String())
}
