package report

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
)

var sarifTestTool = Tool{Version: "1.2.3", Rules: map[string]string{
	"WFP101": "an unknown key", "WFP102": "a value of the wrong kind", "WFP103": "not used here",
}}

func TestDiagnosticsSARIF(t *testing.T) {
	for _, name := range []string{"none", "order", "unknown-key", "without-place", "file-only", "line-only", "position-only", "several-lines", "duplicate-key", "hint-of-lines", "control-characters"} {
		golden(t, "diagnostics/"+name+".sarif", func(w io.Writer) error { return DiagnosticsSARIF(w, sarifTestTool, diagnosticCases[name]) })
	}
}

func TestDiagnosticsSARIFIsSARIF(t *testing.T) {
	for name, list := range diagnosticCases {
		log := written(t, func(w io.Writer) error { return DiagnosticsSARIF(w, sarifTestTool, list) })
		for _, violation := range sarifViolations(t, log) {
			t.Errorf("%s: %s", name, violation)
		}
	}
}

func TestSARIFNamesFilesByURI(t *testing.T) {
	for file, want := range map[string]string{
		"wfpsync.yaml":     "wfpsync.yaml",
		"my stacks/é.yaml": "my%20stacks/%C3%A9.yaml",
		"../100%/a#b?.ts":  "../100%25/a%23b%3F.ts",
		"c:d.yaml":         "./c:d.yaml",
		"/srv/wfpsync":     "file:///srv/wfpsync",
	} {
		if got := fileURI(file); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}

// sarifViolations holds a log against what the schema of SARIF 2.1.0 says of
// the parts that are used: which properties there are, which must be, and of
// what type.
func sarifViolations(t testing.TB, log string) []string {
	t.Helper()
	var document any
	if err := json.Unmarshal([]byte(log), &document); err != nil {
		t.Fatal(err)
	}
	var violations []string
	sarifShapes["log"].check(document, "", func(at, what string) { violations = append(violations, at+": "+what) })

	run := document.(map[string]any)["runs"].([]any)[0].(map[string]any)
	rules := run["tool"].(map[string]any)["driver"].(map[string]any)["rules"].([]any)
	for i, r := range run["results"].([]any) {
		result := r.(map[string]any)
		if index, ok := result["ruleIndex"].(float64); ok != (result["ruleId"] != nil) ||
			ok && rules[int(index)].(map[string]any)["id"] != result["ruleId"] {
			violations = append(violations, fmt.Sprintf("/runs/0/results/%d: ruleIndex and ruleId disagree", i))
		}
	}
	return violations
}

// shape is what a value must be: one of the names of sarifTypes, an object of
// properties, or a list.
type shape struct {
	typ        string
	properties map[string]shape
	required   []string
	items      *shape
}

var sarifTypes = map[string]func(any) bool{
	"text":     func(v any) bool { s, ok := v.(string); return ok && s != "" },
	"string":   func(v any) bool { _, ok := v.(string); return ok },
	"bool":     func(v any) bool { _, ok := v.(bool); return ok },
	"index":    func(v any) bool { n, ok := v.(float64); return ok && n >= 0 && n == float64(int(n)) },
	"position": func(v any) bool { n, ok := v.(float64); return ok && n >= 1 && n == float64(int(n)) },
	"version":  func(v any) bool { return v == "2.1.0" },
	"columns":  func(v any) bool { return v == "utf16CodeUnits" || v == "unicodeCodePoints" },
	"level":    func(v any) bool { return v == "none" || v == "note" || v == "warning" || v == "error" },
	"uri":      func(v any) bool { u, err := url.Parse(fmt.Sprint(v)); return err == nil && u.IsAbs() },
	"uri-ref":  func(v any) bool { _, err := url.Parse(fmt.Sprint(v)); return err == nil },
}

func is(typ string) shape { return shape{typ: typ} }

func list(of shape) shape { return shape{items: &of} }

// object takes the properties; those that must be there are named last.
func object(properties map[string]shape, required ...string) shape {
	return shape{properties: properties, required: required}
}

var sarifShapes = func() map[string]shape {
	message := object(map[string]shape{"text": is("string")}, "text")
	location := object(map[string]shape{
		"message": message,
		"physicalLocation": object(map[string]shape{
			"artifactLocation": object(map[string]shape{"uri": is("uri-ref")}, "uri"),
			"region":           object(map[string]shape{"startLine": is("position"), "startColumn": is("position"), "endLine": is("position"), "endColumn": is("position")}, "startLine"),
		}, "artifactLocation"),
	})
	rule := object(map[string]shape{"id": is("text"), "shortDescription": message, "helpUri": is("uri")}, "id")
	notification := object(map[string]shape{"level": is("level"), "message": message, "associatedRule": object(map[string]shape{"id": is("text")}, "id")}, "message")
	result := object(map[string]shape{
		"ruleId": is("text"), "ruleIndex": is("index"), "level": is("level"), "message": message,
		"locations": list(location), "relatedLocations": list(location),
	}, "message", "locations")
	run := object(map[string]shape{
		"tool":        object(map[string]shape{"driver": object(map[string]shape{"name": is("text"), "version": is("text"), "informationUri": is("uri"), "rules": list(rule)}, "name")}, "driver"),
		"invocations": list(object(map[string]shape{"executionSuccessful": is("bool"), "toolExecutionNotifications": list(notification)}, "executionSuccessful")),
		"columnKind":  is("columns"),
		"results":     list(result),
	}, "tool", "results")
	return map[string]shape{"log": object(map[string]shape{"$schema": is("uri"), "version": is("version"), "runs": list(run)}, "version", "runs")}
}()

func (s shape) check(value any, at string, complain func(at, what string)) {
	switch {
	case s.typ != "":
		if !sarifTypes[s.typ](value) {
			complain(at, fmt.Sprintf("%v is no %s", value, s.typ))
		}
	case s.items != nil:
		items, ok := value.([]any)
		if !ok {
			complain(at, "is no list")
		}
		for i, item := range items {
			s.items.check(item, fmt.Sprintf("%s/%d", at, i), complain)
		}
	default:
		s.checkObject(value, at, complain)
	}
}

func (s shape) checkObject(value any, at string, complain func(at, what string)) {
	properties, ok := value.(map[string]any)
	if !ok {
		complain(at, "is no object")
		return
	}
	for _, name := range s.required {
		if _, given := properties[name]; !given {
			complain(at, "has no "+name)
		}
	}
	for name, v := range properties {
		if property, known := s.properties[name]; known {
			property.check(v, at+"/"+name, complain)
		} else {
			complain(at, "has "+name)
		}
	}
}

// The check itself must find something.
func TestSARIFViolations(t *testing.T) {
	log := written(t, func(w io.Writer) error { return DiagnosticsSARIF(w, sarifTestTool, diagnosticCases["unknown-key"]) })
	for before, after := range map[string]string{
		`"version": "2.1.0"`: `"version": "2.0.0"`,
		`"startLine": 12`:    `"startLine": 0`,
		`"level": "error"`:   `"level": "fatal"`,
		`"ruleIndex": 0`:     `"ruleIndices": 0`,
		`"text":`:            `"txt":`,
	} {
		if !strings.Contains(log, before) || len(sarifViolations(t, strings.Replace(log, before, after, 1))) == 0 {
			t.Errorf("%s instead of %s was not found", after, before)
		}
	}
}
