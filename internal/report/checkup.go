package report

import "io"

// Check is one thing that was looked at, and what to do about it.
type Check struct {
	Name    string      `json:"name"`
	Status  CheckStatus `json:"status"`
	Message string      `json:"message"`
	Advice  string      `json:"advice,omitempty"`
}

// CheckStatus is how something is.
type CheckStatus string

const (
	CheckOK      CheckStatus = "ok"
	CheckWarning CheckStatus = "warning" // it may be meant
	CheckFailed  CheckStatus = "failed"
	CheckSkipped CheckStatus = "skipped" // something else must be put right first
)

// CheckupJSON writes checks as one document.
func CheckupJSON(w io.Writer, checks []Check) error {
	return writeJSON(w, struct {
		FormatVersion string  `json:"format_version"`
		Healthy       bool    `json:"healthy"`
		Checks        []Check `json:"checks"`
	}{FormatVersion, Healthy(checks), checks})
}

// Healthy reports whether nothing failed.
func Healthy(checks []Check) bool {
	for _, c := range checks {
		if c.Status == CheckFailed {
			return false
		}
	}
	return true
}

// CheckupText writes checks for a person.
func CheckupText(w io.Writer, style Style, checks []Check) error {
	marks := map[CheckStatus][2]string{CheckOK: {green, "ok  "}, CheckWarning: {yellow, "warn"}, CheckFailed: {red, "FAIL"}, CheckSkipped: {dim, "skip"}}
	return render(w, style, func(p *printer) {
		for _, c := range checks {
			mark := marks[c.Status]
			p.line("%s  %s: %s", p.paint(mark[0], mark[1]), p.paint(bold, safe(c.Name)), oneLine(c.Message))
			if c.Advice != "" {
				p.line("      %s %s", p.paint(green, "hint:"), oneLine(c.Advice))
			}
		}
		p.line("")
		if Healthy(checks) {
			p.line("%s", p.paint(bold, "Nothing is wrong."))
		} else {
			p.line("%s", p.paint(bold, "Something must be fixed first."))
		}
	})
}
