package bundle

import (
	"path"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/assetrules"
)

// readHeaders and readRedirects read the files that say how the others are served,
// and say which of their lines the platform refuses, or leaves out in silence. The
// contents are uploaded as they are.

func (r *assetReader) readHeaders() {
	r.headers, _ = r.readRules(headersFile)
	_, problems := assetrules.ParseHeaders(r.headers)
	r.reportRules(headersFile, problems)
}

func (r *assetReader) readRedirects() {
	r.redirects, _ = r.readRules(redirectsFile)
	_, problems := assetrules.ParseRedirects(r.redirects, r.directory.Pages)
	r.reportRules(redirectsFile, problems)
}

func (r *assetReader) reportRules(name string, problems []assetrules.Problem) {
	for _, p := range problems {
		severity := diag.Warning
		if p.Refused {
			severity = diag.Error
		}
		r.diags = append(r.diags, diag.Diagnostic{
			Severity: severity, Rule: RuleAssetRules, Message: p.Message, Hint: p.Hint,
			Range: diag.Range{
				File: path.Join(r.directory.Directory, name), Line: p.Line, Column: p.Column,
				EndLine: p.Line, EndColumn: p.Column + utf8.RuneCountInString(p.Text),
			},
			Snippet: snippet(p.Source),
		})
	}
}
