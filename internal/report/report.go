// Package report shows what wfpsync knows to people and to programs.
//
// It turns diagnostics, plans, results and events into text or JSON and writes
// them to a writer that the caller names; it prints, asks and decides nothing.
// There is one function per document and format, in a file named after both
// (plan_text.go, plan_json.go), and format.go is the table of them: a new format
// is a new file and a row. What formats share about a document, such as the words
// for its parts, stands in a file named after the document alone. The same values
// give the same bytes.
//
// Names, values and messages come from files and from accounts that other
// programs may have written to. Nothing of them reaches the output before
// [safe] has made characters visible that a terminal would obey.
package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Style is how text is shown. The zero Style is right for files and pipes.
type Style struct {
	// Color allows ANSI colours. They belong on terminals only, and whether
	// the writer is one is the caller's to know.
	Color bool

	// Width is the terminal's in columns; 0 when there is none. Only source
	// lines are cut to it: everything else is for other tools to read, too.
	Width int

	// Expand shows every change of a plan, also those that are alike.
	Expand bool
}

// The colours of the sixteen that every terminal has.
const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// paint puts text into a colour, where the style has colours.
func (s Style) paint(color, text string) string {
	if !s.Color || color == "" || text == "" {
		return text
	}
	return color + text + reset
}

// printer writes lines of text. It goes on after a failed write, whose error
// the end brings up.
type printer struct {
	Style
	out *bufio.Writer
}

// render runs f with a printer to w.
func render(w io.Writer, style Style, f func(p *printer)) error {
	p := &printer{Style: style, out: bufio.NewWriter(w)}
	f(p)
	return p.out.Flush()
}

// line writes a line. Its arguments must be safe already.
func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(p.out, format, args...)
	p.out.WriteByte('\n')
}

// section writes lines in a block of its own, after an empty line.
func (p *printer) section(lines []string) {
	if len(lines) > 0 {
		p.line("")
		p.line("%s", strings.Join(lines, "\n"))
	}
}
