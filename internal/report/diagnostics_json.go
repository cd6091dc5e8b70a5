package report

import (
	"io"

	"github.com/wfpsync/wfpsync/diag"
)

// DiagnosticsJSON writes diagnostics as one document, in the order of their
// places. An empty list is a document, too: it says that all is well.
func DiagnosticsJSON(w io.Writer, list diag.List) error {
	sorted := list.Sorted()
	failed, warned := countDiagnostics(sorted)
	return writeJSON(w, struct {
		FormatVersion string    `json:"format_version"`
		Valid         bool      `json:"valid"`
		ErrorCount    int       `json:"error_count"`
		WarningCount  int       `json:"warning_count"`
		Diagnostics   diag.List `json:"diagnostics"`
	}{FormatVersion, failed == 0, failed, warned, listed(sorted)})
}

// ErrorJSON writes the document that stands in for the requested one when a
// command fails.
func ErrorJSON(w io.Writer, list diag.List) error { return writeJSON(w, errorsOf(list)) }

type errorDocument struct {
	FormatVersion string    `json:"format_version"`
	Errors        diag.List `json:"errors"`
	Warnings      diag.List `json:"warnings,omitempty"`
}

func errorsOf(list diag.List) errorDocument {
	document := errorDocument{FormatVersion: FormatVersion, Errors: diag.List{}}
	for _, d := range list.Sorted() {
		if d.Severity == diag.Warning {
			document.Warnings = append(document.Warnings, d)
		} else {
			document.Errors = append(document.Errors, d)
		}
	}
	return document
}

// listed returns a list that encodes as one even when it is empty.
func listed(list diag.List) diag.List { return append(diag.List{}, list...) }
