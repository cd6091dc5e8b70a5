package stackfile

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// placeholders match what templates and tutorials put where a value of one's own
// belongs. What each begins with is looked for first: files have many texts.
var placeholders = []struct {
	part    string
	pattern *regexp.Regexp
}{
	{"<", regexp.MustCompile(`(?i)<your[_ -][^<>]*>`)},
	{"{{", regexp.MustCompile(`(?:^|[^$])(\{\{[^{}]*\}\})`)}, // ${{…}} is an expression
	{"CHANGE", regexp.MustCompile(`\bCHANGE[_-]?ME\b`)},
	{"change", regexp.MustCompile(`\bchange[_-]?me\b`)},
	{"xxxx", regexp.MustCompile(`^[x-]{4,64}$`)},
	{"XXXX", regexp.MustCompile(`^[X-]{4,64}$`)},
}

func placeholderIn(text string) string {
	for _, p := range placeholders {
		if strings.Contains(text, p.part) {
			if m := p.pattern.FindStringSubmatch(text); m != nil {
				return m[len(m)-1]
			}
		}
	}
	return ""
}

// checkPlaceholders warns of every text that still has to be filled in. What is
// complained about already is not mentioned again.
func (l *loader) checkPlaceholders() {
	complained := l.Places()
	l.findPlaceholders(l.file.Root, complained)
	for _, config := range l.wrangler.order {
		l.findPlaceholders(config.Worker, complained)
	}
}

func (l *loader) findPlaceholders(value *document.Value, complained map[diag.Range]bool) {
	switch value.Kind {
	case document.String:
		found := placeholderIn(value.Text)
		if found == "" || complained[value.Range()] {
			return
		}
		complained[value.Range()] = true // an alias leads here again
		l.Warn(spec.RulePlaceholder, value.Range(), fmt.Sprintf("the placeholder %q is still there", found), "write the value itself")
	case document.List:
		for _, item := range value.Items {
			l.findPlaceholders(item, complained)
		}
	case document.Map:
		for _, m := range value.Members {
			if m.Key != "script" { // code has its own use for such texts
				l.findPlaceholders(m.Value, complained)
			}
		}
	}
}
