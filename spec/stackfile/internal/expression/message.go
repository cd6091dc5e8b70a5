package expression

import (
	"regexp"
	"strings"
)

var (
	unexpectedToken = regexp.MustCompile(`^unexpected token \w+\((".*")\)$`)
	wrongType       = regexp.MustCompile(`^interface conversion: interface (?:\{\}|\w+) is (.+), not (.+)$`)
	mismatched      = regexp.MustCompile(`^invalid operation: (.+) \(mismatched types? (.+)\)$`)
	wrongArgument   = regexp.MustCompile(`^cannot use (.+) as argument \(type (.+)\) to call (\w+)\s*$`)
	wrongKey        = regexp.MustCompile(`^cannot use (.+) to get an element from (.+)$`)
	noNumber        = regexp.MustCompile(`(?s)^invalid operation: (int|float)\((.*)\)$`)
	mixedDefault    = regexp.MustCompile(`^Operator \((.+)\) and coalesce expressions`)
	operands        = regexp.MustCompile(`^invalid operation: (\S+) (\S+) (\S+)$`)
)

// goTypes are the types of Go in messages of expr, and what a person calls them.
var goTypes = strings.NewReplacer(
	"map[string]interface {}", "map", "map[string]any", "map", "[]interface {}", "list", "[]any", "list", "[]string", "list",
	"interface {}", "any value", "float64", "number", "<nil>", "nil", "[]int", "list",
)

// goType returns one such type.
func goType(name string) string {
	switch name {
	case "string":
		return "text"
	case "int", "float64", "uint8":
		return "number"
	}
	return goTypes.Replace(name)
}

// inOurWords returns a message of expr as wfpsync says it.
func inOurWords(message string) (text, hint string) {
	switch {
	case message == "unexpected token EOF" || message == "unexpected end of expression":
		return "the expression ends too early", ""
	case message == "memory budget exceeded":
		return tooMuch.message, tooMuch.hint
	case strings.HasPrefix(message, "compilation failed: expression exceeds"):
		return "the expression has too many parts", ""
	}
	if m := unexpectedToken.FindStringSubmatch(message); m != nil {
		hint := ""
		if m[1] == `"="` {
			hint = "to compare two values, write =="
		}
		return "unexpected " + m[1], hint
	}
	if m := wrongType.FindStringSubmatch(message); m != nil {
		return "this needs " + withArticle(goType(m[2])) + ", not " + withArticle(goType(m[1])), ""
	}
	if m := wrongArgument.FindStringSubmatch(message); m != nil {
		return "`" + m[3] + "` takes " + withArticle(goType(m[2])) + ", not " + withArticle(goType(m[1])), ""
	}
	if m := wrongKey.FindStringSubmatch(message); m != nil {
		return withArticle(goType(m[1])) + " names no member of " + withArticle(goType(m[2])), ""
	}
	if m := noNumber.FindStringSubmatch(message); m != nil {
		return "`" + m[1] + "` cannot make a number of " + shorten(m[2]), ""
	}
	if m := mixedDefault.FindStringSubmatch(message); m != nil {
		return "`" + m[1] + "` and `??` need parentheses", "write (a ?? b) " + m[1] + " c, or a ?? (b " + m[1] + " c)"
	}
	if strings.HasPrefix(message, "reflect") || strings.HasPrefix(message, "runtime error") {
		return "this does not work on the values it is given", ""
	}
	if m := mismatched.FindStringSubmatch(message); m != nil {
		return "`" + m[1] + "` does not work on " + typesIn(m[2]), conversionHint(m[2])
	}
	if m := operands.FindStringSubmatch(message); m != nil {
		return "`" + m[2] + "` does not work on " + goType(m[1]) + " and " + goType(m[3]), conversionHint(m[1] + " and " + m[3])
	}
	return goTypes.Replace(message), ""
}

// typesIn returns the types in a message, separated by "and".
func typesIn(list string) string {
	names := strings.Split(list, " and ")
	for i := range names {
		names[i] = goType(names[i])
	}
	return strings.Join(names, " and ")
}

// conversionHint returns for the commonest mistake, a number among texts.
func conversionHint(list string) string {
	named := typesIn(list)
	if named == "text and number" || named == "number and text" {
		return "turn a number into text with string(…), or text into a number with float(…)"
	}
	return ""
}
