// Package assetrules reads the files _headers and _redirects of a directory of
// static assets, and applies them to a request.
//
// They are a file format, like JSON: uploads report what is wrong in them, and
// the local account serves files by them.
// Sources: https://developers.cloudflare.com/workers/static-assets/headers/ and
// …/redirects/; where the pages say nothing, wrangler's asset Worker
// (workers-sdk, packages/workers-shared).
package assetrules

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Problem is a line that does not do what it says.
type Problem struct {
	// Line and Column count from 1, columns in characters. Text is the faulty
	// text, and Source the whole line.
	Line, Column int
	Text, Source string

	Message string // in lower case, without a final period
	Hint    string // what to do; may be empty

	// Refused says that the platform refuses the upload because of this line.
	// It silently drops other faulty lines.
	Refused bool
}

// line is one line of a file that is not empty.
type line struct {
	number, column int
	text           string // without surrounding space
	source         string
}

// lines returns the lines that are neither empty nor a comment. It leaves out,
// and reports, lines longer than a number of characters.
func lines(text string, most int, report func(line, string, string)) []line {
	var all []line
	number := 0
	text = strings.ToValidUTF8(text, "\ufffd") // patterns become expressions, which take only valid UTF-8
	for raw := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		l := line{number: number, text: strings.TrimSpace(raw), source: strings.TrimRight(raw, "\r\n")}
		l.column = 1 + utf8.RuneCountInString(raw[:strings.Index(raw, l.text)])
		switch length := utf8.RuneCountInString(l.text); {
		case l.text == "", strings.HasPrefix(l.text, "#"):
		case length > most:
			report(l, fmt.Sprintf("the line has %d characters, and is ignored: the platform reads %d", length, most), "shorten it")
		default:
			all = append(all, l)
		}
	}
	return all
}

// problems collects problems.
type problems []Problem

func (p *problems) add(at line, message, hint string) {
	*p = append(*p, Problem{Line: at.number, Column: at.column, Text: at.text, Source: at.source, Message: message, Hint: hint})
}

func (p *problems) refuse(at line, message, hint string) {
	p.add(at, message, hint)
	(*p)[len(*p)-1].Refused = true
}
