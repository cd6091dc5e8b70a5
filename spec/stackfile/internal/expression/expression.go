// Package expression evaluates the ${…} in a stack file's strings.
//
// An expression is written in the language of github.com/expr-lang/expr, over
// the names that its [Scope] declares. Text that is one whole ${…} takes the
// value with its type; in a longer text the value is written out. `$${` stands
// for a literal `${`. Everything is case-sensitive.
//
//	customer.name, tiers[0]      a member; one that is missing is an error
//	customer?.plan               nil when there is none
//	customer.plan ?? "free"      a default for a member that is missing or nil
//	"eu" in customer.regions     whether a list has an item, or a map a key
//	a ? b : c, and or not == <   as usual; also + - * / % **, matches,
//	                             contains, startsWith, endsWith
//	id[0:8]                      part of text, in characters, or of a list
//	map(list, upper(#))          # is the item; .name is a member of it
//	list | filter(.on) | len()   the same, as a pipe
//	let x = …; …                 a name for a value
//
// The functions, all of them pure: the same file means the same everywhere and
// on every day, which is why there is no now().
//
//	text      lower upper trim trimPrefix trimSuffix hasPrefix hasSuffix
//	          replace split join string
//	names     upper_snake(text)  "ACME-eu.1" is "ACME_EU_1"
//	          dns_label(text)    lowercase; what a host name cannot have is a
//	                             dash, none at the ends; at most 63 characters
//	          sha8(text)         the first 8 hex digits of its SHA-256
//	encoding  json(value) fromJSON toBase64 fromBase64
//	numbers   int float abs ceil floor round min max sum mean median
//	lists     len first last take reverse sort sortBy uniq concat flatten
//	          map filter find findIndex findLast findLastIndex count reduce
//	          groupBy all any none one
//	maps      keys values, in the order of the keys
//	any       len type
//
// Numbers are float64 throughout, as in JSON. An evaluation has a budget of
// work and memory, so that a hostile file costs no more than a long one.
package expression

import (
	"fmt"
	"slices"
	"strings"
)

// Scope is the names that an expression may use.
type Scope []string

// Members are what names of a scope are known to have, whatever their value: a
// misspelt member of theirs is found before there is one.
type Members map[string][]string

// check returns what is wrong with a member that a name does not have.
func (m Members) check(name, key string) *fault {
	known, limited := m[name]
	if !limited || slices.Contains(known, key) {
		return nil
	}
	return &fault{fmt.Sprintf("`%s` has no %q", name, key), didYouMean(key, known, "its members are "+listed(known))}
}

// Error is a fault in a template. Offset and Length are its place in the
// template's text, in characters.
type Error struct {
	Message, Hint  string
	Offset, Length int

	// Unclosed says that the text ends before the expression does.
	Unclosed bool
}

// Template is text with expressions, compiled. It may be used by several
// goroutines at a time.
type Template struct {
	parts []part
	tail  string // what follows the last expression
}

// part is an expression and the text before it. It is a chain or, when it says
// more than one, a program.
type part struct {
	before  string
	source  source
	chain   *chain
	program *program
}

// Compile reads text. The Template is nil, without an error, for text that
// stands for itself.
func Compile(text string, scope Scope) (*Template, *Error) { return CompileKnowing(text, scope, nil) }

// CompileKnowing returns [Compile] where some names are known to have certain
// members and no others.
func CompileKnowing(text string, scope Scope, members Members) (*Template, *Error) {
	if !strings.Contains(text, "${") {
		return nil, nil
	}
	parts, tail, err := split(text)
	if err != nil {
		return nil, err
	}
	t := &Template{parts: parts, tail: tail}
	for i := range t.parts {
		p := &t.parts[i]
		if p.chain = parseChain(p.source, scope); p.chain != nil {
			if err := p.chain.check(members); err != nil {
				return nil, err
			}
			continue
		}
		if p.program, err = compile(p.source, scope, members); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Eval returns the template's value: a string, or any JSON value for a template
// that is one whole expression. The values are JSON values as encoding/json
// decodes them; the result may share parts with them, and must not be changed.
func (t *Template) Eval(values map[string]any) (any, *Error) {
	var work *budget // shared by the template's programs
	if len(t.parts) == 1 && t.parts[0].before == "" && t.tail == "" {
		return t.parts[0].eval(values, &work)
	}
	var room [128]byte // most names and values fit, which saves an allocation
	text := room[:0]
	for i := range t.parts {
		p := &t.parts[i]
		value, err := p.eval(values, &work)
		if err != nil {
			return nil, err
		}
		text = append(text, p.before...)
		if text, err = p.appendText(text, value); err != nil {
			return nil, err
		}
	}
	return string(append(text, t.tail...)), nil
}

func (p *part) eval(values map[string]any, work **budget) (any, *Error) {
	if p.chain != nil {
		return p.chain.eval(values)
	}
	if *work == nil {
		*work = &budget{left: maxWork}
	}
	return p.program.eval(values, *work)
}

// isSingle reports whether a map is an item of a list of single values, which
// have no fields of their own.
func isSingle(of map[string]any) bool {
	_, ok := of["value"]
	return ok && len(of) == 1
}

// appendText writes a value into the text around it.
func (p *part) appendText(text []byte, value any) ([]byte, *Error) {
	text, ok := appendScalar(text, value)
	if ok {
		return text, nil
	}
	written := p.source.short()
	if value == nil {
		if p.chain == nil { // `??` binds tighter than most of what it may hold
			written = "(" + written + ")"
		}
		return nil, p.source.error("`"+p.source.short()+"` is nil, which has no text", "give it a default: ${"+written+" ?? \"…\"}")
	}
	hint := "use it as a whole value, or write it out: ${json(" + written + ")}"
	if kindOf(value) == "list" {
		hint = "use it as a whole value, or join it: ${join(" + written + ", \",\")}"
	}
	if of, ok := value.(map[string]any); ok && p.chain != nil && isSingle(of) {
		hint = "what it holds is its value: ${" + written + ".value}"
	}
	return nil, p.source.error("`"+written+"` is "+aKindOf(value)+"; it cannot be part of text", hint)
}
