package bundle

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// inStackFile gives a diagnostic its place in the stack file, unless it has one
// in a source file. A range with a line but no file counts within an inline
// script.
func inStackFile(d diag.Diagnostic, code *spec.Code) diag.Diagnostic {
	switch {
	case d.Range.File != "":
		return d
	case d.Range.Line == 0:
		d.Range = code.At
	case code.Body.IsZero():
		// The lines of the script are not lines of the file, as in a quoted
		// string: the message must say which one it means.
		d.Message = fmt.Sprintf("line %d, column %d of the script: %s", d.Range.Line, d.Range.Column, d.Message)
		d.Range, d.Snippet = code.At, ""
	default:
		d.Range = shift(d.Range, code.Body)
		if d.Snippet != "" {
			d.Snippet = strings.Repeat(" ", code.Body.Column-1) + d.Snippet
		}
	}
	return d
}

// shift moves a range within a script to where the script is in the file. Every
// line of it is indented alike.
func shift(r, body diag.Range) diag.Range {
	r.File = body.File
	r.Line += body.Line - 1
	r.Column += body.Column - 1
	if r.EndLine > 0 {
		r.EndLine += body.Line - 1
		r.EndColumn += body.Column - 1
	}
	return r
}
