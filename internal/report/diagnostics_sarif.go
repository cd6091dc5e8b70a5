package report

import (
	"io"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// Tool is the program that has something to say, as SARIF wants it introduced.
type Tool struct {
	Version string

	// Rules is what each rule is about, by its identifier, in a few words.
	Rules map[string]string
}

const (
	toolName    = "wfpsync"
	homepage    = "https://github.com/wfpsync/wfpsync"
	rulesPage   = homepage + "/blob/main/docs/rules.md"
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

// DiagnosticsSARIF writes diagnostics as a SARIF log of one run, in the order of
// their places. What has no place in a file is about the run itself.
// Source: SARIF 2.1.0, OASIS Standard incorporating Approved Errata 01.
func DiagnosticsSARIF(w io.Writer, tool Tool, list diag.List) error {
	sorted := list.Sorted()
	rules := usedRules(tool, sorted)
	run := sarifRun{
		Tool: sarifTool{Driver: sarifDriver{
			Name: toolName, Version: tool.Version, InformationURI: homepage, Rules: rules,
		}},
		Invocations: []sarifInvocation{{ExecutionSuccessful: true}},
		ColumnKind:  "unicodeCodePoints",
		Results:     []sarifResult{},
	}
	for _, d := range sorted {
		if d.Range.File == "" {
			run.Invocations[0].add(d)
			continue
		}
		run.Results = append(run.Results, sarifResultOf(d, rules))
	}
	return writeJSON(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

// usedRules returns the rules of the diagnostics, sorted.
func usedRules(tool Tool, list diag.List) []sarifRule {
	used := map[string]bool{}
	for _, d := range list {
		if d.Rule != "" {
			used[d.Rule] = true
		}
	}
	rules := []sarifRule{}
	for _, id := range slices.Sorted(maps.Keys(used)) {
		rule := sarifRule{ID: id, HelpURI: rulesPage + "#" + url.PathEscape(strings.ToLower(id))}
		if about := tool.Rules[id]; about != "" {
			rule.ShortDescription = &sarifMessage{Text: about}
		}
		rules = append(rules, rule)
	}
	return rules
}

func sarifResultOf(d diag.Diagnostic, rules []sarifRule) sarifResult {
	result := sarifResult{
		RuleID: d.Rule, Level: sarifLevel(d.Severity), Message: sarifMessageOf(d),
		Locations: []sarifLocation{sarifLocationOf(d.Range)},
	}
	if i := slices.IndexFunc(rules, func(r sarifRule) bool { return r.ID == d.Rule }); i >= 0 {
		result.RuleIndex = &i
	}
	for _, r := range d.Related {
		location := sarifLocationOf(r.Range)
		location.Message = &sarifMessage{Text: r.Message}
		result.RelatedLocations = append(result.RelatedLocations, location)
	}
	return result
}

// add notes what went wrong with the run itself.
func (i *sarifInvocation) add(d diag.Diagnostic) {
	n := sarifNotification{Level: sarifLevel(d.Severity), Message: sarifMessageOf(d)}
	if d.Rule != "" {
		n.AssociatedRule = &sarifReference{ID: d.Rule}
	}
	i.Notifications = append(i.Notifications, n)
	if d.Severity != diag.Warning {
		i.ExecutionSuccessful = false
	}
}

func sarifLevel(severity diag.Severity) string {
	if severity == diag.Warning {
		return "warning"
	}
	return "error"
}

func sarifMessageOf(d diag.Diagnostic) sarifMessage {
	return sarifMessage{Text: strings.TrimSpace(d.Message + "\n" + d.Hint)}
}

// sarifLocationOf returns a place; a SARIF region, too, ends before its end
// column.
func sarifLocationOf(r diag.Range) sarifLocation {
	if r.File == "" {
		return sarifLocation{}
	}
	physical := &sarifPhysicalLocation{ArtifactLocation: sarifArtifactLocation{URI: fileURI(r.File)}}
	if r.Line > 0 {
		region := &sarifRegion{StartLine: r.Line, StartColumn: r.Column}
		if r.EndLine > r.Line || r.EndLine == r.Line && r.EndColumn >= r.Column && r.Column > 0 {
			region.EndLine, region.EndColumn = r.EndLine, r.EndColumn
		}
		physical.Region = region
	}
	return sarifLocation{PhysicalLocation: physical}
}

// fileURI returns a path as a URI: relative to where the person is, which is
// the root of the repository for the program that shows the log, unless the path is
// absolute.
func fileURI(file string) string {
	u := url.URL{Path: file}
	if path.IsAbs(file) {
		u.Scheme = "file"
	}
	return u.String()
}

// The parts of SARIF that are used here. Numbers that are 0 are left out: lines
// and columns count from 1.

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	ColumnKind  string            `json:"columnKind"`
	Results     []sarifResult     `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string        `json:"id"`
	ShortDescription *sarifMessage `json:"shortDescription,omitempty"`
	HelpURI          string        `json:"helpUri"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool                `json:"executionSuccessful"`
	Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level          string          `json:"level"`
	Message        sarifMessage    `json:"message"`
	AssociatedRule *sarifReference `json:"associatedRule,omitempty"`
}

type sarifReference struct {
	ID string `json:"id"`
}

type sarifResult struct {
	RuleID           string          `json:"ruleId,omitempty"`
	RuleIndex        *int            `json:"ruleIndex,omitempty"`
	Level            string          `json:"level"`
	Message          sarifMessage    `json:"message"`
	Locations        []sarifLocation `json:"locations"`
	RelatedLocations []sarifLocation `json:"relatedLocations,omitempty"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifLocation struct {
	PhysicalLocation *sarifPhysicalLocation `json:"physicalLocation,omitempty"`
	Message          *sarifMessage          `json:"message,omitempty"`
}

type sarifPhysicalLocation struct {
	ArtifactLocation sarifArtifactLocation `json:"artifactLocation"`
	Region           *sarifRegion          `json:"region,omitempty"`
}

type sarifArtifactLocation struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
	EndLine     int `json:"endLine,omitempty"`
	EndColumn   int `json:"endColumn,omitempty"`
}
